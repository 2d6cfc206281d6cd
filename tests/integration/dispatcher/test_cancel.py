"""Cancel in every phase."""

from mesh.contracts import Analysis
from mesh.states import JobState, UnitState
from mesh.store.runs import Runs
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob


def test_before_it_is_planned(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.jobs.submit(analysis, job)

    mesh.dispatcher.cancelled(job.job_id)
    mesh.dispatcher.submitted(job)

    assert mesh.jobs.view(job.job_id).state is JobState.ABORTED
    assert not mesh.released()


def test_while_it_is_queued_and_running(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    first, second = mesh.released()
    mesh.tell(first, UnitState.RUNNING, step="begin")

    mesh.dispatcher.cancelled(job.job_id)

    view = mesh.jobs.view(job.job_id)
    assert view.state is JobState.ABORTED
    assert view.counts[UnitState.CANCELLED] == 3
    assert view.finished is not None
    assert mesh.stopped() == sorted([first.key, second.key])
    assert not mesh.leases.unit_wanted(first.key)
    assert mesh.told()[-1] == (job.job_id, "ABORTED")
    mesh.tell(first, UnitState.CANCELLED)
    mesh.execute(second)
    assert mesh.jobs.view(job.job_id) == view, "nothing revives it"


def test_in_the_merge(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    for unit in mesh.released():
        mesh.execute(unit)
    (merge,) = mesh.released()

    mesh.dispatcher.cancelled(job.job_id)

    view = mesh.jobs.view(job.job_id)
    assert view.counts[UnitState.DONE] == 2
    assert mesh.stopped() == [merge.key]


def test_after_its_end_changes_nothing(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()

    mesh.dispatcher.cancelled(job.job_id)

    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED


def test_leaves_the_run_to_the_other_caller(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mine, theirs = make_job(), make_job(user="bob")
    mesh.submit(analysis, mine)
    mesh.submit(analysis, theirs)

    mesh.dispatcher.cancelled(mine.job_id)
    mesh.work()

    assert mesh.jobs.view(mine.job_id).state is JobState.ABORTED
    assert mesh.jobs.view(theirs.job_id).state is JobState.COMPLETED
    assert not mesh.stopped()


def test_and_submitted_again_works(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.released()
    mesh.dispatcher.cancelled(job.job_id)

    again = mesh.submit(analysis, make_job())
    mesh.work()

    assert mesh.jobs.view(again.job_id).state is JobState.COMPLETED
    assert mesh.jobs.view(job.job_id).state is JobState.ABORTED


def test_a_crash_in_its_middle_is_made_good(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    units = mesh.released()
    Runs(mesh.index).cancel(job.job_id, "2026-11-22T12:00:09.000Z")

    mesh.dispatcher.cancelled(job.job_id)  # the broker delivers the message again

    assert mesh.jobs.view(job.job_id).counts[UnitState.CANCELLED] == 3
    assert mesh.stopped() == sorted(unit.key for unit in units)
