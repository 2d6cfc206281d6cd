"""The event stream of a job (Server-Sent Events)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from gateway.api.documents import PREFIX, brief_document, root
from gateway.auth.still_allowed import while_allowed
from gateway.calling import Identified
from gateway.open_streams import OpenStreams, come_back
from gateway.parts import Given
from gateway.problem import Problem
from gateway.stream import StreamEvent, follow

router = APIRouter(prefix=PREFIX, tags=["jobs"])

_DESCRIPTION = """\
Tells what happens to a job while it happens; a stream that broke is taken up with `Last-Event-ID`.

- `reset`: changes were missed that are not kept any more; the `units` that follow are the whole table;
- `units`: rows of the table that changed, `{"rows": [...]}`;
- `state`: the run went to another state, `{"state": ...}`;
- `job`: the job's record without its products, whenever it changed;
- `end`: the job has ended, `{"state": ...}`; the stream closes after it.

A fresh stream begins with the history of the job, change by change. With `table=true` it begins with the whole table
instead, and then brings the changed rows in bundles: what a display wants, and the right form for thousands of windows.
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
) -> EventSourceResponse:
    """Tell what happens to a job while it happens."""
    # An unknown job is answered with a problem, not with a stream.
    await asyncio.to_thread(parts.intake.look, job_id, identity.caller)
    whose = identity.key
    parts.streams.check(whose)
    changes = while_allowed(
        follow(parts.records, parts.bell, job_id, last_event_id, table=table), parts, identity, job_id
    )
    return EventSourceResponse(_write(parts.streams, whose, changes, root(request)), ping=15)


async def _write(
    streams: OpenStreams, whose: str, changes: AsyncIterator[StreamEvent], base: str
) -> AsyncIterator[ServerSentEvent]:
    with streams.counted(whose):
        yield come_back()
        async for change in changes:
            yield ServerSentEvent(json.dumps(_data(change, base)), event=change.event, id=change.position)


def _data(change: StreamEvent, base: str) -> dict[str, Any]:
    match change.event:
        case "units":
            return {"rows": [row.model_dump(mode="json") for row in change.rows]}
        case "reset":
            return {"reason": "changes were missed that are not kept any more: the whole table follows"}
        case "state":
            return {"state": change.state}
        case "job":
            return brief_document(base, change.view).model_dump(mode="json", exclude={"products"})
        case _:
            return {"state": change.view.state.value}
