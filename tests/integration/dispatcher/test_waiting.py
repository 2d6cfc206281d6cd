"""A job of which nothing runs says why: for its record, for the list and for whoever follows it."""

import pytest

from mesh.clock import utc_now
from mesh.contracts import Allowance, Allowances, Analysis
from mesh.errors import TransientFailure
from mesh.states import JobState, UnitState
from mesh.store.allowances import change_allowances
from services.dispatcher.progress import Progress
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.dispatcher.test_runs import select
from tests.integration.store.corner import MakeJob


def test_a_job_that_no_dispatcher_took_up(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job, later = make_job(), make_job()
    mesh.jobs.submit(analysis, job)
    assert mesh.jobs.view(job.job_id).waits == "not planned yet: no dispatcher has taken it up; is one running?"
    mesh.jobs.submit(analysis, later)
    assert "1 jobs that came earlier" in mesh.jobs.view(later.job_id).waits


def test_a_job_that_came_just_now_says_nothing(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job().model_copy(update={"submitted": utc_now()})
    mesh.jobs.submit(analysis, job)
    assert mesh.jobs.view(job.job_id).waits == ""


def test_a_planned_job_whose_service_is_gone(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.withdraw()
    waiting = mesh.jobs.view(view.job_id)
    assert waiting.waits == "no noop service is running; its units wait for one"
    assert [job.waits for job in mesh.jobs.recent()] == [waiting.waits]


def test_a_job_behind_others_until_one_of_its_units_runs(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    first = mesh.submit(analysis, make_job())
    assert (
        "wait for a free slot; at work or next in lane user: 2 units (2 of ada)" in mesh.jobs.view(first.job_id).waits
    )
    other = select(analysis, "201600300010")
    second = mesh.submit(other, make_job(user="bob", of=other))
    assert "wait for a free slot" in mesh.jobs.view(second.job_id).waits
    unit = mesh.released()[0]
    mesh.tell(unit, UnitState.RUNNING)
    assert mesh.jobs.view(first.job_id).waits == ""


def test_a_job_whose_user_has_spent_the_budget(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    change_allowances(mesh.objects, lambda _: Allowances(users={"ada": Allowance(budget_s=0.0)}))
    mesh.dispatcher.sweep()
    view = mesh.submit(analysis, make_job())
    assert mesh.jobs.view(view.job_id).waits == "ada has spent the budget of the day: units of others go first"


def test_a_run_that_cannot_go_on_after_its_first_stage_says_so(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = mesh.submit(analysis, make_job())

    def away(*_: object) -> None:
        raise TransientFailure("ArchiveUnavailable", "the archive does not answer")

    real = Progress._enqueue
    monkeypatch.setattr(Progress, "_enqueue", away)
    mesh.work()
    assert mesh.jobs.view(view.job_id).waits == "cannot go on yet: the archive does not answer"
    monkeypatch.setattr(Progress, "_enqueue", real)
    mesh.dispatcher.sweep()
    mesh.work()
    done = mesh.jobs.view(view.job_id)
    assert (done.state, done.waits) == (JobState.COMPLETED, "")
