"""What the sweep makes good: lost messages, lost events, lost records, a broker that was away."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from mesh.contracts import Analysis
from mesh.states import JobState, UnitState, job_is_final
from mesh.store.claims import Claims
from mesh.store.runs import Runs
from services.dispatcher import metrics
from services.dispatcher.packing import Packing
from services.dispatcher.rebuild import Rebuild
from services.dispatcher.windows import WindowSource
from tests.broken_instrument import broken
from tests.integration.dispatcher.mesh_double import MeshDouble, usage
from tests.integration.store.corner import MakeJob

SweepNow = Callable[[], None]


@pytest.fixture
def sweep_now(mesh: MeshDouble) -> SweepNow:
    """Sweep as if the time to look after everything had come."""

    def sweep() -> None:
        mesh.index.delete("mesh:sweep")
        for key in mesh.index.zrange("units:watched", 0, -1):
            mesh.index.zadd("units:watched", {str(key): 0})
        mesh.dispatcher.sweep()

    return sweep


def test_redis_may_be_flushed_in_the_middle_of_a_run(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    finished = make_job()
    mesh.submit(analysis, finished)
    mesh.work()
    before = mesh.jobs.view(finished.job_id), mesh.jobs.rows(finished.job_id)
    other = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "other"}})
    aborted, running, joined = make_job(of=other), make_job(of=other), make_job(of=other, user="bob")
    mesh.submit(other, aborted)
    mesh.dispatcher.cancelled(aborted.job_id)
    mesh.submit(other, running)
    mesh.submit(other, joined)
    first, second = mesh.released()[-2:]
    mesh.execute(first)

    mesh.index.flushdb()

    assert mesh.jobs.view(running.job_id).state is JobState.PENDING, "shown from its documents meanwhile"
    mesh.announce()
    sweep_now()
    mesh.tell(second, UnitState.RUNNING)
    mesh.work()

    for job in (running, joined):
        view = mesh.jobs.view(job.job_id)
        assert view.state is JobState.COMPLETED
        assert view.counts[UnitState.DONE] == 3, "what was made before the loss was made for this run"
    assert mesh.jobs.view(aborted.job_id).state is JobState.ABORTED
    assert (mesh.jobs.view(finished.job_id), mesh.jobs.rows(finished.job_id)) == before
    listed = [view.job_id for view in mesh.jobs.recent()]
    assert listed == [job.job_id for job in (joined, running, aborted, finished)]
    assert [view.job_id for view in mesh.jobs.recent("bob")] == [joined.job_id]


def test_a_restarted_redis_is_looked_through(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    sweep_now()
    lost, kept = make_job(), make_job()
    mesh.jobs.submit(analysis, lost)
    mesh.submit(analysis, kept)
    # A server that is killed loses its last second.
    mesh.index.delete(f"job:{lost.job_id}")
    mesh.index.zrem("jobs:new", lost.job_id)
    mesh.index.set("mesh:generation", "an earlier one")
    assert mesh.products.mark_index_complete(mesh.products.begin_index())

    sweep_now()
    mesh.work()

    for job in (lost, kept):
        assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
    assert not mesh.products.index_is_complete(), "it may have lost products as well"


def test_a_lost_request_is_taken_up(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    sweep_now()
    job = make_job()
    mesh.jobs.submit(analysis, job)
    mesh.index.zadd("jobs:new", {job.job_id: 1.0})

    sweep_now()
    mesh.work()

    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
    assert mesh.jobs.new(0) == []


def test_a_lost_event_is_made_good_by_the_manifest(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    for unit in mesh.released():
        mesh.execute(unit, tell=False)

    sweep_now()
    (merge,) = mesh.released()
    mesh.execute(merge)

    view = mesh.jobs.view(job.job_id)
    assert view.state is JobState.COMPLETED
    assert view.counts[UnitState.DONE] == 3


def test_a_lost_unit_is_published_again_but_not_one_in_work(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    mesh.submit(analysis, make_job())
    lost, in_work = mesh.released()
    mesh.leases.take(in_work.key, "w1", 60)
    mesh.leases.beat("w1")

    sweep_now()
    assert [unit.key for unit in mesh.released()] == [lost.key]

    mesh.leases.retire("w1")
    sweep_now()
    assert {unit.key for unit in mesh.released()} == {lost.key, in_work.key}


def test_units_that_the_broker_refused_are_published_when_it_is_back(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    mesh.broker.away = True
    view = mesh.submit(analysis, make_job())
    assert view.state is JobState.QUEUED
    mesh.dispatcher.sweep()
    mesh.broker.away = False
    mesh.index.delete("mesh:sweep")

    mesh.dispatcher.sweep()
    mesh.work()

    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_a_dispatcher_that_died_with_the_claim_is_replaced(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    run_id = mesh.jobs.run_of(job.job_id)
    mesh.index.set(f"run:{run_id}:claim", "dead")
    for unit in mesh.released():
        mesh.execute(unit)
    assert not mesh.released()

    mesh.index.delete(f"run:{run_id}:claim")  # its lease runs out
    sweep_now()
    mesh.work()

    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED


def test_a_unit_that_failed_is_not_published_again(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    mesh.failures["201600270010"] = usage()
    mesh.submit(analysis, make_job())
    mesh.work()
    sweep_now()
    assert not mesh.released()


def other(analysis: Analysis, salt: str) -> Analysis:
    return analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": salt}})


def failures(kind: str) -> float:
    return float(metrics.SWEEP_FAILURES.labels(kind)._value.get())


def test_one_damaged_run_job_or_unit_does_not_stop_the_sweep(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    sweep_now()
    damaged = [make_job(of=other(analysis, f"damaged {number}")) for number in range(2)]
    whole = [make_job(of=other(analysis, f"whole {number}")) for number in range(4)]
    for number, job in enumerate(damaged):
        mesh.submit(other(analysis, f"damaged {number}"), job)
    for number, job in enumerate(whole):
        mesh.submit(other(analysis, f"whole {number}"), job)
    units = mesh.released()
    for unit in units:
        mesh.execute(unit, tell=False)
    # The documents of one run are lost, the manifest of a unit of the other is damaged.
    mesh.objects.put(f"requests/{damaged[0].request_key}.json", b"{}")
    spoilt = next(unit for unit in units if unit.run_id == mesh.jobs.run_of(damaged[1].job_id))
    mesh.objects.put(f"products/{spoilt.key[:2]}/{spoilt.key}/manifest.json", b"not JSON")
    lost = make_job(of=other(analysis, "lost"))
    mesh.jobs.submit(other(analysis, "lost"), lost)
    mesh.objects.put(f"jobs/{lost.job_id}.json", b"{}")
    mesh.index.zadd("jobs:new", {lost.job_id: 1.0})
    before = {kind: failures(kind) for kind in ("run", "job")}

    for _ in range(3):
        sweep_now()
        mesh.work()

    assert [mesh.jobs.view(job.job_id).state for job in whole] == [JobState.COMPLETED] * 4
    assert failures("run") > before["run"]
    assert failures("job") > before["job"]
    assert "the operator finds why" in mesh.jobs.view(damaged[0].job_id).waits


@pytest.mark.parametrize("field", ["lane", "opened"])
def test_a_damaged_record_hides_neither_other_runs_nor_their_age(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow, field: str
) -> None:
    sweep_now()
    damaged, old = (make_job(of=other(analysis, name)) for name in ("damaged", "old"))
    for job, name in ((damaged, "damaged"), (old, "old")):
        mesh.submit(other(analysis, name), job)
    mesh.index.hset(f"run:{mesh.jobs.run_of(damaged.job_id)}", field, "damaged")
    mesh.index.hset(f"run:{mesh.jobs.run_of(old.job_id)}", "opened", "2020-01-01T00:00:00.000Z")
    completed = metrics.SWEPT._value.get()

    sweep_now()

    assert metrics.SWEPT._value.get() > completed
    assert metrics.OLDEST.labels(old.lane.value)._value.get() > 86_400


def test_records_that_are_lost_again_while_they_are_rebuilt_are_rebuilt_again(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_now()
    job = make_job()
    mesh.submit(analysis, job)
    mesh.released()
    mesh.index.flushdb()
    mesh.announce()
    real, flushes = Rebuild.rebuild, iter([True, True, False])

    def rebuild(self: Rebuild) -> None:
        real(self)
        if next(flushes):
            mesh.index.flushdb()
            mesh.announce()

    monkeypatch.setattr(Rebuild, "rebuild", rebuild)
    sweep_now()
    mesh.work()

    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
    assert [view.job_id for view in mesh.jobs.recent()] == [job.job_id]


class Died(BaseException):
    """The process ends here: nothing of it runs any more."""


def test_a_run_that_costs_one_dispatcher_after_another_is_parked_and_can_be_resumed(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly, harmless = make_job(of=other(analysis, "deadly")), make_job(of=other(analysis, "harmless"))
    claims, planned = Claims(mesh.index), []

    def die(*arguments: object) -> None:
        planned.append(arguments)
        raise Died

    with monkeypatch.context() as killed:
        killed.setattr(WindowSource, "find", die)
        killed.setattr(Claims, "give_back", lambda *_: None)  # a process that is killed gives nothing back
        with pytest.raises(Died):
            mesh.submit(other(analysis, "deadly"), deadly)
        while not claims.parked():
            mesh.index.delete(f"run:{deadly.job_id}:claim")  # it lapses
            mesh.dispatcher = mesh.new_dispatcher(f"dispatcher {len(planned)}")
            with suppress(Died):
                sweep_now()

    assert len(planned) == 4
    view = mesh.jobs.view(deadly.job_id)
    assert view.state is JobState.PENDING
    assert f"odamesh runs resume {deadly.job_id}" in view.waits
    assert list(claims.parked()) == [deadly.job_id]
    mesh.submit(other(analysis, "harmless"), harmless)
    sweep_now()
    mesh.work()
    assert mesh.jobs.view(harmless.job_id).state is JobState.COMPLETED

    mesh.index.delete(f"run:{deadly.job_id}:claim")
    assert claims.resume(deadly.job_id)
    assert not claims.resume(deadly.job_id)
    sweep_now()
    mesh.work()
    assert mesh.jobs.view(deadly.job_id).state is JobState.COMPLETED


def test_a_parked_run_can_be_cancelled(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    Claims(mesh.index).park(job.job_id, "parked: for this test")
    mesh.dispatcher.cancelled(job.job_id)
    sweep_now()
    assert mesh.jobs.view(job.job_id).state is JobState.ABORTED
    assert Claims(mesh.index).parked() == {}


def test_whoever_has_lost_its_claim_takes_no_further_step(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    real = Runs.lay_out

    def lay_out(self: Runs, run_id: str, *arguments: Any) -> int:
        written = real(self, run_id, *arguments)
        mesh.index.set(f"run:{run_id}:claim", "another's")
        mesh.dispatcher.keep_claims()
        return written

    monkeypatch.setattr(Runs, "lay_out", lay_out)
    mesh.submit(analysis, job)

    assert not mesh.released()
    assert mesh.index.get(f"run:{job.job_id}:claim") == "another's"


def test_jobs_of_an_instrument_with_a_mistake_wait_and_the_others_go_on(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow
) -> None:
    other = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "later"}})
    planned, unplanned = make_job(), make_job(of=other)
    mesh.submit(analysis, planned)
    with broken("noop"):
        assert mesh.submit(other, unplanned).state is JobState.PENDING
        mesh.work()
        sweep_now()
        view = mesh.jobs.view(planned.job_id)
        assert not job_is_final(view.state)
        assert "noop is not set up rightly" in view.waits
    sweep_now()
    mesh.dispatcher.submitted(unplanned)
    mesh.work()
    for job in (planned, unplanned):
        assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED


def test_who_is_overtaken_while_it_plans_a_stage_does_not_say_that_it_is_planned(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, sweep_now: SweepNow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    real = Packing.messages

    def messages(self: Packing, units: Any) -> Any:
        yield from real(self, units)
        mesh.index.flushdb()
        sweep_now()  # opens the run anew, and cannot lay it out: nobody has announced himself yet

    with monkeypatch.context() as flushed:
        flushed.setattr(Packing, "messages", messages)
        mesh.submit(analysis, job)
    mesh.announce()
    sweep_now()
    mesh.work()
    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
