"""Ends of jobs: whatever dies or is away between the records and the documents, each end is written once."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, RunResult
from mesh.errors import Deleted, NotFound, StoreUnavailable
from mesh.states import JobState
from mesh.store import names
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob


def away(*_: Any, **__: Any) -> NoReturn:
    raise StoreUnavailable("StoreUnavailable", "away for a moment")


def sweep(mesh: MeshDouble) -> None:
    mesh.index.delete(names.SWEEP_LOCK)
    mesh.dispatcher.sweep()


def without_ends(mesh: MeshDouble, patched: pytest.MonkeyPatch) -> None:
    """Have the store refuse ends, and nothing else."""
    put: Callable[..., bool] = mesh.objects.put_new

    def put_new(name: str, *more: Any) -> bool:
        return away() if name.startswith(names.ENDS) else put(name, *more)

    patched.setattr(mesh.objects, "put_new", put_new)


def test_an_end_that_the_store_did_not_take_is_written_later(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_job(), make_job(user="bob")
    mesh.submit(analysis, first)
    mesh.submit(analysis, second)
    with monkeypatch.context() as patched:
        without_ends(mesh, patched)
        mesh.work()
        assert mesh.told()[-1] == (first.job_id, "COMPLETED"), "followers hear of it at once"
        assert not list(mesh.objects.list(names.ENDS))

    sweep(mesh)

    for job in (first, second):
        end = Requests(mesh.objects).end(job.job_id)
        assert (end.state, end.run_id) == (JobState.COMPLETED, first.job_id)
    assert mesh.index.hlen(names.ENDING_JOBS) == 0
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_an_end_whose_answer_was_lost_is_written_later(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, finish = make_job(), Runs.finish

    def lost(runs: Runs, result: RunResult) -> int:
        finish(runs, result)
        away()

    mesh.submit(analysis, job)
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "finish", lost)
        mesh.work()
    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED

    sweep(mesh)

    assert Requests(mesh.objects).end(job.job_id).state is JobState.COMPLETED


def test_the_end_of_a_cancelled_job_is_not_lost_either(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    with monkeypatch.context() as patched:
        without_ends(mesh, patched)
        with pytest.raises(StoreUnavailable):
            mesh.dispatcher.cancelled(job.job_id)

    sweep(mesh)

    assert Requests(mesh.objects).end(job.job_id).state is JobState.ABORTED


@pytest.mark.parametrize("noted", [True, False])
def test_a_job_whose_end_is_missing_can_be_deleted(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, noted: bool
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()
    if noted:  # the end was never written
        end = Requests(mesh.objects).end(job.job_id)
        mesh.index.hset(names.ENDING_JOBS, job.job_id, f'{{"state": "COMPLETED", "finished": "{end.finished}"}}')
    mesh.objects.delete(names.end_object(job.job_id))

    mesh.dispatcher.deleted(job.job_id)
    sweep(mesh)

    with pytest.raises(Deleted):
        mesh.jobs.view(job.job_id)
    assert Requests(mesh.objects).end(job.job_id).deleted
    with pytest.raises(NotFound):
        Requests(mesh.objects).job(job.job_id)


def test_a_tombstone_is_not_overwritten(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()
    end = Requests(mesh.objects).end(job.job_id)
    mesh.dispatcher.deleted(job.job_id)
    mesh.index.hset(names.ENDING_JOBS, job.job_id, f'{{"state": "COMPLETED", "finished": "{end.finished}"}}')

    sweep(mesh)

    assert Requests(mesh.objects).end(job.job_id).deleted
    with pytest.raises(Deleted):
        mesh.jobs.submit(analysis, job)


def test_a_deleted_job_whose_message_comes_late_is_not_taken_up(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()
    mesh.dispatcher.deleted(job.job_id)

    mesh.dispatcher.submitted(job)
    mesh.dispatcher.cancelled(job.job_id)

    assert mesh.index.hgetall(names.job_record(job.job_id)) == {"deleted": "1"}
    assert not mesh.index.exists(names.run_record(job.job_id, "claim"))
    assert Requests(mesh.objects).end(job.job_id).deleted


def test_a_message_that_comes_after_the_end_and_a_flush_starts_nothing(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.dispatcher.cancelled(job.job_id)
    mesh.index.flushdb()

    mesh.dispatcher.submitted(job)

    assert not mesh.index.smembers(names.ACTIVE_RUNS)
    assert mesh.jobs.view(job.job_id).state is JobState.ABORTED


def test_a_job_whose_records_lapsed_without_an_end_is_taken_up(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    """As it would stand after a week: the run is over, its end was never written, and the records have lapsed."""
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()
    mesh.objects.delete(names.end_object(job.job_id))
    for name in (*mesh.index.scan_iter(f"run:{job.job_id}*"), names.job_record(job.job_id)):
        mesh.index.delete(name)
    assert mesh.jobs.view(job.job_id).state is JobState.PENDING

    mesh.dispatcher.expire()

    assert Requests(mesh.objects).end(job.job_id).state is JobState.COMPLETED
    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_a_job_that_was_cancelled_keeps_its_end_although_its_run_completed(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = make_job(), make_job(user="bob")
    for job in (mine, theirs):
        mesh.submit(analysis, job)
    with monkeypatch.context() as patched:
        without_ends(mesh, patched)
        with pytest.raises(StoreUnavailable):
            mesh.dispatcher.cancelled(mine.job_id)
        mesh.work()
    mesh.index.delete(names.GENERATION)  # as after a restart of the server

    sweep(mesh)

    assert Requests(mesh.objects).end(mine.job_id).state is JobState.ABORTED
    assert Requests(mesh.objects).end(theirs.job_id).state is JobState.COMPLETED
