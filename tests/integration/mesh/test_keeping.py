"""What is kept, through the whole mesh: one run for equal requests, products removed and made again, jobs deleted."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from mesh.settings import Settings
from mesh.states import JobState, UnitState
from mesh.store.connect import redis_client
from odamesh import Job, Mesh
from odamesh.errors import JobDeleted, OdameshError
from tests.integration.mesh.windows import drill_windows

WINDOWS = drill_windows(3)


@pytest.fixture
def salt(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}-{time.time_ns()}"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "odamesh", *arguments], capture_output=True, text=True, check=False)


def audited() -> dict[str, object]:
    answer = command("audit", "--json")
    report: dict[str, object] = json.loads(answer.stdout)
    assert (answer.returncode == 0) == (not report["findings"])
    return report


def keys_of(job: Job) -> list[str]:
    return [row.key for row in job.table()]


def test_twelve_equal_requests_at_once_are_one_run(mesh: Mesh, salt: str) -> None:
    def submit(number: int) -> Job:
        return mesh.noop.noop(scws=WINDOWS, seconds=0.5, salt=salt, user=f"user{number}", wait=False)

    with ThreadPoolExecutor(12) as callers:
        jobs = list(callers.map(submit, range(12)))
    for job in jobs:
        job.wait()
    assert len({job.id for job in jobs}) == 12
    assert len({job.view.run_id for job in jobs}) == 1
    assert audited()["doubled"] == 0


def test_a_cached_unit_names_the_job_that_made_it(mesh: Mesh, salt: str) -> None:
    first = mesh.noop.noop(scws=WINDOWS, salt=salt)
    second = mesh.noop.noop(scws=drill_windows(4), salt=salt)
    made_by = {row.cached_from for row in second.table([UnitState.CACHED])}
    assert made_by == {first.view.run_id}
    assert mesh.job(str(made_by.pop())).state is JobState.COMPLETED


def test_removed_products_are_made_again_with_the_same_bytes(mesh: Mesh, salt: str) -> None:
    first = mesh.noop.noop(scws=WINDOWS, salt=salt)
    keys = keys_of(first)
    before = {key: _files(mesh, key) for key in keys}
    assert command("cache", "evict", *keys).returncode == 0
    with pytest.raises(OdameshError, match=r"made again"):
        _files(mesh, keys[0])

    again = mesh.again(first.id).wait()

    assert again.counts[UnitState.DONE] == 4
    assert {key: _files(mesh, key) for key in keys_of(again)} == before
    assert command("cache", "verify").returncode == 0
    assert audited()["findings"] == []


def test_what_a_running_job_needs_and_what_is_pinned_stays(mesh: Mesh, salt: str) -> None:
    pinned = mesh.noop.noop(scws=WINDOWS[:1], salt=salt)
    assert command("cache", "pin", pinned.id, "--reason", "a test").returncode == 0
    job = mesh.noop.noop(scws=WINDOWS, seconds=1, salt=f"{salt}-running", wait=False)
    until = time.monotonic() + 20
    while not (done := job.table([UnitState.DONE])):
        assert time.monotonic() < until
        time.sleep(0.05)
    (result,) = pinned.products

    answer = command("cache", "evict", done[0].key, result.key)

    assert answer.returncode == 1
    assert "1 pinned" in answer.stdout
    assert job.wait().counts[UnitState.DONE] == 4
    assert command("cache", "unpin", pinned.id).returncode == 0
    assert command("cache", "evict", result.key).returncode == 0


def test_a_deleted_job_is_made_again_from_its_request(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS, salt=salt)
    job.delete()
    until = time.monotonic() + 60
    with pytest.raises(JobDeleted) as deleted:
        while time.monotonic() < until:
            mesh.job(job.id)
    assert deleted.value.request_key == job.view.request_key

    again = mesh.again(job.id).wait()

    assert again.counts[UnitState.CACHED] == 4
    assert mesh.again(job.view.request_key).wait().counts[UnitState.CACHED] == 4
    assert audited()["findings"] == []


def test_a_running_job_is_deleted_with_its_containers(mesh: Mesh, salt: str) -> None:
    begun = time.monotonic()
    job = mesh.noop.noop(scws=WINDOWS, seconds=28, salt=salt, wait=False)
    until = begun + 20
    while not job.table([UnitState.RUNNING]):
        assert time.monotonic() < until
        time.sleep(0.05)
    job.delete()
    with pytest.raises(JobDeleted):
        while time.monotonic() < until + 60:
            mesh.job(job.id)
    assert mesh.noop.noop(scws=WINDOWS, salt=f"{salt}-after").state is JobState.COMPLETED
    assert time.monotonic() - begun < 28, "the slots were held until the units had ended by themselves"


@pytest.mark.parametrize("index", ["there", "lost"])
def test_a_permanent_link_makes_again_what_was_removed(mesh: Mesh, salt: str, index: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS, salt=salt)
    keys = keys_of(job)
    with httpx.Client(timeout=30) as client:
        made = _opened(client, job.link)
        before = _brought(client, job.link, made)
        assert before
        assert command("cache", "evict", *keys).returncode == 0
        if index == "lost":
            records = redis_client(Settings().connections("admin").redis)
            records.flushall()
            records.close()
        assert client.get(job.link, params={"run": "false"}).json()["state"] == "REMOVED"
        again = _opened(client, job.link)
        assert again["counts"]["done"] == len(keys)
        assert _brought(client, job.link, again) == before
        assert again["links"]["self"] == made["links"]["self"]
    assert [row.key for row in mesh.again(job.view.request_key).wait().table()] == keys


def _opened(client: httpx.Client, link: str) -> dict[str, Any]:
    """Open a permanent link until what it leads to is there."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        told: dict[str, Any] = client.get(link).raise_for_status().json()
        if told["state"] not in {"PENDING", "QUEUED", "EXECUTING"}:
            assert told["state"] == "COMPLETED", told
            return told
        time.sleep(0.2)
    raise AssertionError(told)


def _brought(client: httpx.Client, link: str, told: dict[str, Any]) -> dict[str, bytes]:
    urls = {file["name"]: file["url"] for product in told["products"] for file in product["files"]}
    answers = {name: client.get(urljoin(link, url), follow_redirects=True) for name, url in urls.items()}
    return {name: answer.raise_for_status().content for name, answer in answers.items()}


def _files(mesh: Mesh, key: str) -> list[tuple[str, str]]:
    return [(file["name"], file["sha256"]) for file in mesh.manifest(key)["files"]]
