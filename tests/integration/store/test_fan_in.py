"""The fan-in script on a real Redis: exactly one claim and right counters, whatever the order of events."""

import random

import pytest
import redis

from mesh.contracts import Analysis, Failure, UnitRow
from mesh.states import FailureKind, JobState, UnitState
from mesh.store import names
from mesh.store.backlog import Backlog, Released
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.objects import Objects
from mesh.store.row_change import RowChange
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob

NOW = "2026-11-22T12:00:00.000Z"
STEPS = {"window": ("begin", "work"), "merge": ("merge",)}


def open_run(runs: Runs, analysis: Analysis, make_job: MakeJob, keys: list[str], user: str = "ada") -> str:
    """Open a run with one window unit per key and a waiting merge."""
    opened = runs.open(analysis, make_job(user=user, of=analysis), STEPS, NOW)
    assert opened is not None
    run_id = opened[0]
    rows = [UnitRow(key="", stage="window", label=f"w{key}", state=UnitState.WAITING) for key in keys]
    rows.append(UnitRow(key="", stage="merge", label="job", state=UnitState.WAITING))
    runs.lay_out(run_id, rows, "sha256:1", "noop-1")
    runs.enqueue(run_id, "window", [(change(key, UnitState.QUEUED), b"{}") for key in keys], NOW)
    runs.set_queued(run_id)
    return run_id


def change(key: str, state: UnitState, at: int = 0, attempt: int = 1, **more: object) -> RowChange:
    fields = {"key": key, "stage": "window", "label": f"w{key}", "state": state, "attempt": attempt}
    return RowChange.model_validate({**fields, "at": f"2026-11-22T12:00:{at:02d}.000Z", **more})


def release(backlog: Backlog, *, per_user: int, in_lane: int, most: int, lane: str = "user") -> list[Released]:
    """Release units of the drill instrument whose products are not there."""
    found = backlog.release("noop", [lane], per_user=per_user, in_lane=in_lane, most=most, now=NOW, claim="me")
    assert not found.changes
    return found.units


def other(analysis: Analysis, salt: str) -> Analysis:
    return analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": salt}})


