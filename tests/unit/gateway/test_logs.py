"""The log of a unit as it grows: followed to its end, taken up where it broke, honest about what is missing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway import follow_log
from gateway.parts import Parts
from mesh.contracts import Document, Failure, FollowLog, LogText
from mesh.kit.boundedlog import LOG_LIMIT
from mesh.states import FailureKind, UnitState
from odamesh.event_stream import Event, read_events
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import key_of, unit_row

_SCW = "201600270010.001"
_KEY = key_of("image", _SCW)
_TRY = "0a1b2c3d"


class Play:
    """One unit whose life goes on by a step at each wish to follow its log."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.job = gateway.submit()
        gateway.records.plan(self.job, [_SCW])
        self.parts: Parts = gateway.app.state.parts
        self.move(UnitState.RUNNING, step="work")

    def move(self, state: UnitState, **fields: Any) -> None:
        """Change the unit's row."""
        self.gateway.records.move(self.job, unit_row("image", _SCW, state, **fields))

    def write(self, start: int, text: str, try_id: str = _TRY) -> None:
        """Have a piece of its log arrive."""
        end = start + len(text.encode())
        self.parts.logs.hand_out(
            LogText(instrument="isgri", unit_key=_KEY, try_id=try_id, start=start, end=end, text=text)
        )

    def end(self, log: bytes, state: UnitState = UnitState.DONE, **fields: Any) -> None:
        """End the unit."""
        self.gateway.products.logs[_KEY] = log
        self.move(state, **fields)

    def follow(self, *steps: Callable[[], None], after: str | None = None, label: str = _SCW) -> list[Event]:
        """Read the stream to its end."""
        following: Iterator[Callable[[], None]] = iter(steps)

        def go_on(_: Document) -> None:
            if (step := next(following, None)) is not None:
                step()

        self.gateway.publisher.on_broadcast = go_on
        headers = {"Last-Event-ID": after} if after else {}
        response = self.gateway.call("GET", f"/jobs/{self.job}/units/{label}/log?follow=true", headers=headers)
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(read_events(response))

    def wishes(self) -> list[tuple[str, int]]:
        """Return what the units' services were asked for."""
        asked = [document for key, document in self.gateway.publisher.broadcasts if key == "follow.isgri"]
        return [(wish.try_id, wish.position) for wish in asked if isinstance(wish, FollowLog)]


@pytest.fixture
def play(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Play:
    monkeypatch.setattr(follow_log, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(follow_log, "_ASK_SECONDS", 0.0)
    return Play(gateway)


def _texts(events: list[Event]) -> list[tuple[str, int]]:
    return [(event.data["text"], event.data["left_out"]) for event in events if event.name == "log"]


def test_a_unit_is_followed_to_its_end_and_the_rest_comes_from_the_store(play: Play) -> None:
    events = play.follow(
        lambda: play.write(0, "one\n"), lambda: play.write(4, "two\n"), lambda: play.end(b"one\ntwo\nthree\n")
    )
    assert _texts(events) == [("one\n", 0), ("two\n", 0), ("three\n", 0)]
    assert [event.data["state"] for event in events if event.name == "state"] == ["running", "done"]
    assert events[-1] == Event("end", events[-1].id, {"state": "done", "failure": None})
    assert play.wishes()[:3] == [("", 0), (_TRY, 4), (_TRY, 8)]


def test_pieces_that_come_twice_are_told_once_and_missing_bytes_are_counted(play: Play) -> None:
    def disorder() -> None:
        for start, text in ((0, "abcd"), (0, "abcd"), (2, "cdef"), (10, "later")):
            play.write(start, text)

    events = play.follow(disorder, lambda: play.end(b"abcdef....later"))
    assert _texts(events) == [("abcd", 0), ("ef", 0), ("later", 4)]


def test_a_stream_that_broke_is_taken_up(play: Play) -> None:
    events = play.follow(lambda: play.write(0, "one\ntwo\n"), lambda: play.end(b"one\ntwo\n"), after=f"{_TRY}-1-4")
    assert _texts(events) == [("two\n", 0)]
    assert play.wishes()[0] == (_TRY, 4)
    assert _texts(play.follow(after=f"{_TRY}-1-8")) == []
    assert _texts(play.follow(after="nonsense")) == [("one\ntwo\n", 0)]


def test_the_next_try_begins_anew(play: Play) -> None:
    events = play.follow(
        lambda: play.write(0, "first try\n"),
        lambda: play.move(UnitState.RUNNING, attempt=2, step="work"),
        lambda: play.write(0, "second\n", try_id="ffffffff"),
        lambda: play.end(b"second\nand last\n", attempt=2),
    )
    assert _texts(events) == [("first try\n", 0), ("second\n", 0), ("and last\n", 0)]


def test_the_end_of_a_try_that_nobody_saw_is_told_from_its_beginning(play: Play) -> None:
    events = play.follow(lambda: play.write(0, "first try\n"), lambda: play.end(b"second\n", attempt=2))
    assert _texts(events) == [("first try\n", 0), ("second\n", 0)]


def test_of_a_log_without_its_middle_no_rest_is_made_up(play: Play) -> None:
    events = play.follow(lambda: play.write(0, "one\n"), lambda: play.end(b"x" * LOG_LIMIT))
    assert _texts(events) == [("one\n", 0)]


def test_a_failure_ends_the_stream_with_its_reason(play: Play) -> None:
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text="nothing usable")
    events = play.follow(lambda: play.end(b"log\n", UnitState.FAILED, failure=failure), label="201600270010")
    assert _texts(events) == [("log\n", 0)]
    assert events[-1].data["failure"]["reason"] == "EmptyImageList"


def test_a_unit_that_waits_is_not_asked_for_its_log(play: Play) -> None:
    play.move(UnitState.CANCELLED)
    events = play.follow()
    assert [event.name for event in events] == ["state", "end"]
    assert play.wishes() == []


def test_an_unknown_unit_is_a_problem_not_a_stream(play: Play) -> None:
    response = play.gateway.call("GET", f"/jobs/{play.job}/units/201699990010/log?follow=true")
    assert response.status_code == 404
    assert "no unit" in json.loads(response.text)["detail"]
