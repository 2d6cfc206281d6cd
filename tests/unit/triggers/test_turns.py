"""Who goes first when many entries wait: what is urgent, then what came first."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from mesh.contracts.notice import Messenger, Notice, NoticeKind
from services.triggers.turns import Turns, urgency_of


def _notice(**fields: Any) -> Notice:
    known = {"format": "gcn-json", "stream": "x", "event_key": "x:1", "ident": "1", "label": "1"}
    return Notice.model_validate({**known, "kind": NoticeKind.INITIAL, **fields})


_IN_ORDER = (
    None,
    _notice(messenger=Messenger.GW, significant=True, properties={"HasNS": 0.9}),
    _notice(messenger=Messenger.GW, significant=True, properties={"HasNS": 0.1}),
    _notice(messenger=Messenger.NEUTRINO),
    _notice(messenger=Messenger.GRB),
    _notice(messenger=Messenger.FRB),
    _notice(messenger=Messenger.GW, significant=True, properties={"HasNS": 0.9}, test=True),
)


def test_mocks_give_way_and_mergers_with_a_neutron_star_go_first() -> None:
    urgencies = [urgency_of(one) for one in _IN_ORDER]
    assert urgencies == sorted(set(urgencies))
    assert urgency_of(_notice(kind=NoticeKind.RETRACTION)) == urgencies[1]
    assert urgency_of(_notice(kind=NoticeKind.RETRACTION, test=True)) == urgencies[-1]


def _waiting(turns: Turns, number: int) -> None:
    for _ in range(1000):
        if len(turns._waiting) == number:
            return
        threading.Event().wait(0.01)
    raise AssertionError(turns._waiting)


@pytest.mark.parametrize("fails", [False, True])
def test_the_most_urgent_goes_next_and_equal_ones_as_they_came(*, fails: bool) -> None:
    turns, went = Turns(1), []

    def working(name: str, urgency: int) -> Callable[[], None]:
        def work() -> None:
            try:
                with turns.turn(urgency):
                    went.append(name)
                    if fails:
                        raise LookupError
            except LookupError:
                pass

        return work

    threads = []
    with turns.turn(5):
        for number, (name, urgency) in enumerate((("mock", 9), ("mock 2", 9), ("burst", 4), ("merger", 2)), start=1):
            threads.append(threading.Thread(target=working(name, urgency)))
            threads[-1].start()
            _waiting(turns, number)
        assert went == []
    for one in threads:
        one.join(10)
    assert went == ["merger", "burst", "mock", "mock 2"]
    with turns.turn(9):
        went.append("the turn is free again")


class _Clock:
    """A clock that goes on when somebody sleeps; others come meanwhile, each at its time."""

    def __init__(self, *coming: float) -> None:
        self.now = 0.0
        self.coming = list(coming)
        self.turns: Turns | None = None

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.coming and self.coming[0] <= end:
            self.now = self.coming.pop(0)
            assert self.turns is not None
            self.turns._newest = self.now
        self.now = end


@pytest.mark.parametrize(
    ("at_hand", "coming", "urgency", "waited"),
    [
        (7, (), 9, 0.3),
        (7, (0.1, 0.2, 0.4), 9, 0.7),
        (7, tuple(0.1 * number for number in range(1, 100)), 9, 5.0),
        (7, (0.1, 0.2), 5, 0.0),
        (6, (0.1, 0.2), 9, 0.0),
    ],
)
def test_mocks_wait_for_the_end_of_a_burst_and_nothing_else_does(
    at_hand: int, coming: tuple[float, ...], urgency: int, waited: float
) -> None:
    clock = _Clock(*coming)
    turns = clock.turns = Turns(at_hand + 1, clock=lambda: clock.now, sleep=clock.sleep)
    with ExitStack() as others:
        for _ in range(at_hand):
            others.enter_context(turns.turn(1))
        with turns.turn(urgency):
            assert clock.now == pytest.approx(waited)
    with turns.turn(9):
        assert clock.now == pytest.approx(waited), "nobody is at hand any more"
