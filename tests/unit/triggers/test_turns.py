"""Who goes first when many entries wait: what is urgent, then what came first."""

import threading
from collections.abc import Callable
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
