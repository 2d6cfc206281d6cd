"""Follows one job: the whole table first, then every change, up to its end; can be taken up where it broke off."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from gateway.records import JobRecords
from gateway.wakeups import Bell
from mesh.contracts import JobView, UnitRow
from mesh.states import job_is_final

LOOK_SECONDS = 1.0
"""A stream looks at the record this often even if no event wakes it."""
_UNPLANNED_SECONDS = 0.1
"""Before a job has a run, no event can name it."""
_SETTLE_SECONDS = 0.1
"""At most ten rounds a second and stream, however fast the units finish."""
_PAGE = 500
_POSITION = re.compile(r"^\d{1,20}-\d{1,20}$")
_START = "0"


@dataclass(frozen=True)
class Change:
    """One thing to tell the caller.

    ``position`` is where to go on from after it; ``rows`` belongs to ``units`` only.
    """

    event: Literal["units", "job", "end"]
    position: str
    view: JobView
    rows: tuple[UnitRow, ...] = ()


async def follow(records: JobRecords, bell: Bell, job_id: str, last_position: str | None) -> AsyncIterator[Change]:
    """Yield the changes of a job until it has ended.

    Args:
        records: where the job stands.
        bell: rings when its run changed.
        job_id: an existing job.
        last_position: what the caller has seen already; anything that is not a position starts afresh.

    Raises:
        NotFound, StoreUnavailable: as the records do.
    """
    position = last_position if last_position and _POSITION.match(last_position) else None
    told: JobView | None = None
    while True:
        view = await asyncio.to_thread(records.view, job_id)
        if view.run_id is None:
            if view != told:
                yield Change("job", position or _START, view)
                told = view
            if job_is_final(view.state):
                break
            await asyncio.sleep(_UNPLANNED_SECONDS)
            continue
        with bell.listen(view.run_id) as rung:
            # Listening comes first: what changes from here on rings.
            if position is None:
                position = await asyncio.to_thread(records.last_event, view.run_id)
                async for rows in _table(records, job_id):
                    yield Change("units", position, view, rows)
            view = await asyncio.to_thread(records.view, job_id)
            more = True
            while more:
                entries = await asyncio.to_thread(records.events, view.run_id or "", position, _PAGE)
                more = len(entries) == _PAGE
                if entries:
                    position = entries[-1][0]
                if rows := _latest(entry for _, entry in entries):
                    yield Change("units", position, view, rows)
            if view != told:
                yield Change("job", position, view)
                told = view
            if job_is_final(view.state):
                break
            await asyncio.sleep(_SETTLE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), LOOK_SECONDS - _SETTLE_SECONDS)
    yield Change("end", position or _START, view)


async def _table(records: JobRecords, job_id: str) -> AsyncIterator[tuple[UnitRow, ...]]:
    offset = 0
    while rows := await asyncio.to_thread(records.rows, job_id, offset, _PAGE):
        yield tuple(rows)
        offset += len(rows)
        if len(rows) < _PAGE:
            return


def _latest(entries: Iterable[Mapping[str, Any]]) -> tuple[UnitRow, ...]:
    """Return the newest row of each unit; entries that tell of the run itself only say "look again"."""
    rows: dict[tuple[str, str], UnitRow] = {}
    for entry in entries:
        if entry.get("type") == "unit":
            row = UnitRow.model_validate(entry["row"])
            rows[row.stage, row.label] = row
    return tuple(rows.values())
