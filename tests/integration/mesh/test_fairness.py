"""Users share the mesh: on the real broker and real workers, measured in units and not in seconds."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from infra.stack.endpoints import Endpoints
from mesh.settings import BrokerSettings, Settings
from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from tests.integration.mesh.windows import drill_windows

_SMALL = 10


@pytest.fixture
def salt(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}-{time.time_ns()}"


def ask(mesh: Mesh, windows: int, **fields: Any) -> Job:
    """Submit a drill of so many windows."""
    others = {name: fields.pop(name) for name in ("user", "lane") if name in fields}
    return mesh.submit("noop", "noop_windows", {"scws": drill_windows(windows)}, fields, **others)


@contextmanager
def saturated(mesh: Mesh, salt: str, seconds: float) -> Iterator[Job]:
    """Keep the user lane full."""
    big = ask(mesh, 500, salt=f"{salt}-big", seconds=seconds, user="big")
    end = time.monotonic() + 60
    while not big.refresh().counts[UnitState.RUNNING]:
        assert time.monotonic() < end, "no unit of the big job runs"
        time.sleep(0.05)
    try:
        yield big
    finally:
        big.cancel()


def ended(job: Job) -> int:
    counts = job.refresh().counts
    return counts[UnitState.DONE] + counts[UnitState.CACHED]


def ended_until(job: Job, other: Job) -> int:
    """Return how many units of a job had ended when the last of another did, by the workers' own clock."""
    last = max(row.at for row in other.table())
    return sum(row.at <= last for row in job.table([UnitState.DONE, UnitState.CACHED]))


def test_a_small_job_is_done_while_thousands_wait(mesh: Mesh, salt: str) -> None:
    with saturated(mesh, salt, seconds=0.6) as big:
        before = ended(big)
        small = ask(mesh, _SMALL, salt=f"{salt}-small", seconds=0.6, user="small").wait()
        meanwhile = ended_until(big, small) - before
    assert meanwhile <= 2 * _SMALL, "of three units worked on at most two are another's"


def test_an_alert_starts_before_any_further_unit_of_a_user(mesh: Mesh, salt: str) -> None:
    with saturated(mesh, salt, seconds=5.0) as big:
        before = ended(big)
        alert = ask(mesh, 1, salt=f"{salt}-alert", user="broker", lane="alert").wait()
        assert ended_until(big, alert) - before <= 2, "at most what ran already"
        assert big.refresh().counts[UnitState.QUEUED] > 400


def test_twelve_equal_requests_at_once_are_one_run(mesh: Mesh, salt: str) -> None:
    with ThreadPoolExecutor(max_workers=12) as pool:
        jobs = list(pool.map(lambda _: ask(mesh, 5, salt=salt).wait(), range(12)))
    assert {job.state for job in jobs} == {JobState.COMPLETED}
    assert len({job.view.run_id for job in jobs}) == 1


def test_a_full_queue_holds_units_back_and_loses_none(mesh: Mesh, salt: str) -> None:
    with _room(Settings().connections("admin").broker, queue="units.noop.batch", messages=1):
        job = ask(mesh, 12, salt=salt, seconds=0.1, lane="batch").wait()
    assert job.counts[UnitState.DONE] == 12


@contextmanager
def _room(broker: BrokerSettings, *, queue: str, messages: int) -> Iterator[None]:
    """Let a queue hold so few messages for the duration of the block."""
    path = f"/api/policies/{broker.vhost}/test-room"
    limits = {"max-length": messages, "overflow": "reject-publish"}
    policy = {"pattern": f"^{queue}$", "definition": limits, "priority": 100, "apply-to": "queues"}
    account = (broker.user, broker.password)
    with httpx.Client(base_url=Endpoints.from_environment().mgmt_url, auth=account, trust_env=False) as client:
        client.put(path, json=policy).raise_for_status()
        try:
            yield
        finally:
            client.delete(path).raise_for_status()
