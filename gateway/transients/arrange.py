"""From the record of an event, or its line in the index, to what the gallery shows of it; pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateway.transients.documents import (
    FileLink,
    LightCurveLink,
    LocalisationSummary,
    NoData,
    ShownAnalysis,
    ShownInstrument,
    TransientCard,
    TransientDocument,
)
from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord

_PICTURE = "preview.png"
_NOTHING = frozenset({"no-data", "not-asked"})
_OF_THE_SUMMARY = ("annulus", "combined", "distance_mpc", "orientation", "polar", "t0", "ijd")


def card_of(base: str, line: Mapping[str, Any]) -> TransientCard:
    """Return the card of an event; *base* is the path of the interface."""
    key, names = str(line["event_key"]), tuple(line.get("names", ()))
    links = _links(base, key)
    if line.get("picture"):
        links["picture"] = file_url(base, str(line["picture"]), _PICTURE)
    wanted = ("event_key", "state", "test", "trigger_time", "received", "version", "answer")
    return TransientCard(
        **{name: line[name] for name in wanted},
        name=name_of(key, names),
        names=names,
        kind=line["messenger"],
        simulated=line.get("simulated", False),
        association=line.get("association", ""),
        significant=line.get("significant"),
        area_90_deg2=line.get("area_90_deg2"),
        instruments=line.get("instruments", {}),
        links=links,
    )


def name_of(event_key: str, names: tuple[str, ...]) -> str:
    """Return the name of an event that people use."""
    return names[0] if names else event_key.partition(":")[2]


def transient_of(base: str, record: TransientRecord) -> TransientDocument:
    """Return all that there is to show of an event; *base* is the path of the interface."""
    key = record.event_key
    localising = tuple(_analysis(base, "localisation", one) for one in record.localisation)
    done = next((one for one in reversed(record.localisation) if one.state == "COMPLETED" and one.results), None)
    told = done.results if done else {}
    shared: tuple[str, ...] = (
        "event_key",
        "names",
        "related",
        "state",
        "why",
        "test",
        "why_test",
        "simulated",
        "trigger_time",
    )
    shared += ("search_time", "position", "map", "significant", "far", "classification", "properties", "coincidences")
    shared += ("version", "made", "answer", "association")
    parts = record.instruments
    return TransientDocument(
        **{name: getattr(record, name) for name in shared},
        name=name_of(key, record.names),
        kind=record.messenger,
        notices=record.versions,
        instruments=tuple(_instrument(base, one) for one in parts),
        no_data=tuple(
            NoData(instrument=one.instrument, title=one.title, reason=one.reason, text=one.text)
            for one in parts
            if one.status in _NOTHING
        ),
        light_curves=tuple(link for one in parts for link in _light_curves(base, key, one)),
        excesses=tuple(
            {"instrument": one.instrument, **row}
            for one in parts
            for analysis in one.analyses
            for row in analysis.results.get("excesses") or ()
        ),
        limits=tuple({"instrument": "spiacs", **row} for row in told.get("limits") or ()),
        localisation=_summary(base, done) if done else None,
        localising=localising,
        images=tuple(
            _analysis(base, one.instrument, analysis)
            for one in parts
            for analysis in one.analyses
            if analysis.product.endswith("_image")
        ),
        picture=next((one.picture for one in reversed(localising) if one.picture), None),
        links=_links(base, key),
    )


def light_curve_file(part: InstrumentRecord) -> tuple[str, str] | None:
    """Return key and name of the file with the light curve of an instrument; None while there is none."""
    for analysis in part.analyses:
        if analysis.product.endswith("_lc") and analysis.state == "COMPLETED":
            for product in analysis.products:
                for file in product.files:
                    if file.name.endswith((".fits", ".fits.gz")):
                        return product.key, file.name
    return None


def file_url(base: str, key: str, name: str) -> str:
    """Return the address of a file of a product."""
    return f"{base}/products/{key}/{quote(name)}"


def _light_curves(base: str, event_key: str, part: InstrumentRecord) -> list[LightCurveLink]:
    found = light_curve_file(part)
    if found is None:
        return []
    key, name = found
    pictured = any(
        file.name == _PICTURE
        for analysis in part.analyses
        for product in analysis.products
        if product.key == key
        for file in product.files
    )
    return [
        LightCurveLink(
            instrument=part.instrument,
            title=part.title,
            series=f"{base}/transients/{event_key}/light-curves/{part.instrument}",
            fits=file_url(base, key, name),
            picture=file_url(base, key, _PICTURE) if pictured else None,
        )
    ]


def _instrument(base: str, part: InstrumentRecord) -> ShownInstrument:
    named = ("instrument", "title", "status", "reason", "text", "simulated", "operated", "windows")
    analyses = tuple(_analysis(base, part.instrument, one) for one in part.analyses)
    return ShownInstrument(**{name: getattr(part, name) for name in named}, analyses=analyses)


def _analysis(base: str, instrument: str, one: Analysis) -> ShownAnalysis:
    files = _files(base, one)
    return ShownAnalysis(
        instrument=instrument,
        product=one.product,
        state=one.state,
        text=one.text,
        results=one.results,
        job=f"{base}/jobs/{one.job_id}" if one.job_id else None,
        picture=next((file.url for file in reversed(files) if file.name == _PICTURE), None),
        files=files,
    )


def _summary(base: str, done: Analysis) -> LocalisationSummary:
    told = done.results
    return LocalisationSummary(
        answer=str(told.get("answer", "")),
        source=told.get("source") or {},
        sky_map=told.get("sky_map") or {},
        spacecraft=told.get("spacecraft") or {},
        light_travel_s=told.get("light_travel_s") or {},
        coverage=tuple(told.get("coverage") or ()),
        files=_files(base, done),
        **{name: told.get(name) for name in _OF_THE_SUMMARY},
    )


def _files(base: str, one: Analysis) -> tuple[FileLink, ...]:
    return tuple(
        FileLink(name=file.name, media_type=file.media_type, url=file_url(base, product.key, file.name))
        for product in one.products
        for file in product.files
    )


def _links(base: str, event_key: str) -> dict[str, str]:
    event = f"{base}/alerts/events/{event_key}"
    return {"self": f"{base}/transients/{event_key}", "record": f"{event}/record", "event": event}
