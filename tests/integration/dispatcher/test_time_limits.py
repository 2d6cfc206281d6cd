"""Jobs that may execute only so long; the double's units begin on a day that is long over."""

import pytest

from mesh.audit import audit
from mesh.clock import utc_now
from mesh.contracts import Analysis, Job
from mesh.states import JobState, UnitState
from mesh.store import names
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob

_HOUR_S, _CENTURY_S = 3600, 100 * 365 * 86_400


@pytest.fixture
def limited(make_job: MakeJob) -> Job:
    return make_job().model_copy(update={"execution_s": _HOUR_S})


def _sweep(mesh: MeshDouble) -> None:
    mesh.index.delete("mesh:sweep")
    mesh.dispatcher.sweep()


def _begin(mesh: MeshDouble, analysis: Analysis, job: Job) -> None:
    """Submit a job of which one unit begins."""
    mesh.submit(analysis, job)
    mesh.tell(mesh.released()[0], UnitState.RUNNING, step="begin")
    assert mesh.jobs.view(job.job_id).state is JobState.EXECUTING


def test_a_job_over_its_limit_is_cancelled_and_says_why(mesh: MeshDouble, analysis: Analysis, limited: Job) -> None:
    _begin(mesh, analysis, limited)
    assert mesh.jobs.view(limited.job_id).execution_s == _HOUR_S
    _sweep(mesh)
    view = mesh.jobs.view(limited.job_id)
    assert (view.state, "after 3600 s" in view.end_reason) == (JobState.ABORTED, True)
    assert mesh.stopped()
    assert mesh.jobs.limited() == []
    mesh.index.flushdb()
    _sweep(mesh)
    assert mesh.jobs.view(limited.job_id).end_reason == view.end_reason
    mesh.index.delete(names.job_record(limited.job_id))
    assert mesh.jobs.view(limited.job_id).end_reason == view.end_reason
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


@pytest.mark.parametrize("state", ["waits", "within", "unlimited later", "cancelled"])
def test_others_are_left_alone(mesh: MeshDouble, analysis: Analysis, limited: Job, state: str) -> None:
    if state == "waits":
        mesh.submit(analysis, limited)
    else:
        _begin(mesh, analysis, limited)
    if state == "within":
        mesh.jobs.limit_execution(limited.job_id, _CENTURY_S)
    elif state == "unlimited later":
        mesh.jobs.limit_execution(limited.job_id, 0)
    elif state == "cancelled":
        mesh.dispatcher.cancelled(limited.job_id)
    before = mesh.jobs.view(limited.job_id)
    _sweep(mesh)
    assert mesh.jobs.view(limited.job_id) == before
    assert before.end_reason == ""
    assert mesh.jobs.limited() == ([limited.job_id] if state in {"waits", "within"} else [])


def test_a_limit_outlives_the_index(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    _begin(mesh, analysis, job)
    mesh.jobs.limit_execution(job.job_id, _HOUR_S)
    mesh.index.flushdb()
    mesh.announce()
    _sweep(mesh)
    assert mesh.jobs.limited() == [job.job_id]
    mesh.tell(mesh.released()[0], UnitState.RUNNING, step="begin")
    _sweep(mesh)
    assert mesh.jobs.view(job.job_id).state is JobState.ABORTED


def test_a_run_that_others_wait_for_goes_on(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    theirs, mine = make_job(user="bob"), make_job().model_copy(update={"execution_s": _HOUR_S})
    mesh.submit(analysis, mine)
    mesh.submit(analysis, theirs)
    units = mesh.released()
    mesh.tell(units[0], UnitState.RUNNING, step="begin")
    _sweep(mesh)
    for unit in units:
        mesh.execute(unit)
    mesh.work()
    assert mesh.jobs.view(mine.job_id).state is JobState.ABORTED
    assert mesh.jobs.view(theirs.job_id).state is JobState.COMPLETED


def test_who_joins_a_run_late_has_the_whole_time(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    _begin(mesh, analysis, make_job(user="bob"))
    late = make_job().model_copy(update={"execution_s": _HOUR_S, "submitted": utc_now()})
    mesh.submit(analysis, late)
    _sweep(mesh)
    assert mesh.jobs.view(late.job_id).state is JobState.EXECUTING


def test_a_job_that_is_gone_is_looked_at_no_more(mesh: MeshDouble, analysis: Analysis, limited: Job) -> None:
    mesh.submit(analysis, limited)
    mesh.dispatcher.deleted(limited.job_id)
    _sweep(mesh)
    assert mesh.jobs.limited() == []
