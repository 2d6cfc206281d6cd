"""Reading alerts: receipts, events and what the mesh says of them; and what operators have done about an event."""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.alerts.documents import (
    EventDocument,
    EventLine,
    EventList,
    ReceiptDocument,
    event_document,
    receipt_document,
)
from gateway.alerts.posting import alerts_of
from gateway.api.documents import PREFIX, root
from gateway.api.fronted import note
from gateway.calling import Calling, Traced
from gateway.parts import Given, Parts
from gateway.problem import Problem
from mesh.clock import utc_now
from mesh.contracts.alert import AlertCommand, AlertEvent, Deed, Quarantined
from mesh.contracts.transient import TransientRecord
from mesh.errors import InvalidRequest, NotFound
from mesh.intake.alerts import AlertIntake
from mesh.intake.caller import check_operator
from mesh.parameters import shown

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_KEY = re.compile(r"[a-z0-9-]{1,80}:[A-Za-z0-9._+-]{1,97}")
_NAME = re.compile(r"[A-Za-z0-9._+-]{1,97}")
_RECEIPT = re.compile(r"[0-9a-f]{32}")
_PAGE = 100
_MOST_REPLAYED = 1000
_Document = TypeVar("_Document", bound=BaseModel)

router = APIRouter(prefix=PREFIX, tags=["alerts"], responses={404: {**_PROBLEM, "description": "no such thing"}})


