"""Causes of alarms: what is broken at the same time, what is noted, and that everything is mended whatever happens."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.alarms.__main__ import CAUSES
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.course import Course
from tests.alarms.outcome import Outcome
from tests.alarms.receiver import Receiver


class _Ground:
    def until_ready(self) -> None:
        """Be ready."""


_GROUND: Any = _Ground()


class World:
    """Causes that only say that they are broken, and a receiver that is told a while later."""

    def __init__(self) -> None:
        self.now = 0.0
        self.broken: list[str] = []
        self.together: set[frozenset[str]] = set()
        self.receiver = Receiver("")
        self.silent: set[str] = set()
        self.raise_s, self.clear_s = 60.0, 90.0
        self.outcomes: list[Outcome] = []
        self._due: list[tuple[float, str, str]] = []

    def cause(self, name: str, **fields: Any) -> Cause:
        """Return a cause that raises the alarms whose names it has, joined by ``+``."""
        raised = tuple(Raised(one, fields.pop("within_s", 100.0), 100.0) for one in name.split("+"))
        return Cause(name, lambda _: self._break(name), raised, **fields)

    def run(self, *causes: Cause) -> dict[str, Outcome]:
        """Have them all broken; returns what came of each alarm."""
        Course(self, _GROUND, self.outcomes.append, clock=lambda: self.now, pause=self._pass).run(causes)
        return {one.alarm: one for one in self.outcomes}

    def raised(self, name: str) -> bool:
        """As the receiver says."""
        return self.receiver.raised(name)

    def when_raised(self, name: str, since: float) -> float | None:
        """As the receiver says."""
        return self.receiver.when_raised(name, since)

    def when_over(self, name: str, since: float) -> float | None:
        """As the receiver says."""
        return self.receiver.when_over(name, since)

    def _break(self, name: str) -> AbstractContextManager[None]:
        @contextmanager
        def broken() -> Iterator[None]:
            self.broken.append(name)
            self.together.add(frozenset(self.broken))
            names = [one for one in name.split("+") if one not in self.silent]
            self._due += [(self.now + self.raise_s, one, "firing") for one in names]
            try:
                yield
            finally:
                self.broken.remove(name)
                self._due += [(self.now + self.clear_s, one, "resolved") for one in names]

        return broken()

    def _pass(self, seconds: float) -> None:
        self.now += seconds
        for when, name, status in [one for one in self._due if one[0] <= self.now]:
            self._due.remove((when, name, status))
            self.receiver.take({"alerts": [{"labels": {"alertname": name}, "fingerprint": "1", "status": status}]})


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr("tests.alarms.receiver.time.monotonic", lambda: made.now)
    return made


def test_what_disturbs_nobody_is_broken_at_once_and_times_are_those_of_the_receiver(world: World) -> None:
    told = world.run(*(world.cause(name) for name in ("A", "B", "C+D")))
    assert frozenset({"A", "B", "C+D"}) in world.together
    assert {name: (one.raised_s, one.cleared_s, one.remark) for name, one in told.items()} == dict.fromkeys(
        "ABCD", (60.0, 90.0, "")
    )
    assert world.now < 160, "side by side"


def test_what_takes_the_mesh_is_broken_alone_and_its_end_is_awaited_beside_others(world: World) -> None:
    causes = [world.cause("Whole", takes=frozenset({Part.MESH})), world.cause("A"), world.cause("B")]
    world.run(*causes)
    assert world.together == {frozenset({"Whole"}), frozenset({"A"}), frozenset({"A", "B"})}
    assert world.now < 60 + 160


def test_what_another_takes_or_needs_waits(world: World) -> None:
    slots, dispatcher = frozenset({Part.SLOTS}), frozenset({Part.DISPATCHER})
    first, second = world.cause("A", takes=slots), world.cause("B", takes=slots | dispatcher)
    reader, other = world.cause("C", needs=dispatcher), world.cause("D", needs=dispatcher)
    world.run(first, second, reader, other)
    for pair in ({"A", "B"}, {"B", "C"}, {"B", "D"}):
        assert not any(pair <= together for together in world.together), pair
    assert frozenset("ACD") in world.together


def test_what_would_hide_an_alarm_or_raise_it_again_comes_later(world: World) -> None:
    told = world.run(
        world.cause("DiskAlmostFull"), world.cause("StoreAlmostFull"), world.cause("A", also=("DiskAlmostFull",))
    )
    assert {one.remark for one in told.values()} == {""}
    assert not any({"DiskAlmostFull", "A"} <= together for together in world.together)


def test_an_alarm_that_is_not_raised_or_not_over_in_time_is_said(world: World) -> None:
    world.silent = {"Silent"}
    assert world.run(world.cause("Silent"))["Silent"].remark == "not raised within 100 s"
    world.clear_s = 1e6
    assert world.run(world.cause("Stays"))["Stays"].remark == "not cleared within 100 s"
    assert world.broken == []
    assert world.run(world.cause("Stays"))["Stays"].remark == "raised already, or held back, by something else"


def test_an_alarm_that_comes_late_is_said_although_its_cause_lasts_for_another(world: World) -> None:
    world.raise_s = 150
    fast, slow = Raised("Fast", 100.0, 100.0), Raised("Slow", 200.0, 100.0)
    cause = Cause("Fast+Slow", world.cause("Fast+Slow").broken, (fast, slow))
    told = world.run(cause)
    assert told["Fast"].remark == "raised, but not within 100 s"
    assert (told["Slow"].raised_s, told["Slow"].remark) == (150.0, "")


def test_a_fault_of_one_cause_harms_no_other(world: World) -> None:
    @contextmanager
    def unable(_: Any) -> Iterator[None]:
        raise LookupError("no loop devices")
        yield

    @contextmanager
    def faulty(_: Any) -> Iterator[None]:
        yield
        raise ValueError("cannot be mended")

    causes = [
        Cause("unable", unable, (Raised("Unable", 100),)),
        Cause("faulty", faulty, (Raised("Faulty", 100),)),
        world.cause("Fine"),
    ]
    told = world.run(*causes)
    assert (told["Unable"].remark, told["Unable"].good) == ("not caused: no loop devices", True)
    assert (told["Faulty"].remark, told["Faulty"].good) == ("not mended: ValueError: cannot be mended", False)
    assert told["Fine"].remark == ""


def test_who_interrupts_leaves_nothing_broken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world, "_pass", interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.run(world.cause("A"), world.cause("B"))
    assert world.broken == []


def test_an_alarm_is_raised_as_long_as_any_of_its_series_is() -> None:
    receiver = Receiver("")
    for fingerprint, status in (("1", "firing"), ("2", "firing"), ("1", "resolved")):
        receiver.take({"alerts": [{"labels": {"alertname": "A"}, "fingerprint": fingerprint, "status": status}]})
    assert receiver.raised("A")
    assert receiver.when_over("A", 0.0) is None
    receiver.take({"alerts": [{"labels": {"alertname": "A"}, "fingerprint": "2", "status": "resolved"}]})
    assert not receiver.raised("A")
    assert receiver.when_over("A", 0.0) is not None
    assert not receiver.raised("B")


def test_causes_of_the_whole_mesh_come_first() -> None:
    whole = [Part.MESH in one.takes for one in CAUSES]
    assert whole == sorted(whole, reverse=True)
