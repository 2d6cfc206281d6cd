"""Follows one job to its end: its history or its whole table first, then every change; can be taken up anywhere."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from gateway.records import FollowedRecords
from gateway.wakeups import Bell
from mesh.contracts import JobView, UnitRow
from mesh.errors import EventsLost
from mesh.states import JobState, job_is_final

LOOK_SECONDS = 1.0
"""A stream looks at the record this often even if no event wakes it."""
_UNPLANNED_SECONDS = 0.1
"""Before a job is planned its table is not complete, and no event tells when it is."""
_SETTLE_SECONDS = 0.1
"""At most ten rounds a second and stream, however fast the units finish."""
_PAGE = 500
_POSITION = re.compile(r"^\d{1,20}-\d{1,20}$")
_START = "0"

_Entry = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """One thing to tell the caller; ``rows`` belongs to ``units`` only."""

    event: Literal["units", "state", "job", "end"]
    view: JobView
    position: str | None = None
    """Where to go on from after it; None where a stream cannot be taken up."""
    rows: tuple[UnitRow, ...] = ()
    state: str = ""


_Tell = Callable[[JobView, Iterable[_Entry]], Iterator[Change]]


async def follow(
    records: FollowedRecords, bell: Bell, job_id: str, last_position: str | None, *, table: bool = False
) -> AsyncIterator[Change]:
    """Yield the changes of a job until it has ended; the whole table again where changes are not kept any more.

    Args:
        records: where the job stands.
        bell: rings when its run changed.
        job_id: an existing job.
        last_position: what the caller has seen already; anything that is not a position starts afresh.
        table: begin with the whole table instead of the history, and tell changes in bundles. The history holds only
            the newest 20 000 changes or so; the table is always whole.

    Raises:
        NotFound, StoreUnavailable: as the records do.
    """
    position = last_position if last_position and _POSITION.match(last_position) else None
    tell = _bundle if table else _one_by_one
    told: JobView | None = None
    while True:
        view = await asyncio.to_thread(records.view, job_id)
        if view.run_id is None or view.state is JobState.PENDING:
            if view != told:
                yield Change("job", view)
                told = view
            if job_is_final(view.state):
                break
            await asyncio.sleep(_UNPLANNED_SECONDS)
            continue
        with bell.listen(view.run_id) as rung:
            # Listening comes first: what changes from here on rings.
            if position is None and table:
                position = await asyncio.to_thread(records.last_event, view.run_id)
                async for change in _table(records, view, position):
                    yield change
            view = await asyncio.to_thread(records.view, job_id)
            async for change in _news(records, view, position or _START, tell):
                position = change.position or position
                yield change
            if view != told:
                yield Change("job", view)
                told = view
            if job_is_final(view.state):
                break
            await asyncio.sleep(_SETTLE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), LOOK_SECONDS - _SETTLE_SECONDS)
    yield Change("end", view)


async def _news(records: FollowedRecords, view: JobView, position: str, tell: _Tell) -> AsyncIterator[Change]:
    """Yield what happened after a position, or the whole table where some of that is not kept any more."""
    more = True
    while more:
        try:
            entries = await asyncio.to_thread(records.events, view.run_id or "", position, _PAGE)
        except EventsLost:
            position = await asyncio.to_thread(records.last_event, view.run_id or "")
            async for change in _table(records, view, position):
                yield change
            return
        more = len(entries) == _PAGE
        for change in tell(view, entries):
            yield change
        if entries:
            position = entries[-1][0]


async def _table(records: FollowedRecords, view: JobView, position: str) -> AsyncIterator[Change]:
    offset, more = 0, True
    while more:
        rows = await asyncio.to_thread(records.rows, view.job_id, offset, _PAGE)
        offset += len(rows)
        more = len(rows) == _PAGE
        # Only the last page has the position: a stream that breaks before starts afresh.
        yield Change("units", view, None if more else position, rows=tuple(rows))


def _one_by_one(view: JobView, entries: Iterable[_Entry]) -> Iterator[Change]:
    for position, entry in entries:
        if entry["type"] == "unit":
            yield Change("units", view, position, rows=(UnitRow.read(entry["row"]),))
        else:
            yield Change("state", view, position, state=str(entry["state"]))


def _bundle(view: JobView, entries: Iterable[_Entry]) -> Iterator[Change]:
    """Yield the newest row of each unit, all at once."""
    rows: dict[tuple[str, str], UnitRow] = {}
    last = _START
    for position, entry in entries:
        last = position
        if entry["type"] == "unit":
            row = UnitRow.read(entry["row"])
            rows[row.stage, row.label] = row
    if rows:
        yield Change("units", view, last, rows=tuple(rows.values()))
