"""Who gets which run, and what a run that is over takes no more."""

from collections.abc import Iterator

import redis

from mesh.contracts import Analysis, UnitRow
from mesh.states import JobState, UnitState
from mesh.store.jobs import Jobs
from mesh.store.objects import Objects
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob
from tests.integration.store.test_fan_in import NOW, STEPS, change, open_run, other


def waiting_rows(count: int) -> list[UnitRow]:
    return [UnitRow(key="", stage="window", label=f"w{number}", state=UnitState.WAITING) for number in range(count)]


def test_a_run_that_works_for_another_request_is_not_taken(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, others = Runs(index), other(analysis, "other")
    job = make_job()
    twin = job.model_copy(update={"request_key": others.key})
    assert runs.open(analysis, job, STEPS, NOW) == (job.job_id, True)

    opened = runs.open(others, twin, STEPS, NOW)

    assert opened is not None
    assert opened[0] != job.job_id, "its name is taken"
    third = make_job(user="innocent")
    assert runs.open(analysis, third, STEPS, NOW) == (job.job_id, False)
    assert runs.get(job.job_id).request_key == analysis.key
    fourth = make_job(user="another", of=others)
    assert runs.open(others, fourth, STEPS, NOW) == (opened[0], False)


def test_a_job_that_asks_for_something_else_by_now_gets_no_run(
    objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    Jobs(objects, index).submit(analysis, job)
    others = other(analysis, "other")
    assert Runs(index).open(others, job.model_copy(update={"request_key": others.key}), STEPS, NOW) is None
    assert Runs(index).open(analysis, job, STEPS, NOW) == (job.job_id, True)


def test_a_request_whose_pointer_is_wrong_is_not_joined(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, others = Runs(index), other(analysis, "other")
    runs.open(analysis, make_job(), STEPS, NOW)
    index.set(f"request:{others.key}", str(index.get(f"request:{analysis.key}")))
    job = make_job(of=others)
    assert runs.open(others, job, STEPS, NOW) == (job.job_id, True)


def test_a_job_is_entered_once(objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    jobs, runs, job = Jobs(objects, index), Runs(index), make_job()
    jobs.submit(analysis, job)
    runs.open(analysis, job, STEPS, NOW)
    jobs.enter(analysis, job)
    assert jobs.new(-1e9) == []
    runs.cancel(job.job_id, NOW)
    jobs.enter(analysis, job)
    assert index.scard("jobs:active:ada") == 0


def test_a_cancel_that_meets_planning_finds_every_row(
    index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    """The job is cancelled after the first bundle of rows: no row is written any more, and all that are there end."""
    runs, job = Runs(index), make_job()
    runs.open(analysis, job, STEPS, NOW)

    def cancelled_meanwhile() -> Iterator[UnitRow]:
        for number, row in enumerate(waiting_rows(600)):
            if number == 260:
                assert runs.cancel(job.job_id, NOW).what == "run"
                assert list(runs.drop_rows(job.job_id, NOW))[-1] == []
            yield row

    runs.lay_out(job.job_id, cancelled_meanwhile(), "sha256:1", "noop-1")

    written = runs.rows(job.job_id)
    assert len(written) == 250
    assert {row.state for row in written} == {UnitState.CANCELLED}
    assert runs.get(job.job_id).left == {"window": 0}
    runs.note(job.job_id, "late")
    runs.hold(job.job_id, ["k1"])
    runs.enqueue(job.job_id, "window", [], NOW)
    assert not {"note", "laid_out", "planned:window"} & set(index.hgetall(f"run:{job.job_id}"))
    everything = {name: index.ttl(name) for name in index.scan_iter(f"run:{job.job_id}*")}
    assert all(seconds > 0 for seconds in everything.values()), everything


def test_who_lays_out_beside_another_gives_way(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, job = Runs(index), make_job()
    runs.open(analysis, job, STEPS, NOW)
    rows = waiting_rows(600)

    def overtaken() -> Iterator[UnitRow]:
        for number, row in enumerate(rows):
            if number == 400:
                runs.lay_out(job.job_id, rows, "sha256:1", "noop-1")
            yield row

    assert runs.lay_out(job.job_id, overtaken(), "sha256:1", "noop-1") == 600

    assert [row.label for row in runs.rows(job.job_id)] == [row.label for row in rows]
    assert runs.get(job.job_id).left == {"window": 600}


def test_ends_at_planning_and_cancel_are_told(
    objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    runs, jobs = Runs(index), Jobs(objects, index)
    run_id = open_run(runs, analysis, make_job, ["k1", "k2"])
    merge = change("k9", UnitState.FAILED).model_copy(update={"stage": "merge", "label": "job"})
    runs.enqueue(run_id, "merge", [(merge, b"")], NOW)
    runs.cancel(run_id, NOW)
    list(runs.drop_rows(run_id, NOW))

    told = [entry["row"] for _, entry in jobs.events(run_id) if entry["type"] == "unit"]
    assert [(row["stage"], row["state"]) for row in told] == [
        ("merge", "failed"),
        ("window", "cancelled"),
        ("window", "cancelled"),
    ]
    assert runs.get(run_id).state is JobState.ABORTED
