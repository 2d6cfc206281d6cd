"""The mesh itself, with the drill instrument: every way a unit can end, cancel, sharing, faults."""

import os
import time
from collections.abc import Callable

import httpx
import pytest
import redis

from infra.stack import mesh_processes
from mesh.settings import Settings
from mesh.states import FailureKind, JobState, UnitState
from odamesh import Job, JobFailed, Mesh
from tests.integration.mesh.windows import drill_windows

WINDOWS = drill_windows(3)


@pytest.fixture
def salt(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}-{time.time_ns()}"


def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds} s for {what.__name__}"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("usage", FailureKind.USAGE),
        ("science", FailureKind.SCIENCE),
        ("memory", FailureKind.OUT_OF_MEMORY),
        ("crash", FailureKind.SCIENCE),
        ("disk", FailureKind.SCIENCE),
    ],
)
def test_one_bad_window_of_three(mesh: Mesh, salt: str, behaviour: str, kind: FailureKind) -> None:
    job = mesh.noop.noop(scws=WINDOWS, behaviour=behaviour, fails=[WINDOWS[1]], salt=salt)
    assert job.state is JobState.COMPLETED
    rows = {row.label: row for row in job.table() if row.stage == "window"}
    bad = [row for label, row in rows.items() if label.startswith(WINDOWS[1])]
    assert [row.state for row in bad] == [UnitState.FAILED]
    assert bad[0].failure is not None
    assert bad[0].failure.kind is kind
    assert sum(row.state is UnitState.DONE for row in rows.values()) == 2
    assert any(WINDOWS[1] in text for text in job.warnings)


@pytest.mark.parametrize("behaviour", ["garbage", "forks"])
def test_noise_and_forks_are_contained(mesh: Mesh, salt: str, behaviour: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS[:1], behaviour=behaviour, salt=salt, wait=False)
    until(lambda: job.refresh().state in {JobState.COMPLETED, JobState.ERROR}, 60)
    after = mesh.noop.noop(scws=WINDOWS, salt=salt)
    assert after.counts[UnitState.DONE] == 4


def test_nothing_usable_is_an_error_that_says_why(mesh: Mesh, salt: str) -> None:
    with pytest.raises(JobFailed, match="none of the 3 units"):
        mesh.noop.noop(scws=WINDOWS, behaviour="usage", salt=salt)


def test_cancel_stops_what_runs(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS, seconds=25, salt=salt, wait=False)
    until(lambda: job.refresh().counts[UnitState.RUNNING] >= 2)
    job.cancel()
    until(lambda: job.refresh().state is JobState.ABORTED, 5)
    begin = time.monotonic()
    after = mesh.noop.noop(scws=WINDOWS[:2], salt=salt + "after")
    assert after.state is JobState.COMPLETED
    assert time.monotonic() - begin < 20, "the slots were still held by cancelled units"


def test_equal_requests_share_one_run(mesh: Mesh, salt: str) -> None:
    jobs = [mesh.noop.noop(scws=WINDOWS, seconds=1, salt=salt, wait=False) for _ in range(5)]
    for job in jobs:
        job.wait()
    assert len({job.id for job in jobs}) == 5
    assert len({job.view.run_id for job in jobs}) == 1


def test_cancelling_one_caller_leaves_the_other(mesh: Mesh, salt: str) -> None:
    first, second = (mesh.noop.noop(scws=WINDOWS, seconds=2, salt=salt, wait=False) for _ in range(2))
    until(lambda: first.refresh().state is JobState.EXECUTING)
    first.cancel()
    until(lambda: first.refresh().state is JobState.ABORTED, 5)
    assert second.wait().state is JobState.COMPLETED


def test_partial_overlap_computes_only_the_new(mesh: Mesh, salt: str) -> None:
    windows = drill_windows(10)
    mesh.noop.noop(scws=windows[:8], salt=salt)
    job = mesh.noop.noop(scws=windows, salt=salt)
    assert job.counts[UnitState.CACHED] == 8
    assert job.counts[UnitState.DONE] == 3


def test_events_resume_where_they_were_left(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS, salt=salt)
    url = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/api/v1/jobs/{job.id}/events"
    whole = _event_ids(url)
    assert len(whole) > 3
    assert _event_ids(url, whole[1]) == whole[2:]


def _event_ids(url: str, after: str | None = None) -> list[str]:
    headers = {"Last-Event-ID": after} if after else {}
    with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
        return [line.removeprefix("id:").strip() for line in answer.iter_lines() if line.startswith("id:")]


def test_a_service_that_is_killed_loses_nothing(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=drill_windows(6), seconds=1, salt=salt, wait=False)
    until(lambda: job.refresh().counts[UnitState.RUNNING] >= 1)
    victims = {row.name: row.pid for row in mesh_processes.status() if row.name in {"noop", "dispatcher"}}
    for pid in victims.values():
        assert pid is not None
        os.kill(pid, 9)
    _finish(job, 90)
    assert job.counts[UnitState.DONE] + job.counts[UnitState.CACHED] == 7


def test_flushed_redis_loses_nothing(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=drill_windows(8), seconds=1, salt=salt, wait=False)
    until(lambda: job.refresh().counts[UnitState.RUNNING] >= 1)
    own = Settings().connections("admin").redis
    redis.Redis(host=own.host, port=own.port, username=own.user, password=own.password).flushall()
    _finish(job, 120)
    assert job.counts[UnitState.FAILED] == 0


def _finish(job: Job, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if job.refresh().state in {JobState.COMPLETED, JobState.ERROR, JobState.ABORTED}:
            break
        time.sleep(0.3)
    assert job.state is JobState.COMPLETED, f"{job.state} {job.counts} {job.warnings}"
