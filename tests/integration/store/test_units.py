"""Units between the records and the workers, on a real Redis: none is lost, none comes back after its end."""

import json

import pytest
import redis

from mesh.contracts import Analysis, Failure, Lane, UnitRow
from mesh.states import FailureKind, UnitState
from mesh.store import names
from mesh.store.backlog import Backlog
from mesh.store.leases import Leases
from mesh.store.loads import Loads
from mesh.store.runs import Runs
from mesh.store.stock import StageUsage, Usage
from tests.integration.store.corner import MakeJob
from tests.integration.store.test_fan_in import NOW, STEPS, change, open_run, other, release

FAILED = Failure(kind=FailureKind.SCIENCE, reason="NoSource", text="nothing there")


def store_product(index: redis.Redis, key: str, run_id: str = "earlier") -> None:
    """Have the index know a product."""
    entry = {"key": key, "instrument": "noop", "stage": "window", "label": f"w{key}", "run_id": run_id}
    index.set(names.product_entry(key), json.dumps({**entry, "seconds": 1.0, "files": [], "warnings": []}))


def unit_message(key: str) -> bytes:
    return json.dumps({"key": key, "stage": "window", "label": f"w{key}"}).encode()


def test_a_unit_whose_product_is_there_ends_where_it_would_be_released(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, backlog = Runs(index), Backlog(index)
    first = open_run(runs, analysis, make_job, ["k1", "k2"])
    second = open_run(runs, other(analysis, "b"), make_job, ["k1"], user="bob")
    for key in ("k1", "k2"):
        index.hset(names.unit_record(key), "message", unit_message(key))
        store_product(index, key)

    answer = backlog.release("noop", ["user"], per_user=9, in_lane=9, most=9, now=NOW, claim="me")

    assert answer.units == []
    assert {(done.run_id, done.claimed) for done in answer.changes} == {(first, False), (first, True), (second, True)}
    for run_id in (first, second):
        assert {row.state for row in runs.rows(run_id, stages=["window"])} == {UnitState.CACHED}
        assert runs.get(run_id).complete == {"window"}
    assert not index.exists("unit:k1", "unit:k2", "units:watched", "window:noop:user")
    again = backlog.release("noop", ["user"], per_user=9, in_lane=9, most=9, now=NOW, claim="me")
    assert (again.units, again.changes) == ([], []), "whoever lost the answer needs nothing of it"


def test_the_end_of_an_earlier_asking_counts_no_more(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog, leases = Runs(index), Backlog(index), Leases(index)
    open_run(runs, analysis, make_job, ["k1"])
    (before,) = release(backlog, per_user=1, in_lane=9, most=9)
    assert leases.unit_wanted("k1", before.asking)
    late = change("k1", UnitState.FAILED, 1, failure=FAILED, asking=before.asking)
    runs.apply(late, 60, "me")
    assert not leases.unit_wanted("k1", before.asking), "copies of its message that the sweep made are dropped"
    assert not leases.unit_wanted("k1"), "also for a worker that does not know of askings"

    again = open_run(runs, other(analysis, "b"), make_job, ["k1"], user="bob")
    assert leases.unit_wanted("k1")
    assert not leases.unit_wanted("k1", before.asking)
    for state in (UnitState.FAILED, UnitState.CANCELLED, UnitState.RUNNING, UnitState.QUEUED):
        assert not runs.apply(change("k1", state, 9, attempt=3, failure=None, asking=before.asking), 60, "me")
    assert not runs.apply(late, 60, "me")
    assert runs.rows(again)[0].state is UnitState.QUEUED
    (now,) = release(backlog, per_user=1, in_lane=9, most=9)
    assert now.asking > before.asking
    assert leases.unit_wanted("k1", now.asking)
    assert runs.apply(change("k1", UnitState.DONE, 9, asking=before.asking), 60, "me"), "a product is for everybody"


def test_askings_of_the_same_moment_differ(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog, leases = Runs(index), Backlog(index), Leases(index)
    askings = []
    for number in range(5):
        run_id = open_run(runs, other(analysis, str(number)), make_job, ["k1"])
        (unit,) = release(backlog, per_user=1, in_lane=9, most=9)
        assert leases.unit_wanted("k1", unit.asking)
        askings.append(unit.asking)
        runs.cancel(run_id, NOW)
        list(runs.drop_rows(run_id, NOW))
        assert not leases.unit_wanted("k1", unit.asking)
    assert askings == sorted(set(askings))


def test_what_was_made_is_counted_and_charged_once(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog = Runs(index), Backlog(index)
    open_run(runs, analysis, make_job, ["k1", "k2", "k3"])
    release(backlog, per_user=9, in_lane=9, most=9)
    for _ in range(3):
        runs.apply(change("k1", UnitState.DONE, 1, seconds=5.0), 60, "me")
    runs.apply(change("k2", UnitState.CACHED, 1, seconds=500.0), 60, "me")
    runs.apply(change("k3", UnitState.FAILED, 1, failure=FAILED), 60, "me")

    assert Usage(index).stages() == [StageUsage("noop", "window", hits=0, made=1)]
    assert Loads(index).of("ada").spent_s == pytest.approx(5.0)


def test_a_run_moves_in_the_lanes_of_all_who_wait_for_it(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, backlog = Runs(index), Backlog(index)
    opened = runs.open(analysis, make_job(lane=Lane.BATCH), STEPS, NOW)
    assert opened is not None
    run_id = opened[0]
    alert = make_job(user="broker", lane=Lane.ALERT)
    assert runs.open(analysis, alert, STEPS, NOW) == (run_id, False), "it joins before there is anything to release"
    assert runs.get(run_id).lane is Lane.ALERT
    _plan(runs, run_id, ["k1", "k2", "k3"])

    assert [unit.user for unit in release(backlog, per_user=1, in_lane=1, most=1, lane="alert")] == ["broker"]
    assert [unit.user for unit in release(backlog, per_user=1, in_lane=1, most=1, lane="batch")] == ["ada"]

    runs.cancel(alert.job_id, NOW)
    assert runs.get(run_id).lane is Lane.BATCH
    assert not release(backlog, per_user=9, in_lane=9, most=9, lane="alert"), "who does not wait pays for nothing"
    assert len(release(backlog, per_user=9, in_lane=9, most=9, lane="batch")) == 1


def _plan(runs: Runs, run_id: str, keys: list[str]) -> None:
    rows = [UnitRow(key="", stage="window", label=f"w{key}", state=UnitState.WAITING) for key in keys]
    runs.lay_out(run_id, rows, "sha256:1", "noop-1")
    runs.enqueue(run_id, "window", [(change(key, UnitState.QUEUED), unit_message(key)) for key in keys], NOW)


def test_many_users_do_not_make_a_release_slow(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    """The server looks at as many users as it releases units, not at everybody for each unit."""
    runs, backlog = Runs(index), Backlog(index)
    for number in range(400):
        open_run(runs, other(analysis, str(number)), make_job, [f"k{number:03d}"], user=f"u{number:03d}")
    index.config_resetstat()
    released = release(backlog, per_user=4, in_lane=20, most=50)
    looks = index.info("commandstats")["cmdstat_scard"]["calls"]
    assert len(released) == 20
    assert looks <= 2 * 20 + 10
    assert len({unit.user for unit in released}) == 20
