"""The event stream of a job (Server-Sent Events)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from gateway.api.documents import PREFIX, brief_document, root
from gateway.auth.still_allowed import while_allowed
from gateway.calling import Identified
from gateway.open_streams import OpenStreams, come_back
from gateway.parts import Given
from gateway.problem import Problem
from gateway.stream import StreamEvent, follow
from mesh.contracts import UnitRow

router = APIRouter(prefix=PREFIX, tags=["jobs"])

COMPACT_COLUMNS = ("stage", "label", "state", "step", "seconds", "attempt", "failure", "warnings", "worker")
"""Of a row that is an array; what is left out at its end is null, or empty."""

_Told = tuple[str, StreamEvent, Any]
"""Name of an event, the change that it tells, and what is written of it; None: as `_data` says."""

_DESCRIPTION = """\
Tells what happens to a job while it happens; a stream that broke is taken up with `Last-Event-ID`.

- `reset`: changes were missed that are not kept any more; the `units` that follow are the whole table;
- `units`: rows of the table that changed, `{"rows": [...]}`;
- `state`: the run went to another state, `{"state": ...}`;
- `header`: with `form=compact`, before the first rows and whenever it changes: `{"stages": {stage: [step, ...]},
  "columns": [...]}`;
- `job`: the job's record without its products, whenever it changed;
- `end`: the job has ended, `{"state": ...}`; the stream closes after it.

A fresh stream begins with the history of the job, change by change. With `table=true` it begins with the whole table
instead, and then brings the changed rows in bundles: what a display wants, and the right form for thousands of windows.
With `form=compact` each row is an array in the order of the header's `columns`, a fifth as long: stage and step are
places in the header's lists, a step that is not told is null.
"""


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    description=_DESCRIPTION,
    responses={
        404: {"model": Problem, "description": "no such job"},
        429: {"model": Problem, "description": "too many streams are open"},
    },
)
async def events(
    job_id: str,
    request: Request,
    parts: Given,
    identity: Identified,
    last_event_id: Annotated[str | None, Header(description="id of the last event seen")] = None,
    *,
    table: Annotated[bool, Query(description="begin with the table instead of the history")] = False,
    form: Annotated[Literal["full", "compact"], Query(description="how rows are written")] = "full",
) -> EventSourceResponse:
    """Tell what happens to a job while it happens."""
    # An unknown job is answered with a problem, not with a stream.
    await asyncio.to_thread(parts.intake.look, job_id, identity.caller)
    whose = identity.key
    parts.streams.check(whose)
    changes = while_allowed(
        follow(parts.records, parts.bell, job_id, last_event_id, table=table), parts, identity, job_id
    )
    written = _compact(changes) if form == "compact" else _full(changes)
    return EventSourceResponse(_write(parts.streams, whose, written, root(request)), ping=15)


async def _write(
    streams: OpenStreams, whose: str, told: AsyncIterator[_Told], base: str
) -> AsyncIterator[ServerSentEvent]:
    with streams.counted(whose):
        yield come_back()
        async for event, change, data in told:
            written = json.dumps(_data(change, base) if data is None else data, separators=(",", ":"))
            yield ServerSentEvent(written, event=event, id=change.position if event != "header" else None)


async def _full(changes: AsyncIterator[StreamEvent]) -> AsyncIterator[_Told]:
    async for change in changes:
        rows = {"rows": [row.model_dump(mode="json") for row in change.rows]} if change.event == "units" else None
        yield change.event, change, rows


async def _compact(changes: AsyncIterator[StreamEvent]) -> AsyncIterator[_Told]:
    known: dict[str, tuple[str, ...]] | None = None
    async for change in changes:
        if change.event != "units":
            yield change.event, change, None
            continue
        if change.view.steps != known:
            known = change.view.steps
            yield "header", change, {"stages": known, "columns": COMPACT_COLUMNS}
        yield "units", change, {"rows": [_array(row, known) for row in change.rows]}


def _array(row: UnitRow, stages: dict[str, tuple[str, ...]]) -> list[Any]:
    steps = stages.get(row.stage, ())
    written: list[Any] = [
        list(stages).index(row.stage) if row.stage in stages else row.stage,
        row.label,
        row.state.value,
        steps.index(row.step) if row.step in steps else None,
        row.seconds,
        row.attempt,
        row.failure.text if row.failure else None,
        row.warnings,
        row.worker,
    ]
    while not written[-1]:
        # What is usual and stands at the end is left out: nothing failed, no warning.
        written.pop()
    return written


def _data(change: StreamEvent, base: str) -> dict[str, Any]:
    match change.event:
        case "reset":
            return {"reason": "changes were missed that are not kept any more: the whole table follows"}
        case "state":
            return {"state": change.state}
        case "job":
            return brief_document(base, change.view).model_dump(mode="json", exclude={"products"})
        case _:
            return {"state": change.view.state.value}
