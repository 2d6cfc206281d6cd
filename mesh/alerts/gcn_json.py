"""JSON after GCN's unified schema (nasa-gcn/gcn-schema 7): known missions by their ids, all others as they come."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.alerts.errors import NotUsable
from mesh.alerts.instants import utc
from mesh.alerts.message import Message, content_of_json
from mesh.alerts.sky_map import TakenMap, take_base64
from mesh.alerts.systems.chime import without_dispersion
from mesh.alerts.systems.icecube import ident_of
from mesh.alerts.values import alias, circle, event_key, number, numbers, stream_name, text, truth, whole
from mesh.contracts.notice import MapReference, Messenger, Notice, NoticeKind

_KINDS = {
    "initial": NoticeKind.INITIAL,
    "subsequent": NoticeKind.UPDATE,
    "update": NoticeKind.UPDATE,
    "retraction": NoticeKind.RETRACTION,
}
_STREAMS = {"einstein-probe": "ep", "chime-frb": "chime"}
_BY_INSTRUMENT = {"eclairs": "svom", "grm": "svom", "wxt": "ep", "fxt": "ep", "gbm": "fermi", "lat": "fermi"}
_BY_INSTRUMENT |= {"bat": "swift", "bat-guano": "swift", "ic86": "icecube", "wfm": "svom"}
_FRB_STREAMS = frozenset({"chime", "dsa110"})
_NOT_OF_THE_SKY = {"test": "its tense is test", "injection": "its tense is injection"}
_NOT_HAPPENED = frozenset({"planned", "commanded"})
_DETAILS = ("dm", "nu_energy", "pipeline", "subtype", "duration_class", "importance", "rate_duration", "image_duration")


def read_gcn_json(value: Mapping[str, Any]) -> Message:
    """Read a notice.

    Raises:
        NoticeRefused: see `mesh.alerts.errors`.
    """
    remarks: list[str] = []
    stream, report = _stream(value), _is_report(value)
    key = _key(value, stream, report)
    serial = whole(value.get("record_number"))
    kind = _kind(value, serial, report, remarks)
    issued = _optional(value.get("alert_datetime"), "when it was made is not known", remarks)
    trigger, trigger_time = _time(value, kind, remarks)
    search_time, odd = without_dispersion(value.get("trigger_time"), value.get("trigger_time_inf_freq"))
    position, no_position = circle(
        value.get("ra"),
        value.get("dec"),
        value.get("ra_dec_error"),
        containment=_or(number(value.get("containment_probability")), 0.9),
        systematic=truth(value.get("systematic_included")),
    )
    taken = take_base64(value["healpix_file"]) if value.get("healpix_file") else TakenMap(None)
    kept = {taken.reference.sha256: taken.content} if taken.reference is not None else {}
    url = text(value.get("healpix_url"), 500)
    tense = text(value.get("alert_tense"), 32).lower()
    name = f"{serial}-{kind.value}" if serial is not None else f"{issued or 'undated'}-{kind.value}"
    notice = Notice(
        format="gcn-json",
        stream=stream,
        event_key=key,
        ident=f"{key}-{name}",
        label=name,
        kind=kind,
        messenger=_messenger(value, stream),
        serial=serial,
        issued=issued,
        role=tense,
        test=tense in _NOT_OF_THE_SKY,
        why_test=_NOT_OF_THE_SKY.get(tense, ""),
        aliases=_aliases(value),
        related=_related(value),
        trigger_time=trigger_time,
        trigger=trigger,
        time_error=_error(value.get("trigger_time_error")),
        search_time=search_time,
        position=position,
        map=taken.reference or (MapReference(url=url) if url else None),
        far=number(value.get("far")),
        snr=_or(number(value.get("snr")), _or(number(value.get("image_snr")), number(value.get("rate_snr")))),
        classification=_classes(value),
        properties=numbers(value.get("properties")),
        details=_details(value),
        remarks=(*remarks, *odd, *no_position, *([taken.remark] if taken.remark else [])),
    )
    without = {name: one for name, one in value.items() if name != "healpix_file"}
    return Message(notice, content_of_json(without, kept), kept)


def _stream(value: Mapping[str, Any]) -> str:
    """Return whose notice it is: by mission, else by the path of its schema, else by instrument."""
    instrument = text(value.get("instrument"), 32).lower()
    mission = stream_name(value["mission"]) if text(value.get("mission")) else ""
    if not mission:
        path = text(value.get("$schema"), 300).partition("/gcn/notices/")[2]
        mission = stream_name(path.partition("/")[0]) if path else _BY_INSTRUMENT.get(instrument, "")
    if mission == "fermi":
        return "fermi-lat" if instrument == "lat" else "fermi-gbm"
    if not mission:
        return stream_name(instrument) if instrument else "unknown"
    return _STREAMS.get(mission, mission)


def _is_report(value: Mapping[str, Any]) -> bool:
    """Say whether it tells of a search after somebody else's event."""
    return "lvk_nu_track_search" in str(value.get("$schema")) or (
        not _ids(value) and bool(value.get("ref_ID") or value.get("reference"))
    )