class CommandWish(BaseModel):
    """Why an operator does it."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=500)
    version: int | None = Field(
        default=None, ge=1, description="of the record that is approved; absent: the newest one there is now"
    )


class ReplayWish(BaseModel):
    """What is to be taken up again: one receipt, one event, or all events whose notices came within a time."""

    model_config = ConfigDict(extra="forbid")

    receipt: str | None = Field(default=None, max_length=64)
    event: str | None = Field(default=None, max_length=200)
    t1: str | None = Field(default=None, max_length=64, description="UTC, ISO form")
    t2: str | None = Field(default=None, max_length=64)
    reason: str = Field(default="", max_length=500)


class Replayed(BaseModel):
    """What was taken up again."""

    events: tuple[str, ...]


@router.get("/alerts/receipts/{receipt_id}", response_model=ReceiptDocument)
def receipt(receipt_id: str, request: Request, response: Response, parts: Given) -> ReceiptDocument | Response:
    """Tell what became of a message."""
    if not _RECEIPT.fullmatch(receipt_id):
        raise NotFound(f"There is no receipt {shown(receipt_id)}: a receipt has 32 hexadecimal digits.")
    alerts = alerts_of(parts).alerts
    try:
        found = alerts.receipt(receipt_id)
    except NotFound:
        raise NotFound(f"There is no receipt {receipt_id}.") from None
    state = "taken-up" if alerts.has_receipt(found.notice.event_key, receipt_id) else "queued"
    return tagged(request, response, f"{receipt_id}-{state}", receipt_document(root(request), found, state))


@router.get("/alerts/events")
def events(
    *,
    request: Request,
    parts: Given,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 20,
    before: Annotated[str | None, Query(max_length=200, description="key of an event: only older ones")] = None,
) -> EventList:
    """List events, the one with the newest notice first."""
    base = root(request)
    lines = tuple(
        EventLine(**one, links={"self": f"{base}/alerts/events/{one['event_key']}"})
        for one in alerts_of(parts).index.newest(limit, before)
    )
    following = None
    if len(lines) == limit:
        query = request.url.include_query_params(before=lines[-1].event_key).query
        following = f"{base}/alerts/events?{query}"
    return EventList(events=lines, next=following)


@router.get("/alerts/events/{event}", response_model=EventDocument)
def event(event: str, request: Request, response: Response, parts: Given) -> EventDocument | Response:
    """Tell how an event stands and what was done about it; *event* is its key or another name of it."""
    found, tag = find_event(alerts_of(parts), event)
    return tagged(request, response, tag, event_document(root(request), found))


@router.get("/alerts/events/{event}/record", response_model=TransientRecord)
def newest_record(event: str, request: Request, response: Response, parts: Given) -> TransientRecord | Response:
    """Tell what the mesh says of an event now."""
    found, _ = find_event(alerts_of(parts), event)
    return _record(request, response, parts, found, found.version)


@router.get("/alerts/events/{event}/records/{version}", response_model=TransientRecord)
def record(
    *,
    event: str,
    version: Annotated[int, Path(ge=1, le=10**6)],
    request: Request,
    response: Response,
    parts: Given,
) -> TransientRecord | Response:
    """Tell what the mesh said of an event in one version of its record."""
    found, _ = find_event(alerts_of(parts), event)
    return _record(request, response, parts, found, version)


@router.get("/alerts/quarantine")
def quarantine(parts: Given, caller: Calling) -> list[Quarantined]:
    """List messages that could not be taken, and why; for operators."""
    check_operator(caller)
    return list(alerts_of(parts).alerts.quarantined())


@router.post("/alerts/events/{event}/{deed}", status_code=status.HTTP_202_ACCEPTED)
def command(
    *, event: str, deed: Deed, wish: CommandWish, parts: Given, caller: Calling, trace: Traced, request: Request
) -> EventDocument:
    """Replay, retract, approve, mute or unmute an event; for operators."""
    check_operator(caller)
    alerts = alerts_of(parts)
    found, _ = find_event(alerts, event)
    version = _approved_version(found, wish.version) if deed is Deed.APPROVE else 0
    _want(alerts, found.event_key, deed, caller.name, wish.reason, version=version)
    note(parts, caller, f"alert-{deed.value}", trace, about=found.event_key, detail=wish.reason)
    return event_document(root(request), found)


@router.post("/alerts/replay", status_code=status.HTTP_202_ACCEPTED)
def replay(*, wish: ReplayWish, parts: Given, caller: Calling, trace: Traced) -> Replayed:
    """Take up again what came before: of it only what failed or was lost is done once more; for operators."""
    check_operator(caller)
    alerts = alerts_of(parts)
    if sum([wish.receipt is not None, wish.event is not None, wish.t1 is not None]) != 1:
        raise InvalidRequest("Give one of receipt, event, or t1 with t2.", field="receipt")
    if wish.receipt is not None:
        if not _RECEIPT.fullmatch(wish.receipt):
            raise NotFound(f"There is no receipt {shown(wish.receipt)}.")
        found = alerts.alerts.receipt(wish.receipt)
        alerts.hand_over(found)
        keys = [found.notice.event_key]
    elif wish.event is not None:
        keys = [find_event(alerts, wish.event)[0].event_key]
    else:
        keys = _between(alerts, wish)
    for key in keys:
        _want(alerts, key, Deed.REPLAY, caller.name, wish.reason)
    note(parts, caller, "alert-replay", trace, about=keys[0] if len(keys) == 1 else "", detail=f"{len(keys)} events")
    return Replayed(events=tuple(keys))


def _want(alerts: AlertIntake, event_key: str, deed: Deed, caller: str, reason: str, *, version: int = 0) -> None:
    alerts.want(
        AlertCommand(
            command_id=uuid.uuid4().hex,
            event_key=event_key,
            deed=deed,
            caller=caller,
            at=utc_now(),
            reason=reason,
            version=version,
        )
    )


def _approved_version(event: AlertEvent, wanted: int | None) -> int:
    """Return the version of the record that is approved: who has read an older one is to read the newest one first."""
    if not event.version:
        raise InvalidRequest(f"There is no record of {event.event_key} yet: nothing can be approved.", field="version")
    if wanted not in {None, event.version}:
        text = (
            f"Record {wanted} of {event.event_key} is not the newest one: read record {event.version} and approve it."
        )
        raise InvalidRequest(text, field="version", allowed=str(event.version))
    return event.version


def _between(alerts: AlertIntake, wish: ReplayWish) -> list[str]:
    begin, end = read_instant(wish.t1, "t1"), read_instant(wish.t2, "t2")
    lines = alerts.index.newest(_MOST_REPLAYED)
    return [str(one["event_key"]) for one in lines if begin <= datetime.fromisoformat(one["received"]) <= end]


def read_instant(text: str | None, field: str) -> datetime:
    """Return a time that a caller wrote; without a zone it is UTC.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        raise InvalidRequest(f"{field} is no time: write UTC as YYYY-MM-DDThh:mm:ssZ.", field=field) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def find_event(alerts: AlertIntake, name: str) -> tuple[AlertEvent, str]:
    """Return an event by its key or another name of it, with a tag that changes with it.

    Raises:
        NotFound: there is none.
    """
    key: str | None = name if _KEY.fullmatch(name) else None
    if key is None and _NAME.fullmatch(name):
        key = alerts.index.key_of(name)
    if key is not None:
        try:
            return alerts.alerts.tagged_event(key)
        except NotFound:
            pass
    raise NotFound(f"There is no event {shown(name)}: name it by its key, e.g. lvk:S230518h, or by another name of it.")


def _record(
    request: Request, response: Response, parts: Parts, event: AlertEvent, version: int
) -> TransientRecord | Response:
    if not 1 <= version <= event.version:
        raise NotFound(f"{event.event_key} has no record {version}; it has {event.version or 'none'}.")
    found = alerts_of(parts).alerts.record(event.event_key, version)
    return tagged(request, response, f"{event.event_key}-{version}", found)


def tagged(request: Request, response: Response, tag: str, document: _Document) -> _Document | Response:
    """Return a document with its ETag, or, where the caller has it, that it has not changed."""
    written = f'"{tag}"'
    response.headers["ETag"] = written
    response.headers["Cache-Control"] = "private, no-cache"
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if written in known or "*" in known:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=dict(response.headers))
    return document
