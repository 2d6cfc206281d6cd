"""Records: the counters of active runs are those of their rows, and every active run moves."""

from collections.abc import Iterator

from mesh.audit.finding import Finding, Kind
from mesh.audit.records import Records, RunRecord
from mesh.states import UnitState, unit_is_final


def check_records(records: Records, patience: float) -> Iterator[Finding]:
    """Count again, and find what stands still.

    Args:
        records: from the index.
        patience: seconds after which work that does not move counts as stuck.
    """
    backlogs = {key for run in records.active.values() for key in run.backlog}
    for run_id, run in records.active.items():
        about = f"run {run_id}"
        for text in _miscounted(run):
            yield Finding(kind=Kind.CONTRADICTORY, about=about, text=text)
        yield from _misplaced(run_id, run, records, backlogs)
        silent = records.now - run.changed
        if silent > patience and not _moves(run, records):
            where = "not planned" if not run.laid_out else f"{len(run.open_keys)} units open"
            yield Finding(kind=Kind.STUCK, about=about, text=f"{run.state}, {where}; silent for {silent:.0f} s")
    for unit, known in records.released.items():
        if not known:
            text = "it counts as released and holds a place, but the index does not know it"
            yield Finding(kind=Kind.STUCK, about=f"unit {unit}", text=text)


def _moves(run: RunRecord, records: Records) -> bool:
    """Say whether a silent run has a reason to be: a unit in a container, or others before it in the backlog."""
    if any(key in records.at_work for key in run.open_keys):
        return True
    return bool(run.backlog) and bool(records.at_work)


def _misplaced(run_id: str, run: RunRecord, records: Records, backlogs: set[str]) -> Iterator[Finding]:
    """Find units that a row waits for and that nobody can bring on any more."""
    for row in run.rows:
        if not row.key or row.state not in (UnitState.QUEUED, UnitState.RUNNING):
            continue
        unit = records.units.get(row.key)
        if unit is None:
            text = f"run {run_id} waits for it, and the index does not know it"
        elif run_id not in unit.runs:
            text = f"run {run_id} waits for it, and is not among those that hear of it"
        elif not unit.released and row.key not in backlogs:
            text = f"run {run_id} waits for it, and it is neither released nor in a backlog"
        elif unit.released and not unit.watched:
            text = "it is released, and nobody looks after it"
        else:
            continue
        yield Finding(kind=Kind.LOST, about=f"unit {row.key}", text=text)


def _miscounted(run: RunRecord) -> Iterator[str]:
    if run.counts != run.recounted:
        yield f"it counts {dict(run.counts)}, its rows are {run.recounted}"
    left: dict[str, int] = {}
    for row in run.rows:
        if not unit_is_final(row.state):
            left[row.stage] = left.get(row.stage, 0) + 1
    if run.left != left:
        yield f"it counts {dict(run.left)} rows left, they are {left}"
