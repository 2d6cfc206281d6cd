"""Causes that are jobs and records: damaged, forgotten, slow, or too dear for one dispatcher after another."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from infra.stack import mesh_processes
from mesh.store import names
from mesh.store.claims import Claims
from mesh.store.objects import Objects
from odamesh import Job
from tests.alarms.cause import Cause
from tests.bench.drill import drill_request, scw_ids
from tests.chaos.ground import Ground

_LONG_S = 900.0


@contextmanager
def damaged_record(ground: Ground) -> Iterator[None]:
    """Damage the record of a run that is under way, so that no sweep can look after it."""
    with _running(ground) as job:
        record = names.run_record(_run_of(job))
        before = _exchange(ground, record, "lane", "no lane")
        try:
            yield
        finally:
            _exchange(ground, record, "lane", before)


@contextmanager
def parked(ground: Ground) -> Iterator[None]:
    """Park a run, as the dispatchers do with one that ended four of them."""
    with _running(ground) as job:
        claims = Claims(ground.index())
        claims.park(_run_of(job), "a drill")
        try:
            yield
        finally:
            claims.resume(_run_of(job))


@contextmanager
def silent_run(ground: Ground) -> Iterator[None]:
    """Take the events of a run away while its units run on: nothing was heard of it for longer than an hour."""
    with _running(ground) as job:
        ground.index().delete(names.run_record(_run_of(job), "events"))
        yield


@contextmanager
def old_run(ground: Ground) -> Iterator[None]:
    """Date a run of a user two days back."""
    with _running(ground) as job:
        record = names.run_record(_run_of(job))
        long_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        before = _exchange(ground, record, "opened", long_ago)
        try:
            yield
        finally:
            _exchange(ground, record, "opened", before)


@contextmanager
def unplannable(ground: Ground) -> Iterator[None]:
    """Take the document of a request away before any dispatcher has planned it."""
    objects = Objects(ground.connections.store)
    url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}"
    with httpx.Client(base_url=url, trust_env=False) as client:
        draft = client.post("/api/v1/jobs", json=drill_request(scw_ids(1)) | {"draft": True}).raise_for_status().json()
        name = names.request_object(draft["request_key"])
        content = objects.get(name)
        # Started in the index alone: a message would be given up, and this is about what no message serves.
        client.post(f"/api/v1/jobs/{draft['job_id']}/start").raise_for_status()
        objects.delete(name)
        try:
            yield
        finally:
            objects.put(name, content, "application/json")
            client.delete(f"/api/v1/jobs/{draft['job_id']}")


@contextmanager
def _running(ground: Ground) -> Iterator[Job]:
    """Have a job run for the duration of the block."""
    job = ground.submit(1, seconds=_LONG_S)
    ground.until_running(job)
    try:
        yield job
    finally:
        job.cancel()
    ground.until_ended(job)


def _run_of(job: Job) -> str:
    run_id = job.refresh().view.run_id
    assert run_id is not None, f"{job} is not planned"
    return run_id


def _exchange(ground: Ground, record: str, field: str, value: str) -> str:
    index: Any = ground.index()
    before = index.hget(record, field)
    index.hset(record, field, value)
    return str(before)


CAUSES = (
    Cause("SweepFails", "the record of a run damaged", damaged_record, 220, clear_s=800),
    Cause("RunsParked", "a parked run", parked, 90),
    Cause("RunsStandStill", "a run whose events are gone", silent_run, 400),
    Cause("RunsTakeLong", "a run dated two days back", old_run, 400),
    Cause("JobsNotPlanned", "a job whose request is gone from the store", unplannable, 240),
)
