"""The mesh itself, with the drill instrument: bad windows, sharing, the cache, the stream of events."""

import os
import time

import httpx
import pytest

from mesh.states import FailureKind, JobState, UnitState
from odamesh import JobFailed, Mesh
from tests.integration.mesh.windows import drill_windows

WINDOWS = drill_windows(3)


@pytest.fixture
def salt(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}-{time.time_ns()}"


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [("usage", FailureKind.USAGE), ("science", FailureKind.SCIENCE)],
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


def test_nothing_usable_is_an_error_that_says_why(mesh: Mesh, salt: str) -> None:
    with pytest.raises(JobFailed, match="none of the 3 units"):
        mesh.noop.noop(scws=WINDOWS, behaviour="usage", salt=salt)


def test_equal_requests_share_one_run(mesh: Mesh, salt: str) -> None:
    jobs = [mesh.noop.noop(scws=WINDOWS, seconds=1, salt=salt, wait=False) for _ in range(5)]
    for job in jobs:
        job.wait()
    assert len({job.id for job in jobs}) == 5
    assert len({job.view.run_id for job in jobs}) == 1


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
