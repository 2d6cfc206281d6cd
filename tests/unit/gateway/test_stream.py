"""The event stream: the table first, then each change once, resumable, closed after the end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable

import pytest

from gateway.stream import StreamEvent, follow
from gateway.wakeups import Bell
from mesh.contracts import Analysis, Job, JobView, Lane, Selection
from mesh.errors import StoreUnavailable
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import MemoryRecords, unit_row

_LABELS = ["201600270010.001", "201600280010.001"]
_JOB = "1" * 32


def _records() -> MemoryRecords:
    records = MemoryRecords()
    analysis = Analysis(instrument="isgri", product="isgri_image", selection=Selection(), parameters={})
    job = Job(job_id=_JOB, request_key=analysis.key, user="ada", lane=Lane.USER, submitted="2026-01-01T00:00:00Z")
    records.enter(analysis, records.store(analysis, job))
    return records


def _follow(
    records: MemoryRecords, position: str | None, play: Iterable[Callable[[], None]] = (), *, table: bool = False
) -> list[StreamEvent]:
    """Follow a job, and play one step of its life after each ``job`` change that the follower was told."""

    async def run() -> list[StreamEvent]:
        steps = iter(play)
        heard: list[StreamEvent] = []
        async for change in follow(records, Bell(), _JOB, position, table=table):
            heard.append(change)
            if change.event == "job" and (step := next(steps, None)) is not None:
                step()
        return heard

    return asyncio.run(_limited(run()))


async def _limited(work: Awaitable[list[StreamEvent]]) -> list[StreamEvent]:
    return await asyncio.wait_for(work, timeout=30)


def _finished() -> MemoryRecords:
    records = _records()
    records.plan(_JOB, _LABELS)
    for label in _LABELS:
        for state in (UnitState.RUNNING, UnitState.DONE):
            records.move(_JOB, unit_row("image", label, state))
    records.finish(_JOB)
    return records


def test_a_job_is_followed_from_before_its_plan_to_its_end() -> None:
    records = _records()
    done = unit_row("image", _LABELS[0], UnitState.DONE, step="image")
    play = [lambda: records.plan(_JOB, _LABELS), lambda: records.move(_JOB, done), lambda: records.finish(_JOB)]
    changes = _follow(records, None, play, table=True)
    assert [change.event for change in changes] == ["job", "units", "job", "units", "job", "job", "end"]
    assert [change.view.state for change in changes if change.event == "job"] == [
        JobState.PENDING,
        JobState.EXECUTING,
        JobState.EXECUTING,
        JobState.COMPLETED,
    ]
    assert [row.label for row in changes[1].rows] == [*_LABELS, "job"]
    assert changes[3].rows == (done,)


def test_the_table_is_told_only_when_it_is_laid_out() -> None:
    records = _records()
    records.views[_JOB] = records.views[_JOB].model_copy(update={"run_id": _JOB})
    play = [lambda: records.plan(_JOB, _LABELS), lambda: records.finish(_JOB)]
    (units,) = [change for change in _follow(records, None, play, table=True) if change.event == "units"]
    assert [row.label for row in units.rows] == [*_LABELS, "job"]


def test_a_fresh_stream_tells_the_history_and_a_resumed_one_the_rest_of_it() -> None:
    whole = _follow(_finished(), None)
    assert [change.event for change in whole] == ["units"] * 4 + ["state", "job", "end"]
    assert [change.position for change in whole] == ["1-0", "2-0", "3-0", "4-0", "5-0", None, None]
    assert _follow(_finished(), "2-0") == whole[2:]
    assert _follow(_finished(), "5-0") == whole[5:]


def test_with_a_table_the_history_is_not_repeated() -> None:
    records = _records()
    records.plan(_JOB, _LABELS)
    for state in (UnitState.RUNNING, UnitState.DONE):
        records.move(_JOB, unit_row("image", _LABELS[0], state))
    changes = _follow(records, None, [lambda: records.finish(_JOB)], table=True)
    (units,) = [change for change in changes if change.event == "units"]
    assert [row.state for row in units.rows] == [UnitState.DONE, UnitState.QUEUED, UnitState.WAITING]
    assert units.position == "2-0"


def test_with_a_table_a_round_tells_each_unit_once() -> None:
    changes = _follow(_finished(), "1-0", table=True)
    assert [change.event for change in changes] == ["units", "job", "end"]
    assert [(row.label, row.state) for row in changes[0].rows] == [(label, UnitState.DONE) for label in _LABELS]
    assert changes[0].position == "5-0"


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("position", [None, "0-0"])
def test_more_changes_than_a_page_are_all_told(position: str | None, table: bool) -> None:
    records = _records()
    labels = [f"{number:08d}0010.001" for number in range(10_010_001, 10_011_201)]
    records.plan(_JOB, labels)
    for label in labels:
        records.move(_JOB, unit_row("image", label, UnitState.DONE))
    records.finish(_JOB)
    changes = _follow(records, position, table=table)
    assert [row.label for change in changes for row in change.rows if row.stage == "image"] == labels


def test_a_table_of_several_pages_can_be_resumed_only_after_its_last() -> None:
    records = _records()
    records.plan(_JOB, [f"{number:08d}0010.001" for number in range(10_010_001, 10_010_701)])
    records.move(_JOB, unit_row("mosaic", "job", UnitState.DONE))
    records.finish(_JOB)
    pages = [change for change in _follow(records, None, table=True) if change.event == "units"]
    assert [page.position for page in pages] == [None, "2-0"]


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("position", ["1-0", "2-0"])
def test_who_missed_changes_that_are_not_kept_is_told_the_whole_table(position: str, table: bool) -> None:
    records = _finished()
    records.trimmed[_JOB] = "3-0"
    changes = _follow(records, position, table=table)
    assert [change.event for change in changes] == ["reset", "units", "job", "end"]
    assert [row.label for row in changes[1].rows] == [*_LABELS, "job"]
    assert changes[1].position == "5-0"


def test_a_position_that_is_none_starts_afresh() -> None:
    assert _follow(_finished(), "garbage") == _follow(_finished(), None)


def test_a_job_that_cannot_be_planned_ends_its_stream() -> None:
    records = _records()
    records.finish(_JOB, JobState.ERROR)
    assert [change.event for change in _follow(records, None)] == ["job", "end"]


def test_the_bell_wakes_only_the_streams_of_its_run() -> None:
    async def run() -> tuple[bool, bool]:
        bell = Bell()
        with bell.listen("one") as one, bell.listen("other") as other:
            bell.ring("one")
            bell.ring("nobody")
            return one.is_set(), other.is_set()

    assert asyncio.run(run()) == (True, False)


def test_over_http_a_change_carries_its_position(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, _LABELS)
    gateway.records.move(job_id, unit_row("image", _LABELS[0], UnitState.DONE))
    gateway.records.finish(job_id)
    response = gateway.call("GET", f"/jobs/{job_id}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [
        dict(line.split(": ", 1) for line in part.splitlines())
        for part in response.text.split("\r\n\r\n")
        if part.startswith(("id", "event"))
    ]
    told = [(event["event"], event.get("id")) for event in events]
    assert told == [("units", "1-0"), ("state", "2-0"), ("job", None), ("end", None)]
    assert json.loads(events[0]["data"])["rows"][0]["state"] == "done"
    assert "products" not in json.loads(events[2]["data"])
    assert json.loads(events[3]["data"]) == {"state": "COMPLETED"}
    rest = gateway.call("GET", f"/jobs/{job_id}/events?table=true", headers={"Last-Event-ID": "2-0"})
    assert [line for line in rest.text.splitlines() if line.startswith("event")] == ["event: job", "event: end"]


def test_a_store_that_is_away_for_a_while_does_not_end_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    records = _records()
    answers, asked = records.view, 0

    def view(job_id: str) -> JobView:
        nonlocal asked
        asked += 1
        if asked in {2, 3}:
            raise StoreUnavailable("RedisUnavailable", "refused")
        return answers(job_id)

    monkeypatch.setattr(records, "view", view)
    play = [lambda: records.plan(_JOB, _LABELS), lambda: records.finish(_JOB)]
    assert _follow(records, None, play, table=True)[-1].event == "end"
    assert asked > 3


def test_a_stream_says_when_to_come_back_and_not_to_all_the_same(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.finish(job_id)
    texts = [gateway.call("GET", f"/jobs/{job_id}/events").text for _ in range(6)]
    pauses = {int(line.removeprefix("retry: ")) for text in texts for line in text.splitlines() if "retry" in line}
    assert len(pauses) > 1
    assert min(pauses) >= 1000


def test_a_job_that_is_not_planned_is_looked_at_less_and_less_often_until_its_run_rings() -> None:
    records, bell = _records(), Bell()
    looks: list[float] = []
    answers = records.view

    async def run() -> list[str]:
        loop = asyncio.get_running_loop()

        def view(job_id: str) -> JobView:
            looks.append(loop.time())
            return answers(job_id)

        records.view = view  # type: ignore[method-assign]

        def plan() -> None:
            records.plan(_JOB, _LABELS)
            records.finish(_JOB)
            bell.ring(_JOB)

        loop.call_later(0.8, plan)
        return [change.event async for change in follow(records, bell, _JOB, None)]

    assert asyncio.run(run())[-1] == "end"
    before = len([look for look in looks if look < looks[0] + 0.7])
    assert before <= 4, "ten looks a second would be seven"


def test_a_compact_stream_tells_stages_once_and_rows_as_arrays(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, _LABELS)
    failed = unit_row("image", _LABELS[0], UnitState.FAILED).model_copy(update={"step": "image", "warnings": ("dim",)})
    gateway.records.move(job_id, failed)
    gateway.records.finish(job_id)
    text = gateway.call("GET", f"/jobs/{job_id}/events?table=true&form=compact").text
    pairs = [block.replace("\r", "") for block in text.replace("\r\n", "\n").split("\n\n")]
    told = [
        (block.split("event: ")[1].split("\n")[0], json.loads(block.split("data: ")[1].split("\n")[0]))
        for block in pairs
        if "event: " in block
    ]
    (header,) = [data for event, data in told if event == "header"]
    assert list(header["stages"]) == ["image", "mosaic"]
    rows = [row for event, data in told if event == "units" for row in data["rows"]]
    columns = header["columns"]
    first = dict(zip(columns, rows[0], strict=False))
    assert (first["stage"], first["label"], first["state"]) == (0, _LABELS[0], "failed")
    assert header["stages"]["image"][first["step"]] == "image"
    assert first["warnings"] == ["dim"]
    assert len(rows[1]) <= columns.index("attempt") + 1
