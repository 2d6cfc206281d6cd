"""Jobs as the gateway sees them, on the real stores."""

import pytest
import redis

from mesh.contracts import Analysis, JobEnd, Lane, UnitRow
from mesh.errors import EventsLost, NotFound
from mesh.states import JobState, UnitState
from mesh.store.jobs import Jobs
from mesh.store.objects import Objects
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob


@pytest.fixture
def jobs(objects: Objects, index: redis.Redis) -> Jobs:
    return Jobs(objects, index)


@pytest.fixture(autouse=True)
def drills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODAMESH_DRILLS", "1")


def test_a_submitted_job_is_seen(jobs: Jobs, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job(lane=Lane.ALERT)
    jobs.submit(analysis, job)

    view = jobs.view(job.job_id)

    assert view.state is JobState.PENDING
    assert view.run_id is None
    assert (view.instrument, view.product, view.user, view.lane) == ("noop", "noop", "ada", Lane.ALERT)
    assert view.submitted == job.submitted
    assert view.request_key == analysis.key
    assert view.steps == {"window": ("begin", "work"), "merge": ("merge",)}
    assert view.counts == dict.fromkeys(UnitState, 0)
    assert jobs.rows(job.job_id) == []
    assert jobs.result(job.job_id) == []


def test_a_job_is_seen_without_the_index(jobs: Jobs, index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    jobs.submit(analysis, job)
    before = jobs.view(job.job_id)

    index.flushdb()

    assert jobs.view(job.job_id) == before
    assert jobs.rows(job.job_id) == []


def test_several_jobs_are_seen_at_once_and_stay_the_same_objects(
    jobs: Jobs, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    mine = [make_job() for _ in range(3)]
    for job in mine:
        jobs.submit(analysis, job)
    ids = [job.job_id for job in mine]

    found = jobs.views_of([*ids, "nobody"])

    assert list(found) == ids
    again = jobs.views_of(ids)
    assert all(again[job_id] is found[job_id] for job_id in ids)
    jobs.share(ids[0], shared=True)
    changed = jobs.views_of(ids)
    assert changed[ids[0]].shared
    assert changed[ids[1]] is found[ids[1]]
    index.flushdb()
    assert list(jobs.views_of(ids)) == ids


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    for look in (jobs.view, jobs.rows, jobs.result, jobs.run_of):
        with pytest.raises(NotFound, match="there is no job nobody"):
            look("nobody")


def test_a_position_whose_events_are_not_kept_is_refused(
    jobs: Jobs, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    jobs.submit(analysis, job)
    Runs(index).open(analysis, job, {}, job.submitted)
    stream = f"run:{job.job_id}:events"
    ids = [str(index.xadd(stream, {"type": "run", "state": "QUEUED"})) for _ in range(9)]
    assert len(jobs.events(job.job_id)) == 10

    index.xtrim(stream, maxlen=4, approximate=False)

    for lost in ("0", ids[0], ids[3]):
        with pytest.raises(EventsLost):
            jobs.events(job.job_id, lost)
    assert [entry for entry, _ in jobs.events(job.job_id, ids[5])] == ids[6:]
    assert jobs.events(job.job_id, ids[-1]) == []
    index.delete(stream)
    with pytest.raises(EventsLost):
        jobs.events(job.job_id, ids[-1])


def test_listings_by_page_and_user(jobs: Jobs, analysis: Analysis, make_job: MakeJob) -> None:
    made = [make_job(user=user) for user in ("ada", "bob", "ada", "ada")]
    for job in made:
        jobs.submit(analysis, job)
    ids = [job.job_id for job in reversed(made)]

    assert [view.job_id for view in jobs.recent()] == ids
    assert [view.job_id for view in jobs.recent(limit=2)] == ids[:2]
    assert [view.job_id for view in jobs.recent(limit=2, before=ids[1])] == ids[2:]
    assert [view.job_id for view in jobs.recent("bob")] == [made[1].job_id]
    assert jobs.recent("carol") == []
    assert jobs.recent(before="nobody") == []


def test_a_job_that_ended_before_it_was_planned_stays_so(
    jobs: Jobs, objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    jobs.submit(analysis, job)
    end = JobEnd(job_id=job.job_id, run_id=None, state=JobState.ABORTED, finished="2026-11-22T13:00:00.000Z")
    Requests(objects).put_end(end)
    index.flushdb()

    assert jobs.view(job.job_id).state is JobState.ABORTED
    jobs.enter_ended(analysis, job, end)
    assert jobs.view(job.job_id).state is JobState.ABORTED
    assert jobs.new(0) == []


def test_a_row_that_is_not_there_is_not_searched_for_in_all_others(
    jobs: Jobs, index: redis.Redis, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, runs = make_job(), Runs(index)
    jobs.submit(analysis, job)
    runs.open(analysis, job, {}, job.submitted)
    runs.lay_out(job.job_id, [UnitRow(key="", stage="window", label="w", state=UnitState.WAITING)], "i", "c")
    assert jobs.row(job.job_id, "window", "w").label == "w"
    monkeypatch.delattr(Jobs, "rows")
    with pytest.raises(NotFound, match="has no unit window other"):
        jobs.row(job.job_id, "window", "other")