def test_shuffled_duplicated_events_give_one_claim(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    keys = [f"k{number:04d}" for number in range(1000)]
    run_id = open_run(runs, analysis, make_job, keys)
    events = []
    for number, key in enumerate(keys):
        end = UnitState.FAILED if number % 10 == 0 else UnitState.DONE
        events += [
            change(key, UnitState.RUNNING, 1),
            change(key, UnitState.RUNNING, 2, step="begin"),
            change(key, UnitState.RUNNING, 3, step="work"),
            change(key, end, 4, seconds=1.5),
            change(key, end, 4, seconds=1.5),
        ]
    random.Random(7).shuffle(events)  # noqa: S311 - a fixed order, not a secret

    claims = [done for event in events for done in runs.apply(event, 60, "me") if done.claimed]

    assert [claim.run_id for claim in claims] == [run_id]
    run = runs.get(run_id)
    assert run.left == {"window": 0, "merge": 1}
    assert run.complete == {"window"}
    rows = runs.rows(run_id, stages=["window"])
    assert [row.label for row in rows] == [f"w{key}" for key in keys]
    assert sum(row.state is UnitState.FAILED for row in rows) == 100
    assert sum(row.state is UnitState.DONE for row in rows) == 900
    counts = index.hgetall(f"run:{run_id}:counts")
    assert {name: int(count) for name, count in counts.items() if int(count)} == {
        "window/done": 900,
        "window/failed": 100,
        "merge/waiting": 1,
    }
    assert not index.exists("unit:k0000", "unit:k0000:runs")


def test_late_events_do_not_move_a_row_back(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    run_id = open_run(runs, analysis, make_job, ["k1", "k2"])
    failure = Failure(kind=FailureKind.TRANSIENT, reason="StoreUnavailable", text="down")

    runs.apply(change("k1", UnitState.RUNNING, 1, step="begin"), 60, "me")
    runs.apply(change("k1", UnitState.QUEUED, 2, attempt=2, failure=failure), 60, "me")
    assert not runs.apply(change("k1", UnitState.RUNNING, 3, step="work"), 60, "me")
    row = runs.rows(run_id)[0]
    assert (row.state, row.attempt, row.failure) == (UnitState.QUEUED, 2, failure)

    runs.apply(change("k1", UnitState.RUNNING, 5, attempt=2, step="work"), 60, "me")
    assert not runs.apply(change("k1", UnitState.RUNNING, 4, attempt=2, step="begin"), 60, "me")
    row = runs.rows(run_id)[0]
    assert (row.state, row.step, row.failure) == (UnitState.RUNNING, "work", None)

    assert not runs.apply(change("k1", UnitState.QUEUED, 6, attempt=2, failure=failure), 60, "me"), "it runs already"
    assert runs.rows(run_id)[0].state is UnitState.RUNNING

    runs.apply(change("k1", UnitState.DONE, 7, attempt=2, warnings=("hot pixel",)), 60, "me")
    row = runs.rows(run_id)[0]
    assert (row.state, row.step, row.warnings) == (UnitState.DONE, "work", ("hot pixel",))


def test_a_final_row_stays_even_where_its_unit_is_still_entered_for_the_run(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs = Runs(index)
    run_id = open_run(runs, analysis, make_job, ["k1", "k2"])
    runs.apply(change("k1", UnitState.DONE, 1), 60, "me")
    index.sadd(names.unit_record("k1", "runs"), run_id)  # as a record that comes back after a flush

    failure = Failure(kind=FailureKind.SCIENCE, reason="NoSource", text="late")
    assert not runs.apply(change("k1", UnitState.FAILED, 2, attempt=9, failure=failure), 60, "me")
    row = runs.rows(run_id)[0]
    assert (row.state, row.failure) == (UnitState.DONE, None)


def test_that_a_unit_runs_does_not_wipe_out_its_step(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    run_id = open_run(runs, analysis, make_job, ["k1"])

    runs.apply(change("k1", UnitState.RUNNING, 1, step="work"), 60, "me")
    runs.apply(change("k1", UnitState.RUNNING, 2), 60, "me")
    assert runs.rows(run_id)[0].step == "work"

    runs.apply(change("k1", UnitState.RUNNING, 3, attempt=2), 60, "me")
    assert runs.rows(run_id)[0].step is None


def test_an_event_moves_every_run_that_waits(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog = Runs(index), Backlog(index)
    first = open_run(runs, analysis, make_job, ["k1", "k2"])
    assert [unit.key for unit in release(backlog, per_user=1, in_lane=9, most=9)] == ["k1"]
    runs.apply(change("k1", UnitState.RUNNING, 1, step="begin"), 60, "me")

    second = open_run(runs, other(analysis, "b"), make_job, ["k1"], user="bob")

    assert second != first
    assert runs.rows(second)[0].step == "begin", "joins the unit as it stands"
    assert not release(backlog, per_user=1, in_lane=9, most=9), "nothing is released twice"
    changes = runs.apply(change("k1", UnitState.DONE, 2), 60, "me")
    assert {(done.run_id, done.state, done.claimed) for done in changes} == {
        (first, JobState.EXECUTING, False),
        (second, JobState.EXECUTING, True),
    }
    assert [unit.key for unit in release(backlog, per_user=1, in_lane=9, most=9)] == ["k2"]


def test_the_first_running_unit_makes_the_run_execute(
    index: redis.Redis, objects: Objects, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, jobs = Runs(index), Jobs(objects, index)
    run_id = open_run(runs, analysis, make_job, ["k1"])
    assert runs.get(run_id).state is JobState.QUEUED

    runs.apply(change("k1", UnitState.RUNNING, 1), 60, "me")

    run = runs.get(run_id)
    assert (run.state, run.started) == (JobState.EXECUTING, "2026-11-22T12:00:01.000Z")
    words = [content.get("state") or content["row"]["state"] for _, content in jobs.events(run_id)]
    assert words == ["PENDING", "QUEUED", "running", "EXECUTING"]


def test_cancel_leaves_what_others_want(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog, leases = Runs(index), Backlog(index), Leases(index)
    mine = open_run(runs, analysis, make_job, ["k1", "k2", "k3"])
    release(backlog, per_user=2, in_lane=9, most=9)
    theirs = open_run(runs, other(analysis, "b"), make_job, ["k2", "k3"], user="bob")

    assert runs.cancel(mine, NOW).what == "run"
    stopped = [key for keys in runs.drop_rows(mine, NOW) for key in keys]

    assert stopped == ["k1"]
    assert not leases.unit_wanted("k1")
    assert leases.unit_wanted("k2")
    assert {row.state for row in runs.rows(mine)} == {UnitState.CANCELLED}
    assert runs.get(mine).state is JobState.ABORTED
    assert not runs.apply(change("k1", UnitState.DONE, 9), 60, "me"), "a late event revives nothing"
    assert [unit.key for unit in release(backlog, per_user=9, in_lane=9, most=9)] == ["k3"]
    assert [row.state for row in runs.rows(theirs, stages=["window"])] == [UnitState.QUEUED] * 2


def test_a_cancelled_unit_that_is_wanted_again_works(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog, leases = Runs(index), Backlog(index), Leases(index)
    mine = open_run(runs, analysis, make_job, ["k1"])
    release(backlog, per_user=1, in_lane=9, most=9)
    runs.cancel(mine, NOW)
    assert [key for keys in runs.drop_rows(mine, NOW) for key in keys] == ["k1"]

    again = open_run(runs, analysis, make_job, ["k1"])
    assert again != mine
    assert leases.unit_wanted("k1")
    assert [unit.key for unit in release(backlog, per_user=1, in_lane=9, most=9)] == ["k1"]
    # The worker that was told to stop says so only now.
    runs.apply(change("k1", UnitState.CANCELLED, 5), 60, "me")

    assert runs.rows(again)[0].state is UnitState.QUEUED
    assert [unit.key for unit in release(backlog, per_user=1, in_lane=9, most=9)] == ["k1"]


def test_a_run_cancelled_while_it_is_laid_out_has_no_rows(
    index: redis.Redis, objects: Objects, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, job = Runs(index), make_job()
    Jobs(objects, index).submit(analysis, job)
    runs.open(analysis, job, STEPS, NOW)
    runs.cancel(job.job_id, NOW)
    assert list(runs.drop_rows(job.job_id, NOW)) == [[]]

    runs.lay_out(
        job.job_id, [UnitRow(key="", stage="window", label="w1", state=UnitState.WAITING)], "sha256:1", "noop-1"
    )

    assert runs.rows(job.job_id) == []
    view = Jobs(objects, index).view(job.job_id)
    assert view.state is JobState.ABORTED
    assert not any(view.counts.values())


def test_cancel_of_one_job_leaves_the_shared_run(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    run_id = open_run(runs, analysis, make_job, ["k1"])
    joined = make_job(user="bob")
    assert runs.open(analysis, joined, STEPS, NOW) == (run_id, False)

    assert runs.cancel(run_id, NOW) == (run_id, "job")
    assert runs.get(run_id).state is JobState.QUEUED
    assert runs.cancel(joined.job_id, NOW) == (run_id, "run")
    assert runs.get(run_id).state is JobState.ABORTED


def test_a_cancelled_job_is_not_taken_up(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs = Runs(index)
    job = make_job()
    assert runs.cancel(job.job_id, NOW) == (None, "job")
    assert runs.open(analysis, job, STEPS, NOW) is None


@pytest.mark.parametrize("weights", [{}, {"big": 3.0}])
def test_users_are_released_by_weight(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob, weights: dict[str, float]
) -> None:
    runs, backlog = Runs(index), Backlog(index)
    for user, weight in weights.items():
        index.hset("mesh:weights", user, str(weight))
    open_run(runs, analysis, make_job, [f"a{number:03d}" for number in range(100)], user="big")
    open_run(runs, other(analysis, "b"), make_job, [f"b{number:03d}" for number in range(10)], user="small")

    order = []
    for _ in range(16):
        (unit,) = release(backlog, per_user=4, in_lane=1, most=9)
        order.append(unit.user)
        runs.apply(change(unit.key, UnitState.DONE, 9), 60, "me")

    assert order.count("small") == (4 if weights else 8)


def test_the_window_of_a_user_and_of_the_lane(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog = Runs(index), Backlog(index)
    open_run(runs, analysis, make_job, [f"a{number}" for number in range(9)], user="big")
    open_run(runs, other(analysis, "b"), make_job, [f"b{number}" for number in range(9)], user="small")

    released = release(backlog, per_user=4, in_lane=6, most=99)

    assert [unit.user for unit in released].count("big") == 3
    assert len(released) == 6
    runs.apply(change("b0", UnitState.RUNNING, 1), 60, "me")
    assert not release(backlog, per_user=4, in_lane=6, most=99)
    runs.apply(change("b0", UnitState.FAILED, 2), 60, "me")
    assert len(release(backlog, per_user=4, in_lane=6, most=99)) == 1


def test_a_unit_on_the_retry_ladder_blocks_nobody(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog = Runs(index), Backlog(index)
    open_run(runs, analysis, make_job, [f"a{number:03d}" for number in range(100)], user="big")
    retried = 0
    while released := release(backlog, per_user=2, in_lane=2, most=99):
        for unit in released:
            runs.apply(change(unit.key, UnitState.RUNNING, 1), 60, "me")
            runs.apply(change(unit.key, UnitState.QUEUED, 2, attempt=2), 60, "me")
            retried += 1

    assert retried == 64 + 2, "an outage does not drive the whole backlog up the ladder"
    open_run(runs, other(analysis, "b"), make_job, ["b0"], user="small")
    assert [unit.key for unit in release(backlog, per_user=2, in_lane=2, most=99)] == ["b0"]
    runs.apply(change("a000", UnitState.DONE, 3, attempt=2), 60, "me")
    assert index.scard("units:retrying:noop:user:big") == 63
