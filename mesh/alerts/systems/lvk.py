"""LIGO, Virgo and KAGRA as JSON and Avro, topic ``igwn.gwalert``: no serial number, and a retraction has an id alone.

Source: igwn-gwalert-schema 1.3.0. What it calls required is often missing in real messages, so little is required here.
"""

import re
from collections.abc import Mapping
from typing import Any

from mesh.alerts.errors import NotUsable
from mesh.alerts.instants import utc
from mesh.alerts.message import Message, content_of_json
from mesh.alerts.sky_map import TakenMap, take, take_base64
from mesh.alerts.values import event_key, number, numbers, text, truth
from mesh.contracts.notice import Coincidence, Messenger, Notice, NoticeKind

STREAM = "lvk"
_KINDS = {
    "earlywarning": NoticeKind.EARLY_WARNING,
    "preliminary": NoticeKind.PRELIMINARY,
    "initial": NoticeKind.INITIAL,
    "update": NoticeKind.UPDATE,
    "retraction": NoticeKind.RETRACTION,
}
_MOCK_SEARCHES = frozenset({"mdc", "injection"})
_USUAL_ID = re.compile(r"[TM]?S\d{6}[a-z]+|G\d{4,}")
_DETAILS = ("group", "pipeline", "search", "duration", "central_frequency")


def kind_of(word: Any) -> NoticeKind | None:
    """Return what a type of alert does; None for one that nobody knows."""
    return _KINDS.get(re.sub(r"[^a-z]", "", str(word).lower()))


def why_test(ident: str, search: str) -> str:
    """Return why an event is none of the sky; empty for a real one."""
    if ident[:1] in {"M", "T"}:
        return f"its name {ident} is that of a {'mock' if ident[0] == 'M' else 'test'} event"
    return f"its search is {search}" if search.lower() in _MOCK_SEARCHES else ""


def is_lvk(value: Mapping[str, Any]) -> bool:
    """Say whether a JSON object, or an Avro record, is one of their alerts."""
    return "superevent_id" in value or ("time_created" in value and "alert_type" in value)


def read_lvk(value: Mapping[str, Any], form: str) -> Message:
    """Read an alert.

    Args:
        value: as JSON or Avro give it.
        form: ``lvk-json`` or ``lvk-avro``.

    Raises:
        NoticeRefused: see `mesh.alerts.errors`.
    """
    ident, remarks = text(value.get("superevent_id")), []
    key = event_key(STREAM, ident)
    if not _USUAL_ID.fullmatch(ident):
        remarks.append(f"{ident} is no usual name of a superevent")
    kind = kind_of(value.get("alert_type"))
    if kind is None:
        kind = NoticeKind.UPDATE
        remarks.append(f"the type of alert {text(value.get('alert_type'), 32)!r} is not known: taken as an update")
    try:
        issued = utc(value.get("time_created"))
    except NotUsable as error:
        issued = None
        remarks.append(f"when it was made is not known: {error.text}")
    event = _object(value.get("event"))
    if not event and kind is not NoticeKind.RETRACTION:
        raise NotUsable(f"the alert {ident} has no event: only a retraction has none")
    joint = _object(value.get("external_coinc"))
    maps = [_map(event.get("skymap"), _object(value.get("urls")).get("skymap")), _map(joint.get("combined_skymap"), "")]
    remarks += [taken.remark for taken in maps if taken.remark]
    kept = {taken.reference.sha256: taken.content for taken in maps if taken.reference is not None}
    notice = Notice(
        format=form,
        stream=STREAM,
        event_key=key,
        ident=f"{ident}-{kind.value}-{issued or 'undated'}",
        label=f"{issued or 'undated'}-{kind.value}",
        kind=kind,
        messenger=Messenger.GW,
        issued=issued,
        test=bool(mock := why_test(ident, text(event.get("search")))),
        why_test=mock,
        trigger_time=_time(event, kind, remarks),
        map=maps[0].reference,
        combined_map=maps[1].reference,
        significant=truth(event.get("significant")),
        far=number(event.get("far")),
        classification=numbers(event.get("classification")),
        properties=numbers(event.get("properties")),
        coincidence=_coincidence(joint) if joint else None,
        details=_details(event, _object(value.get("urls"))),
        remarks=tuple(remarks),
    )
    return Message(notice, content_of_json(_without_maps(value), kept), kept)


def _time(event: Mapping[str, Any], kind: NoticeKind, remarks: list[str]) -> str | None:
    try:
        return utc(event.get("time"))
    except NotUsable as error:
        if kind is NoticeKind.RETRACTION:
            return None
        if kind is NoticeKind.UPDATE:
            remarks.append(error.text)
            return None
        raise


def _map(value: Any, url: Any) -> TakenMap:
    if value is None:
        return TakenMap(None)
    return take(value, text(url)) if isinstance(value, bytes) else take_base64(value, text(url))


def _coincidence(joint: Mapping[str, Any]) -> Coincidence:
    return Coincidence(
        observatory=text(joint.get("observatory")),
        notice_id=text(joint.get("gcn_notice_id")),
        search=text(joint.get("search")),
        time_difference=number(joint.get("time_difference")),
        far=number(joint.get("time_coincidence_far")),
    )


def _details(event: Mapping[str, Any], urls: Mapping[str, Any]) -> dict[str, str | float]:
    found: dict[str, str | float] = {}
    for name in _DETAILS:
        value = event.get(name)
        read = value if isinstance(value, str) else number(value)
        if read is not None:
            found[name] = text(read) if isinstance(read, str) else read
    detectors = event.get("instruments")
    if isinstance(detectors, (list, tuple)):
        found["instruments"] = ",".join(text(one, 8) for one in detectors[:16])
    if urls.get("gracedb"):
        found["eventpage"] = text(urls["gracedb"])
    return found


def _without_maps(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the alert without its maps, which count by their bytes: JSON has them as text, Avro as they are."""
    made = dict(value)
    for outer, inner in (("event", "skymap"), ("external_coinc", "combined_skymap")):
        if isinstance(made.get(outer), Mapping):
            made[outer] = {name: one for name, one in made[outer].items() if name != inner}
    return made


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
