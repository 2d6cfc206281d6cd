"""What a record tells of the reports of analyses: their results in short; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.contracts.view import StageProduct
from mesh.store.names import MANIFEST

_FILES = {"spi_acs_search": "spi_acs_search.json", "localisation": "localisation.json"}
_IMAGES = frozenset({"isgri_image", "jemx_image"})
_MOSAIC = "mosaic"
_SEARCH = ("completeness", "mean_rate", "background_is", "limits", "simulated")
_EXCESS = ("utc", "t_minus_t0_s", "scale_s", "snr", "counts", "fap_published", "fap_measured", "spike", "association")
_LOCALISATION: tuple[str, ...] = (
    "answer",
    "answers",
    "t0",
    "ijd",
    "source",
    "sky_map",
    "annulus",
    "combined",
    "distance_mpc",
    "spacecraft",
)
_LOCALISATION += ("light_travel_s", "orientation", "simulated")
_MOST_EXCESSES, _MOST_SOURCES = 5, 20
_IMAGERS = ("isgri", "jemx", "spi")
_WHEN = ("prompt", "follow_up")
_MOST_WINDOWS = 20


def report_file(product: str, made: StageProduct) -> str | None:
    """Return the name of the file of a stage's product that is the report of the whole; None where none is."""
    if product in _IMAGES:
        return MANIFEST if made.stage == _MOSAIC else None
    name = _FILES.get(product)
    return name if any(file.name == name for file in made.files) else None


def results_of(product: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return of the report of a product what a record tells."""
    if product in _IMAGES:
        return _image(report["summary"])
    return _localisation(report) if product == "localisation" else _search(report)


def _image(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an image shows: its sources, the most significant first."""
    rows = [
        {name: one.get(name) for name in ("name", "ra", "dec", "error_arcmin", "new")}
        | {"significance": max((band["significance"] or 0.0 for band in one["bands"]), default=0.0)}
        for one in summary.get("sources") or ()
    ]
    rows.sort(key=lambda row: -row["significance"])
    told = _named(summary, ("exposure_s", "scws", "simulated"))
    return told | {"sources": rows[:_MOST_SOURCES], "sources_total": len(rows)}


def _search(report: Mapping[str, Any]) -> dict[str, Any]:
    rows = report.get("excesses") or []
    told = _named(report, _SEARCH)
    return told | {"excesses": [{name: row.get(name) for name in _EXCESS} for row in rows[:_MOST_EXCESSES]]}


def _localisation(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the localisation summary: the report without what its file alone has room for."""
    instruments = report.get("instruments") or {}
    told = _named(report, _LOCALISATION)
    if told.get("answers"):
        # That no search was given is true of the job; why there is none of the event, its record tells.
        told["answer"] = "; ".join(told["answers"].values())
    told["coverage"] = [
        _coverage(name, when, instruments[name])
        for name in _IMAGERS
        for when in _WHEN
        if when in instruments.get(name, {})
    ]
    told["limits"] = list((instruments.get("spi_acs") or {}).get("limits") or ())
    if instruments.get("polar"):
        told["polar"] = instruments["polar"]
    return told


def _coverage(name: str, when: str, part: Mapping[str, Any]) -> dict[str, Any]:
    one = part[when]
    return {
        "instrument": name,
        "title": part.get("title", name),
        "when": when,
        **{field: one.get(field) for field in ("status", "reason", "probability", "windows_total")},
        "windows": _windows(one.get("windows") or ()),
    }


def _windows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the science windows that cover most of the map, in order of time."""
    found = [
        {
            "scw": row["scw"],
            "begin_utc": row["begin_utc"],
            "data": row["data"],
            "covered": row["probability"]["covered"],
        }
        for row in rows
    ]
    found.sort(key=lambda row: (-row["covered"], row["begin_utc"]))
    return sorted(found[:_MOST_WINDOWS], key=lambda row: str(row["begin_utc"]))


def _named(report: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    return {name: report[name] for name in wanted if report.get(name) is not None}
