"""Deletion and expiry of jobs on real stores: the handle goes, what others need and what was asked for stay."""

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis
from mesh.errors import Deleted, NotFound
from mesh.states import JobState, UnitState
from mesh.store import names
from mesh.store.deletion import Deletion
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from services.dispatcher.expiry import Expiry
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob


def expiry(mesh: MeshDouble, days: float) -> Expiry:
    return Expiry(
        requests=Requests(mesh.objects),
        runs=Runs(mesh.index),
        deletion=Deletion(mesh.objects, mesh.index),
        jobs=mesh.jobs,
        destroy=mesh.dispatcher.deleted,
        days=days,
    )


def assert_gone(mesh: MeshDouble, job_id: str, analysis: Analysis) -> None:
    with pytest.raises(Deleted) as error:
        mesh.jobs.view(job_id)
    assert error.value.request_key == analysis.key
    assert job_id not in {view.job_id for view in mesh.jobs.recent()}
    assert mesh.jobs.analysis(analysis.key) == analysis


def test_a_deleted_job_can_be_made_again(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    first = mesh.submit(analysis, make_job())
    other = mesh.submit(analysis, make_job(user="bob"))
    mesh.work()

    mesh.dispatcher.deleted(first.job_id)
    mesh.dispatcher.deleted(first.job_id)

    assert_gone(mesh, first.job_id, analysis)
    assert mesh.jobs.view(other.job_id).state is JobState.COMPLETED, "the run that both shared stays"
    again = mesh.submit(mesh.jobs.analysis(analysis.key), make_job())
    assert again.counts[UnitState.CACHED] == 3
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_a_job_is_cancelled_before_it_is_deleted(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    view = mesh.submit(analysis, job)
    units = mesh.released()

    mesh.dispatcher.deleted(view.job_id)

    assert mesh.stopped() == sorted(unit.key for unit in units)
    assert_gone(mesh, view.job_id, analysis)
    mesh.dispatcher.submitted(job)  # the message comes once more
    mesh.work()
    assert_gone(mesh, view.job_id, analysis)
    assert not Runs(mesh.index).active()
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_deleting_what_is_not_there_is_no_error(mesh: MeshDouble) -> None:
    mesh.dispatcher.deleted("0" * 32)
    with pytest.raises(NotFound):
        mesh.jobs.view("0" * 32)


def test_a_flush_does_not_bring_a_deleted_job_back(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    deleted, kept = mesh.submit(analysis, make_job()), mesh.submit(analysis, make_job())
    mesh.work()
    mesh.dispatcher.deleted(deleted.job_id)
    mesh.index.flushdb()
    mesh.announce()
    mesh.dispatcher.sweep()

    assert_gone(mesh, deleted.job_id, analysis)
    assert [view.job_id for view in mesh.jobs.recent()] == [kept.job_id]
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_only_what_ended_long_ago_expires(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = mesh.submit(analysis, make_job())
    mesh.work()
    running_analysis = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "more"}})
    running = mesh.submit(running_analysis, make_job(of=running_analysis))

    assert expiry(mesh, 0).look() == 0
    assert expiry(mesh, 1).look() == 0
    monkeypatch.setattr("services.dispatcher.expiry._MARGIN_SECONDS", 0.0)
    assert expiry(mesh, 1e-9).look() == 1

    assert_gone(mesh, ended.job_id, analysis)
    assert mesh.jobs.view(running.job_id).state is not JobState.COMPLETED
    assert not list(mesh.objects.list(names.run_object(ended.job_id)))
    assert expiry(mesh, 1e-9).look() == 0
    mesh.work()
    assert mesh.jobs.view(running.job_id).state is JobState.COMPLETED
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()
