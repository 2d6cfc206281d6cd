"""Every transition of units and jobs on a real Redis, from the one table: what it allows happens, nothing else does."""

from itertools import product

import pytest
import redis

from mesh.contracts import Analysis, RunResult, UnitRow
from mesh.states import JOB_TRANSITIONS, UNIT_TRANSITIONS, JobState, UnitState
from mesh.store import names
from mesh.store.row_change import RowChange
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob

STEPS: dict[str, tuple[str, ...]] = {"window": ("begin", "work")}
EARLIER, LATER = "2026-11-22T12:00:01.000Z", "2026-11-22T12:00:02.000Z"
KEY, LABEL = "k1", "w1"


def _change(state: UnitState, at: str, attempt: int) -> RowChange:
    return RowChange(key=KEY, stage="window", label=LABEL, state=state, attempt=attempt, at=at)


def _enqueue(runs: Runs, run_id: str, state: UnitState) -> None:
    """Plan the row: to the backlog, or failed at once; a product that is there makes it cached."""
    runs.enqueue(run_id, "window", [(_change(state, EARLIER, 1), b"{}")], EARLIER)


def _open(runs: Runs, analysis: Analysis, make_job: MakeJob) -> str:
    opened = runs.open(analysis, make_job(), STEPS, EARLIER)
    assert opened is not None
    runs.lay_out(
        opened[0], [UnitRow(key="", stage="window", label=LABEL, state=UnitState.WAITING)], "sha256:1", "noop-1"
    )
    return opened[0]


def _store_product(index: redis.Redis) -> None:
    """Have the index know a product that another run made."""
    entry = f'{{"key": "{KEY}", "instrument": "noop", "run_id": "earlier", "seconds": 1.0, "warnings": []}}'
    index.set(names.product_entry(KEY), entry)


def _bring_unit(runs: Runs, index: redis.Redis, run_id: str, state: UnitState) -> None:
    """Take the row from waiting to *state*."""
    if state is UnitState.WAITING:
        return
    _enqueue(runs, run_id, UnitState.QUEUED)
    match state:
        case UnitState.QUEUED:
            pass
        case UnitState.CANCELLED:
            _cancel(runs, run_id)
        case _:
            runs.apply(_change(state, EARLIER, 1), 60, "me")
    assert _unit_state(runs, run_id) is state


def _try_unit(runs: Runs, index: redis.Redis, run_id: str, before: UnitState, after: UnitState) -> None:
    """Do what would move the row on: cancel, plan, or tell a later event of a later attempt."""
    if after is UnitState.CANCELLED:
        _cancel(runs, run_id)
    elif before is UnitState.WAITING and after is UnitState.CACHED:
        _store_product(index)
        _enqueue(runs, run_id, UnitState.QUEUED)
    elif before is UnitState.WAITING and after in (UnitState.QUEUED, UnitState.FAILED):
        _enqueue(runs, run_id, after)
    else:
        runs.apply(_change(after, LATER, 2), 60, "me")


def _cancel(runs: Runs, run_id: str) -> None:
    if runs.cancel(run_id, LATER).what == "run":
        for _ in runs.drop_rows(run_id, LATER):
            pass


def _unit_state(runs: Runs, run_id: str) -> UnitState:
    [row] = runs.rows(run_id)
    return row.state


@pytest.mark.parametrize(("before", "after"), list(product(UnitState, UnitState)))
def test_unit(before: UnitState, after: UnitState, index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    run_id = _open(runs, analysis, make_job)
    _bring_unit(runs, index, run_id, before)
    _try_unit(runs, index, run_id, before, after)
    allowed = after is before or after in UNIT_TRANSITIONS[before]
    assert _unit_state(runs, run_id) is (after if allowed else before)
    counts = {name: int(number) for name, number in index.hgetall(f"run:{run_id}:counts").items()}
    assert {name: number for name, number in counts.items() if number} == {f"window/{_unit_state(runs, run_id)}": 1}


def _bring_job(runs: Runs, run_id: str, state: JobState) -> None:
    """Take the run, and so its job, to *state*."""
    match state:
        case JobState.PENDING:
            pass
        case JobState.QUEUED:
            _enqueue(runs, run_id, UnitState.QUEUED)
            runs.set_queued(run_id)
        case JobState.EXECUTING:
            _enqueue(runs, run_id, UnitState.QUEUED)
            runs.apply(_change(UnitState.RUNNING, LATER, 1), 60, "me")
        case JobState.COMPLETED | JobState.ERROR:
            runs.finish(_result(run_id, state))
        case JobState.ABORTED:
            _cancel(runs, run_id)


def _result(run_id: str, state: JobState) -> RunResult:
    return RunResult(
        run_id=run_id, request_key="r", state=state, started=None, finished=LATER, steps=STEPS, rows=(), products=()
    )


@pytest.mark.parametrize(("before", "after"), list(product(JobState, JobState)))
def test_job(before: JobState, after: JobState, index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    job = make_job()
    opened = runs.open(analysis, job, STEPS, EARLIER)
    assert opened is not None
    run_id = opened[0]
    runs.lay_out(run_id, [UnitRow(key="", stage="window", label=LABEL, state=UnitState.WAITING)], "sha256:1", "noop-1")
    _bring_job(runs, run_id, before)
    assert runs.get(run_id).state is before
    if after is JobState.PENDING:
        runs.open(analysis, job, STEPS, LATER)  # the message of the job comes again
    else:
        _bring_job(runs, run_id, after)
    allowed = after is before or after in JOB_TRANSITIONS[before]
    assert runs.get(run_id).state is (after if allowed else before)
