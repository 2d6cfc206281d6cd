"""Logs: kept for every unit, sent along with a failure, and followed live through broker and gateway."""

import threading
import time

import pytest

from mesh.states import FailureKind, UnitState
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

WINDOWS = drill_windows(2)


@pytest.fixture
def salt(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}-{time.time_ns()}"


def test_a_log_is_followed_while_the_unit_runs(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS[:1], seconds=12, salt=salt, wait=False)
    while not job.refresh().counts.get(UnitState.RUNNING):
        time.sleep(0.05)
    seen: dict[str, UnitState] = {}
    for text in job.follow_log(WINDOWS[0]):
        row = next(row for row in job.table() if row.stage == "window")
        seen |= {line: row.state for line in text.splitlines() if line not in seen}
    # Told while it ran, not from what was stored when it had ended.
    assert seen["12 s to go"] is UnitState.RUNNING
    assert seen["11 s to go"] is UnitState.RUNNING
    assert "[done, work]" in seen
    assert "1 s to go" in job.wait().log(WINDOWS[0]).splitlines()


def test_two_readers_and_one_that_comes_late_see_the_same(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS[:1], seconds=3, salt=salt, wait=False)
    while not job.refresh().counts.get(UnitState.RUNNING):
        time.sleep(0.05)
    told: dict[int, str] = {}

    def read(number: int) -> None:
        text = "".join(job.follow_log(WINDOWS[0]))
        told[number] = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("["))

    readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    read(2)
    assert set(told.values()) == {job.wait().log(WINDOWS[0])}


def test_a_failure_keeps_its_log(mesh: Mesh, salt: str) -> None:
    job = mesh.noop.noop(scws=WINDOWS, behaviour="science", fails=[WINDOWS[1]], salt=salt)
    row = next(row for row in job.table([UnitState.FAILED]) if row.stage == "window")
    assert row.failure is not None
    assert row.failure.kind is FailureKind.SCIENCE
    assert job.log(row.label).splitlines()[-1] == f"failed: {row.failure.reason}: {row.failure.text}"
    assert "".join(job.follow_log(row.label)).endswith(f"[failed: {row.failure.reason}: {row.failure.text}]\n")
