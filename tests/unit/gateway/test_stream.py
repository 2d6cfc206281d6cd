"""The event stream: the table first, then each change once, resumable, closed after the end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable

from gateway.stream import Change, follow
from gateway.wakeups import Bell
from mesh.contracts import Analysis, Job, Lane, Selection
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import MemoryRecords, unit_row

_LABELS = ["201600270010.001", "201600280010.001"]
_JOB = "1" * 32


def _records() -> MemoryRecords:
    records = MemoryRecords()
    analysis = Analysis(instrument="isgri", product="isgri_image", selection=Selection(), parameters={})
    job = Job(job_id=_JOB, request_key=analysis.key, user="ada", lane=Lane.USER, submitted="2026-01-01T00:00:00Z")
    records.submit(analysis, job)
    return records


def _follow(
    records: MemoryRecords, position: str | None, play: Iterable[Callable[[], None]], bell: Bell | None = None
) -> list[Change]:
    """Follow a job, and play one step of its life after each ``job`` change that the follower was told."""

    async def run() -> list[Change]:
        steps = iter(play)
        heard: list[Change] = []
        async for change in follow(records, bell or Bell(), _JOB, position):
            heard.append(change)
            if change.event == "job" and (step := next(steps, None)) is not None:
                step()
        return heard

    return asyncio.run(_limited(run()))


async def _limited(work: Awaitable[list[Change]]) -> list[Change]:
    return await asyncio.wait_for(work, timeout=30)


def test_a_job_is_followed_from_before_its_plan_to_its_end() -> None:
    records = _records()
    done = unit_row("image", _LABELS[0], UnitState.DONE, step="image")
    changes = _follow(
        records,
        None,
        [lambda: records.plan(_JOB, _LABELS), lambda: records.move(_JOB, done), lambda: records.finish(_JOB)],
    )
    assert [change.event for change in changes] == ["job", "units", "job", "units", "job", "job", "end"]
    assert [change.view.state for change in changes if change.event == "job"] == [
        JobState.PENDING,
        JobState.EXECUTING,
        JobState.EXECUTING,
        JobState.COMPLETED,
    ]
    assert [row.label for row in changes[1].rows] == [*_LABELS, "job"]
    assert changes[3].rows == (done,)


def test_a_fresh_stream_of_a_running_job_does_not_repeat_its_history() -> None:
    records = _records()
    records.plan(_JOB, _LABELS)
    for state in (UnitState.RUNNING, UnitState.DONE):
        records.move(_JOB, unit_row("image", _LABELS[0], state))
    changes = _follow(records, None, [lambda: records.finish(_JOB)])
    units = [change for change in changes if change.event == "units"]
    assert len(units) == 1
    assert units[0].rows[0].state is UnitState.DONE
    assert units[0].position == "2-0"


def test_a_resumed_stream_brings_only_what_came_after() -> None:
    records = _records()
    records.plan(_JOB, _LABELS)
    for label in _LABELS:
        records.move(_JOB, unit_row("image", label, UnitState.DONE))
    records.finish(_JOB)
    changes = _follow(records, "1-0", [])
    assert [change.event for change in changes] == ["units", "job", "end"]
    assert [row.label for row in changes[0].rows] == _LABELS[1:]


def test_several_changes_of_one_unit_in_a_round_are_told_as_the_last_one() -> None:
    records = _records()
    records.plan(_JOB, _LABELS)
    for step in ("events", "image"):
        records.move(_JOB, unit_row("image", _LABELS[0], UnitState.RUNNING, step=step))
    records.finish(_JOB)
    (units,) = [change for change in _follow(records, "0-0", []) if change.event == "units"]
    assert [row.step for row in units.rows] == ["image"]


def test_more_changes_than_a_page_are_all_told() -> None:
    records = _records()
    labels = [f"{number:08d}0010.001" for number in range(10_010_001, 10_011_201)]
    records.plan(_JOB, labels)
    for label in labels:
        records.move(_JOB, unit_row("image", label, UnitState.DONE))
    records.finish(_JOB)
    for position in (None, "0-0"):
        told = [row.label for change in _follow(records, position, []) for row in change.rows if row.stage == "image"]
        assert told == labels


def test_a_position_that_is_none_starts_afresh() -> None:
    records = _records()
    records.plan(_JOB, _LABELS)
    records.finish(_JOB)
    assert [change.event for change in _follow(records, "garbage", [])] == ["units", "job", "end"]


def test_a_job_that_cannot_be_planned_ends_its_stream() -> None:
    records = _records()
    records.finish(_JOB, JobState.ERROR)
    assert [change.event for change in _follow(records, None, [])] == ["job", "end"]


def test_the_bell_wakes_only_the_streams_of_its_run() -> None:
    async def run() -> tuple[bool, bool]:
        bell = Bell()
        with bell.listen("one") as one, bell.listen("other") as other:
            bell.ring("one")
            bell.ring("nobody")
            return one.is_set(), other.is_set()

    assert asyncio.run(run()) == (True, False)


def test_over_http_each_event_carries_its_position(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, _LABELS)
    gateway.records.move(job_id, unit_row("image", _LABELS[0], UnitState.DONE))
    gateway.records.finish(job_id)
    response = gateway.call("GET", f"/jobs/{job_id}/events", headers={"Last-Event-ID": "0-0"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [
        dict(line.split(": ", 1) for line in part.splitlines()) for part in response.text.split("\r\n\r\n") if part
    ]
    assert [(event["event"], event["id"]) for event in events] == [("units", "2-0"), ("job", "2-0"), ("end", "2-0")]
    assert json.loads(events[0]["data"])["rows"][0]["state"] == "done"
    assert "products" not in json.loads(events[1]["data"])
    assert json.loads(events[2]["data"]) == {"state": "COMPLETED"}
