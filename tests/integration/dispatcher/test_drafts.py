"""Drafts wait for their owner whatever happens to the index; a job goes when its time has come, ended or not."""

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, Job
from mesh.errors import Deleted
from mesh.states import JobState
from mesh.store import names
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob

_PAST, _FUTURE = "2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z"


@pytest.fixture
def draft(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> Job:
    job = make_job().model_copy(update={"draft": True})
    mesh.jobs.submit(analysis, job)
    return job


def test_a_draft_is_not_planned_until_it_is_started(mesh: MeshDouble, draft: Job) -> None:
    mesh.dispatcher.sweep()
    view = mesh.jobs.view(draft.job_id)
    assert (view.state, view.draft, view.run_id) == (JobState.PENDING, True, None)
    assert "draft" in view.waits
    assert mesh.jobs.new(-1) == []
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()

    mesh.dispatcher.submitted(mesh.jobs.start(draft.job_id))
    mesh.work()
    view = mesh.jobs.view(draft.job_id)
    assert (view.state, view.draft) == (JobState.COMPLETED, False)


def test_a_started_draft_whose_message_is_lost_is_found(mesh: MeshDouble, draft: Job) -> None:
    mesh.jobs.start(draft.job_id)
    assert mesh.jobs.new(-1) == [draft.job_id]


def test_a_draft_outlives_the_index(mesh: MeshDouble, draft: Job) -> None:
    mesh.index.flushdb()
    mesh.announce()
    mesh.dispatcher.sweep()
    view = mesh.jobs.view(draft.job_id)
    assert (view.state, view.draft) == (JobState.PENDING, True)
    assert [view.job_id for view in mesh.jobs.recent()] == [draft.job_id]
    assert mesh.released() == []
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_a_draft_can_be_cancelled_and_deleted(mesh: MeshDouble, draft: Job) -> None:
    mesh.dispatcher.cancelled(draft.job_id)
    assert mesh.jobs.view(draft.job_id).state is JobState.ABORTED
    mesh.dispatcher.deleted(draft.job_id)
    with pytest.raises(Deleted):
        mesh.jobs.view(draft.job_id)
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


@pytest.mark.parametrize("flushed", [False, True], ids=["indexed", "index lost"])
def test_a_job_goes_when_its_time_has_come(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, *, flushed: bool
) -> None:
    other = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "other"}})
    done = make_job().model_copy(update={"destroy_after": _PAST})
    running = make_job(of=other).model_copy(update={"destroy_after": _PAST})
    kept = make_job().model_copy(update={"destroy_after": _FUTURE})
    mesh.submit(analysis, done)
    mesh.work()
    mesh.submit(other, running)
    mesh.submit(analysis, kept)
    if flushed:
        mesh.index.flushdb()
        mesh.announce()

    mesh.dispatcher.expire()

    for job in (done, running):
        with pytest.raises(Deleted):
            mesh.jobs.view(job.job_id)
    assert mesh.jobs.view(kept.job_id).destroy_after == _FUTURE
    assert mesh.index.zrange(names.DESTROY, 0, -1) == [kept.job_id]
    if not flushed:
        assert audit(mesh.objects, mesh.index, pause=0).findings == ()
