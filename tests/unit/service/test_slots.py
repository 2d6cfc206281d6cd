"""Slots: lanes, reservation and order."""

from collections.abc import Iterator

import eventlet
import pytest

from mesh.contracts.request import Lane
from mesh.service.slots import Slots, capacity, lane_prefetch


class Units:
    """Greenlets that hold a slot until told to end."""

    def __init__(self, slots: int) -> None:
        self._slots = Slots(slots)
        self._ends: dict[str, eventlet.event.Event] = {}
        self.running: list[str] = []
        self.threads: dict[str, eventlet.greenthread.GreenThread] = {}

    def start(self, lane: Lane, *names: str, alone: bool = False) -> None:
        """Let units ask for a slot."""
        for name in names:
            self._ends[name] = eventlet.event.Event()
            self.threads[name] = eventlet.spawn(self._run, lane, name, alone)
        eventlet.sleep(0)

    def end(self, name: str) -> None:
        """Let a running unit end."""
        self._ends[name].send()
        eventlet.sleep(0)
        eventlet.sleep(0)

    def kill(self, name: str) -> None:
        """Kill a unit, running or waiting."""
        self.threads[name].kill()
        eventlet.sleep(0)

    def _run(self, lane: Lane, name: str, alone: bool) -> None:
        with self._slots.hold(lane, alone=alone):
            self.running.append(name)
            try:
                self._ends[name].wait()
            finally:
                self.running.remove(name)


@pytest.fixture
def units() -> Iterator[Units]:
    made = Units(3)
    yield made
    for name in list(made.threads):
        made.kill(name)


@pytest.mark.parametrize(
    ("slots", "alert", "user", "batch", "at_once"), [(1, 1, 1, 1, 2), (2, 2, 1, 1, 2), (3, 3, 2, 1, 3), (8, 8, 7, 6, 8)]
)
def test_lanes_get_their_share(slots: int, alert: int, user: int, batch: int, at_once: int) -> None:
    assert lane_prefetch(slots) == {Lane.ALERT: alert, Lane.USER: user, Lane.BATCH: batch}
    assert capacity(slots) == at_once


def test_users_leave_the_reserved_slot_to_alerts(units: Units) -> None:
    units.start(Lane.USER, "u1", "u2", "u3")
    assert units.running == ["u1", "u2"]

    units.start(Lane.ALERT, "a1")
    assert units.running == ["u1", "u2", "a1"]


def test_alerts_may_take_every_slot_and_no_more(units: Units) -> None:
    units.start(Lane.ALERT, "a1", "a2", "a3", "a4")

    assert units.running == ["a1", "a2", "a3"]


def test_alerts_go_first_then_users_then_batch(units: Units) -> None:
    units.start(Lane.ALERT, "a1", "a2", "a3")
    units.start(Lane.BATCH, "b1")
    units.start(Lane.USER, "u1")
    units.start(Lane.ALERT, "a4")

    units.end("a1")
    assert units.running == ["a2", "a3", "a4"]
    units.end("a2")
    assert units.running == ["a3", "a4", "u1"]
    units.end("a3")
    assert units.running == ["a4", "u1", "b1"]


def test_batch_has_a_limit_of_its_own(units: Units) -> None:
    units.start(Lane.BATCH, "b1", "b2")

    assert units.running == ["b1"]


def test_a_failed_unit_frees_its_slot(units: Units) -> None:
    units.start(Lane.USER, "u1", "u2", "u3")

    units.kill("u1")

    assert units.running == ["u2", "u3"]


def test_who_gives_up_waiting_takes_no_slot(units: Units) -> None:
    units.start(Lane.USER, "u1", "u2", "u3", "u4")
    units.kill("u3")

    units.end("u1")

    assert units.running == ["u2", "u4"]


def test_who_must_run_alone_waits_for_the_others_and_they_for_it(units: Units) -> None:
    units.start(Lane.USER, "u1")
    units.start(Lane.USER, "suspect", alone=True)
    units.start(Lane.USER, "u2")
    assert units.running == ["u1"]
    units.end("u1")
    assert units.running == ["suspect"]
    units.start(Lane.BATCH, "b1")
    assert units.running == ["suspect"]
    units.end("suspect")
    assert units.running == ["u2", "b1"]


def test_two_that_must_run_alone_take_turns(units: Units) -> None:
    units.start(Lane.USER, "s1", "s2", alone=True)
    assert units.running == ["s1"]
    units.end("s1")
    assert units.running == ["s2"]


def test_an_alert_waits_for_nobody_that_must_run_alone(units: Units) -> None:
    units.start(Lane.USER, "suspect", alone=True)
    units.start(Lane.ALERT, "a1")
    assert units.running == ["suspect", "a1"]


def test_others_go_on_when_one_that_must_run_alone_gives_up(units: Units) -> None:
    units.start(Lane.USER, "u1")
    units.start(Lane.USER, "suspect", alone=True)
    units.start(Lane.USER, "u2")
    units.kill("suspect")
    assert units.running == ["u1", "u2"]
