"""Logs of units: whole once they have ended, and as they grow (Server-Sent Events)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from gateway.api.documents import PREFIX
from gateway.auth.still_allowed import while_allowed
from gateway.calling import Identified
from gateway.follow_log import LogChange, follow_log
from gateway.open_streams import OpenStreams, come_back
from gateway.parts import Given, Parts
from gateway.problem import Problem
from mesh.contracts import JobView, UnitRow
from mesh.errors import NotFound

router = APIRouter(
    prefix=PREFIX, tags=["logs"], responses={404: {"model": Problem, "description": "no such job or unit, or no log"}}
)

_EVERY_ROW = 1_000_000
_DESCRIPTION = """\
Returns the log of one unit: of *stage*, or of the first stage that has the window; its version may be left out.

With `follow=true` the answer is an event stream that goes on until the unit has ended:

- `state`: the unit went to another state or step, `{"state": ..., "step": ..., "attempt": ...}`;
- `log`: more of the log, `{"text": ..., "left_out": bytes before it that are not told}`; a stream that broke is taken
  up with `Last-Event-ID`;
- `end`: the unit has ended, `{"state": ..., "failure": ...}`; the stream closes after it.
"""


@router.get(
    "/jobs/{job_id}/units/{label}/log",
    response_class=PlainTextResponse,
    description=_DESCRIPTION,
    responses={200: {"content": {"text/plain": {}, "text/event-stream": {}}}},
)
async def log(
    *,
    job_id: str,
    label: str,
    request: Request,
    parts: Given,
    identity: Identified,
    stage: str | None = None,
    follow: Annotated[bool, Query(description="go on until the unit has ended")] = False,
    last_event_id: Annotated[str | None, Header(description="id of the last event seen")] = None,
) -> Response:
    """Return the log of one unit, or follow it."""
    view = await asyncio.to_thread(parts.intake.look, job_id, identity.caller)
    if stage is not None:
        row = await asyncio.to_thread(parts.intake.row, view, stage, label)
    else:
        row = await asyncio.to_thread(_first_row, parts, view, label)
    if follow:
        whose = identity.key
        parts.streams.check(whose)
        changes = while_allowed(follow_log(parts, view, row, last_event_id), parts, identity, job_id)
        return EventSourceResponse(_write(parts.streams, whose, changes), ping=15)
    return await asyncio.to_thread(_whole, parts, row)


def _first_row(parts: Parts, view: JobView, label: str) -> UnitRow:
    """Return the row of a window in the first stage that has it; the version may be left out."""
    for stage in view.stages:
        try:
            return parts.intake.row(view, stage, label)
        except NotFound:
            continue
    for row in parts.intake.rows(view, 0, _EVERY_ROW):
        if row.label.startswith(f"{label}."):
            return row
    msg = f"Job {view.job_id} has no unit {label!r}: give a science window, e.g. 201600270010.001, or job."
    raise NotFound(msg)


def _whole(parts: Parts, row: UnitRow) -> Response:
    if not row.key and row.failure is not None:
        return PlainTextResponse(f"not run: {row.failure.reason}: {row.failure.text}\n")
    try:
        return PlainTextResponse(parts.products.log(row.key))
    except NotFound:
        msg = f"{row.stage} of {row.label} has no log yet: it is {row.state.value}."
        raise NotFound(msg) from None


async def _write(streams: OpenStreams, whose: str, changes: AsyncIterator[LogChange]) -> AsyncIterator[ServerSentEvent]:
    with streams.counted(whose):
        yield come_back()
        async for change in changes:
            yield ServerSentEvent(json.dumps(_data(change)), event=change.event, id=change.position)


def _data(change: LogChange) -> dict[str, Any]:
    row = change.row
    match change.event:
        case "log":
            return {"text": change.text, "left_out": change.left_out}
        case "state":
            return {"state": row.state.value, "step": row.step, "attempt": row.attempt}
        case _:
            return {"state": row.state.value, "failure": row.failure.model_dump(mode="json") if row.failure else None}
