"""The list of endpoints: never older than the question, and not read for each who asks."""

import threading
from typing import Any

from services.transports.webhooks.endpoints import Endpoints

_ASKING = 12


class _Slow:
    """Webhooks whose list is read for as long as the test wants; a reading finds its own number."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = threading.Semaphore(0)
        self.reading = threading.Semaphore(0)

    def endpoints(self) -> list[Any]:
        self.begun += 1
        found = self.begun
        self.reading.release()
        assert self.go_on.acquire(timeout=10)
        return [_Numbered(str(found))]


class _Numbered:
    def __init__(self, name: str) -> None:
        self.name = name


def test_those_who_ask_during_a_reading_share_the_next_one() -> None:
    slow = _Slow()
    gone: list[str] = []
    found: list[str] = []
    endpoints = Endpoints(slow, gone=gone.append)  # type: ignore[arg-type]
    first = threading.Thread(target=endpoints.now)
    first.start()
    assert slow.reading.acquire(timeout=10)
    asked = threading.Barrier(_ASKING + 1)

    def ask() -> None:
        asked.wait(10)
        found.append(endpoints.now()[0].name)

    others = [threading.Thread(target=ask) for _ in range(_ASKING)]
    for one in others:
        one.start()
    asked.wait(10)
    # The reading that goes on began before they asked: what it finds may be too old for them.
    slow.go_on.release()
    for _ in range(_ASKING):
        slow.go_on.release()
    for one in (first, *others):
        one.join(10)
    assert "1" not in found
    assert len(found) == _ASKING
    assert slow.begun < _ASKING
    assert gone[0] == "1"