def _key(value: Mapping[str, Any], stream: str, report: bool) -> str:
    ids = _ids(value)
    if stream == "icecube" and ids and "_" in ids[0]:
        run, _, event = ids[0].partition("_")
        return event_key(stream, ident_of(run, event))
    if not ids and report:
        schema = text(value.get("$schema"), 300).rpartition("/")[2].partition(".")[0]
        return event_key(f"{stream}-{stream_name(schema or 'report')}", value.get("ref_ID"))
    names = _texts(value.get("event_name"))
    return event_key(stream, ids[0] if ids else names[0].replace(" ", "") if names else None)


def _kind(value: Mapping[str, Any], serial: int | None, report: bool, remarks: list[str]) -> NoticeKind:
    if report or text(value.get("alert_tense")).lower() in _NOT_HAPPENED:
        return NoticeKind.REPORT
    word = text(value.get("alert_type"), 32).lower()
    if word and word not in _KINDS:
        remarks.append(f"the type of alert {word!r} is not known: taken as an update")
    absent = NoticeKind.UPDATE if word or (serial or 0) > 1 else NoticeKind.INITIAL
    return _KINDS.get(word, absent)


def _time(value: Mapping[str, Any], kind: NoticeKind, remarks: list[str]) -> tuple[bool, str | None]:
    """Return whether the time is that of the event, and the time."""
    if value.get("trigger_time") is not None:
        try:
            return True, utc(value["trigger_time"])
        except NotUsable as error:
            if kind in {NoticeKind.INITIAL, NoticeKind.UPDATE}:
                raise
            remarks.append(error.text)
    begun = _optional(value.get("observation_start"), "when it was observed is not known", remarks)
    if begun is None and kind is NoticeKind.INITIAL:
        raise NotUsable("the notice has no trigger_time")
    if begun is not None and kind is NoticeKind.INITIAL:
        remarks.append("the time is the start of the observation: no trigger_time is given")
    return kind is NoticeKind.INITIAL, begun


def _optional(value: Any, otherwise: str, remarks: list[str]) -> str | None:
    if value is None:
        return None
    try:
        return utc(value)
    except NotUsable as error:
        remarks.append(f"{otherwise}: {error.text}")
        return None


def _messenger(value: Mapping[str, Any], stream: str) -> Messenger:
    told = text(value.get("messenger")).lower()
    if told in {"gw", "neutrino"}:
        return Messenger.GW if told == "gw" else Messenger.NEUTRINO
    if stream in _FRB_STREAMS or "dm" in value:
        return Messenger.FRB
    if stream == "icecube":
        return Messenger.NEUTRINO
    return Messenger.GRB if stream.startswith(("fermi", "swift", "svom", "ep")) else Messenger.OTHER


def _related(value: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    reference = value.get("reference")
    for topic, name in reference.items() if isinstance(reference, Mapping) else ():
        if "lvk" in str(topic).lower():
            found += [f"lvk:{one}" for one in alias(text(name).partition("-")[0])]
    system, _, number_ = text(value.get("follow_up_event")).partition(" ")
    if number_:
        stream = {"fermi": "fermi-gbm"}.get(stream_name(system), stream_name(system))
        found += [f"{stream}:{one}" for one in alias(number_)]
    return tuple(found)


def _aliases(value: Mapping[str, Any]) -> tuple[str, ...]:
    names = [*_ids(value)[1:], *_texts(value.get("event_name"))]
    return tuple(dict.fromkeys(one for name in names for one in alias(name.replace(" ", ""))))


def _classes(value: Mapping[str, Any]) -> dict[str, float]:
    found = numbers(value.get("classification"))
    astrophysical = number(value.get("p_astro"))
    return found if astrophysical is None else {**found, "astrophysical": astrophysical}


def _details(value: Mapping[str, Any]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for name in ("instrument", *_DETAILS):
        one = value.get(name)
        read = number(one) if not isinstance(one, str) else text(one)
        if read is not None and read != "":
            found[name] = read
    return found


def _error(value: Any) -> float | None:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return max((abs(one) for one in map(number, value) if one is not None), default=None)
    return number(value)


def _ids(value: Mapping[str, Any]) -> list[str]:
    return _texts(value.get("id"))


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in map(text, several) if one]


def _or(first: float | None, second: float | None) -> Any:
    return first if first is not None else second
