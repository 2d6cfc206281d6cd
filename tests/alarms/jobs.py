"""Causes that are jobs and records: forgotten, silent, old, or too dear for one dispatcher after another."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from mesh.states import UnitState
from mesh.store import names
from mesh.store.claims import Claims
from mesh.store.jobs import Jobs
from mesh.store.objects import Objects
from odamesh import Job
from tests.alarms.again import again_and_again
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.surroundings import gateway
from tests.bench.drill import drill_request, scw_ids
from tests.chaos.ground import Ground

_PAUSE_S = 0.5


@contextmanager
def open_job(ground: Ground) -> Iterator[Job]:
    """Have a job for the duration of the block, ten minutes at most: its unit waits for one try after another."""
    job = ground.submit(1, behaviour="transient")

    def on_the_ladder() -> bool:
        return any(row.attempt > 1 for row in job.table([UnitState.QUEUED]))

    try:
        ground.until(on_the_ladder, "a unit that waits for its next try")
        yield job
    finally:
        job.cancel()
    ground.until_ended(job)


@contextmanager
def parked(ground: Ground) -> Iterator[None]:
    """Park a run, as the dispatchers do with one that ended four of them."""
    with open_job(ground) as job:
        claims = Claims(ground.index())
        claims.park(_run_of(job), "a drill")
        try:
            yield
        finally:
            claims.resume(_run_of(job))


@contextmanager
def silent_run(ground: Ground) -> Iterator[None]:
    """Take the events of a run away as they come: nothing was heard of it for longer than an hour."""
    index: Any = ground.index()
    with open_job(ground) as job:
        events = names.run_record(_run_of(job), "events")
        with again_and_again(lambda: index.delete(events), _PAUSE_S):
            yield


@contextmanager
def old_run(ground: Ground) -> Iterator[None]:
    """Date a run of a user two days back."""
    index: Any = ground.index()
    with open_job(ground) as job:
        record = names.run_record(_run_of(job))
        long_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        before = index.hget(record, "opened")
        index.hset(record, "opened", long_ago)
        try:
            yield
        finally:
            index.hset(record, "opened", before)


@contextmanager
def unplannable(ground: Ground) -> Iterator[None]:
    """Have a job whose message was lost, and whose request the store has not."""
    objects = Objects(ground.connections.store)
    with gateway() as client:
        draft = client.post("/jobs", json=drill_request(scw_ids(1)) | {"draft": True}).raise_for_status().json()
        name = names.request_object(draft["request_key"])
        content = objects.get(name)
        Jobs(objects, ground.index()).start(draft["job_id"])
        objects.delete(name)
        try:
            yield
        finally:
            objects.put(name, content, "application/json")
            client.delete(f"/jobs/{draft['job_id']}")


def _run_of(job: Job) -> str:
    run_id = job.refresh().view.run_id
    assert run_id is not None, f"{job} is not planned"
    return run_id


_DISPATCHER = frozenset({Part.DISPATCHER})
"""Which tells of all of these."""
CAUSES = (
    # What a sweep could not look after counts for ten minutes.
    Cause(
        "a job whose message is lost and whose request is gone from the store",
        unplannable,
        (Raised("JobsNotPlanned", 270), Raised("SweepFails", 270, clear_s=800)),
        needs=_DISPATCHER,
    ),
    Cause("a run whose events are gone", silent_run, (Raised("RunsStandStill", 420),), needs=_DISPATCHER),
    Cause("a run dated two days back", old_run, (Raised("RunsTakeLong", 420),), needs=_DISPATCHER),
    Cause("a parked run", parked, (Raised("RunsParked", 120),), needs=_DISPATCHER),
)
