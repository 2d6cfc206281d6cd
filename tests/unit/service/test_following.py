"""Logs go to those who follow them, from where each of them is, and stop when nobody does."""

from collections.abc import Iterator

import eventlet
import pytest

from mesh.contracts import FollowLog, LogText
from mesh.errors import BrokerUnavailable
from mesh.runner.livelog import LiveLog, LogPart
from mesh.service import following
from mesh.service.following import Following

KEY = "ab" * 32


class Bench:
    """A unit that runs, and what was told of its log."""

    def __init__(self) -> None:
        self.log: LiveLog | None = LiveLog()
        self.told: list[LogText] = []
        self.broken = False
        self.following = Following("noop", self._read, self._emit)

    def follow(self, try_id: str = "", position: int = 0) -> None:
        """Wish to follow."""
        self.following.follow(FollowLog(unit_key=KEY, try_id=try_id, position=position))

    def _read(self, key: str, try_id: str, position: int) -> LogPart | None:
        return None if self.log is None or key != KEY else self.log.read(try_id, position)

    def _emit(self, piece: LogText) -> None:
        if self.broken:
            raise BrokerUnavailable("NoConfirm", "as asked for")
        self.told.append(piece)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The looks are the test's own."""
    monkeypatch.setattr(eventlet, "spawn", lambda *_: "a greenlet")
    yield Bench()


def test_each_look_sends_what_is_new(bench: Bench) -> None:
    assert bench.log is not None
    bench.follow()
    for text in (b"one\n", b"", b"two \xff\n"):
        bench.log.add(bench.log.end, text)
        bench.following.look()
    assert [(piece.start, piece.end, piece.text) for piece in bench.told] == [(0, 4, "one\n"), (4, 10, "two \ufffd\n")]
    assert {piece.routing_key for piece in bench.told} == {"log.noop"}


def test_a_second_reader_gets_all_of_it_and_the_first_nothing_that_it_cannot_tell(bench: Bench) -> None:
    assert bench.log is not None
    bench.log.add(0, b"one\n")
    bench.follow()
    bench.following.look()
    bench.follow(bench.log.try_id, 4)
    bench.following.look()
    bench.follow()
    bench.following.look()
    assert [(piece.start, piece.end) for piece in bench.told] == [(0, 4), (0, 4)]


def test_a_unit_that_does_not_run_here_is_not_followed(bench: Bench) -> None:
    bench.log = None
    bench.follow()
    bench.log = LiveLog()
    bench.log.add(0, b"one\n")
    bench.following.look()
    assert bench.told == []


def test_nothing_is_sent_after_the_end_or_when_nobody_repeats_the_wish(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = bench.log
    assert log is not None
    bench.follow()
    bench.log = None
    bench.following.look()
    bench.log = log
    log.add(0, b"one\n")
    bench.following.look()
    assert bench.told == []
    monkeypatch.setattr(following, "FOLLOWED_SECONDS", -1.0)
    bench.follow()
    bench.following.look()
    assert bench.told == []


def test_a_piece_that_could_not_be_sent_comes_with_the_next_wish(bench: Bench) -> None:
    assert bench.log is not None
    bench.log.add(0, b"one\n")
    bench.broken = True
    bench.follow()
    bench.following.look()
    bench.broken = False
    bench.following.look()
    assert bench.told == []
    bench.follow()
    bench.following.look()
    assert [piece.text for piece in bench.told] == ["one\n"]


def test_the_greenlet_ends_when_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.01)
    bench = Bench()
    assert bench.log is not None
    bench.log.add(0, b"one\n")
    bench.follow()
    while not bench.told:
        eventlet.sleep(0.01)
    bench.log = None
    eventlet.sleep(0.1)
    bench.log = LiveLog()
    bench.log.add(0, b"two\n")
    bench.follow()
    while len(bench.told) < 2:
        eventlet.sleep(0.01)
    assert [piece.text for piece in bench.told] == ["one\n", "two\n"]
    bench.log = None
    eventlet.sleep(0.05)
