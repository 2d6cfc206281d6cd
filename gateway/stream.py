"""Follows one job to its end: its history or its whole table first, then every change; can be taken up anywhere."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from gateway.patience import ask
from gateway.records import FollowedRecords
from gateway.wakeups import Bell
from mesh.contracts import JobView, UnitRow
from mesh.errors import EventsLost
from mesh.states import JobState, job_is_final

LOOK_SECONDS = 1.0
"""A stream looks at the record this often even if no event wakes it."""
_UNPLANNED_SECONDS = 0.1
"""First look at a job that is not planned; each further one waits twice as long, unless its own run rings."""
_DRAFT_SECONDS = 10.0
_SETTLE_SECONDS = 0.1
"""At most ten rounds a second and stream, however fast the units finish."""
_PAGE = 500
_POSITION = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
_LARGEST = 2**64 - 1
_START = "0"

_Entry = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StreamEvent:
    """One thing to tell the caller; ``rows`` belongs to ``units`` only."""

    event: Literal["reset", "units", "state", "job", "end"]
    view: JobView
    position: str | None = None
    """Where to go on from after it; None where a stream cannot be taken up."""
    rows: tuple[UnitRow, ...] = ()
    state: str = ""


_Tell = Callable[[JobView, Iterable[_Entry]], Iterator[StreamEvent]]


async def follow(
    records: FollowedRecords, bell: Bell, job_id: str, last_position: str | None, *, table: bool = False
) -> AsyncIterator[StreamEvent]:
    """Yield the changes of a job until it has ended; the whole table again where changes are not kept any more.

    Args:
        records: where the job stands.
        bell: rings when its run changed.
        job_id: an existing job.
        last_position: what the caller has seen already; anything that is not a position starts afresh.
        table: begin with the whole table instead of the history, and tell changes in bundles. The history holds only
            the newest 20 000 changes or so; the table is always whole.

    Raises:
        NotFound: as the records do.
        StoreUnavailable: the store was away for longer than `gateway.patience.PATIENCE_SECONDS`.
    """
    position = _read_position(last_position)
    tell = _bundle if table else _one_by_one
    told: JobView | None = None
    pause = _UNPLANNED_SECONDS
    while True:
        with bell.listen(job_id) as planned:
            view = await ask(records.view, job_id)
            if view.run_id is None or view.state is JobState.PENDING:
                if view != told:
                    yield StreamEvent("job", view)
                    told = view
                if job_is_final(view.state):
                    break
                # The run that is opened for a job has its id; only one that others share does not ring.
                with suppress(TimeoutError):
                    await asyncio.wait_for(planned.wait(), _DRAFT_SECONDS if view.draft else pause)
                pause = min(2 * pause, LOOK_SECONDS)
                continue
        with bell.listen(view.run_id) as rung:
            # Listening comes first: what changes from here on rings.
            if position is None and table:
                position = await ask(records.last_event, view.run_id)
                async for change in _table(records, view, position):
                    yield change
            view = await ask(records.view, job_id)
            async for change in _news(records, view, position or _START, tell):
                position = change.position or position
                yield change
            if view != told:
                yield StreamEvent("job", view)
                told = view
            if job_is_final(view.state):
                break
            await asyncio.sleep(_SETTLE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), LOOK_SECONDS - _SETTLE_SECONDS)
    yield StreamEvent("end", view)


async def _news(records: FollowedRecords, view: JobView, position: str, tell: _Tell) -> AsyncIterator[StreamEvent]:
    """Yield what happened after a position, or the whole table where some of that is not kept any more."""
    more = True
    while more:
        try:
            entries = await ask(records.events, view.run_id or "", position, _PAGE)
        except EventsLost:
            position = await ask(records.last_event, view.run_id or "")
            yield StreamEvent("reset", view)
            async for change in _table(records, view, position):
                yield change
            return
        more = len(entries) == _PAGE
        for change in tell(view, entries):
            yield change
        if entries:
            position = entries[-1][0]


def _read_position(text: str | None) -> str | None:
    """Return a position in the stream of events; None for what cannot be one."""
    found = _POSITION.fullmatch(text or "")
    return text if found and all(int(part) <= _LARGEST for part in found.groups()) else None


async def _table(records: FollowedRecords, view: JobView, position: str) -> AsyncIterator[StreamEvent]:
    offset, more = 0, True
    while more:
        rows = await ask(records.rows, view.job_id, offset, _PAGE)
        offset += len(rows)
        more = len(rows) == _PAGE
        # Only the last page has the position: a stream that breaks before starts afresh.
        yield StreamEvent("units", view, None if more else position, rows=tuple(rows))


def _one_by_one(view: JobView, entries: Iterable[_Entry]) -> Iterator[StreamEvent]:
    for position, entry in entries:
        if entry["type"] == "unit":
            yield StreamEvent("units", view, position, rows=(UnitRow.read(entry["row"]),))
        else:
            yield StreamEvent("state", view, position, state=str(entry["state"]))


def _bundle(view: JobView, entries: Iterable[_Entry]) -> Iterator[StreamEvent]:
    """Yield the newest row of each unit, all at once."""
    rows: dict[tuple[str, str], UnitRow] = {}
    last = _START
    for position, entry in entries:
        last = position
        if entry["type"] == "unit":
            row = UnitRow.read(entry["row"])
            rows[row.stage, row.label] = row
    if rows:
        yield StreamEvent("units", view, last, rows=tuple(rows.values()))
