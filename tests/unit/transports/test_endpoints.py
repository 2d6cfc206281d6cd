"""The list of endpoints: never older than the question, and not read for each who asks."""

import threading
import uuid
from typing import Any

import pytest

from mesh.errors import StoreUnavailable
from services.transports.webhooks.endpoints import Endpoints
from tests.unit.webhook_doubles import MemoryWebhookIndex

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


class _Turn:
    """A lock that tells when somebody wants it."""

    def __init__(self) -> None:
        self.wanted = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.wanted.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Numbered:
    def __init__(self, name: str) -> None:
        self.name = name


def test_those_who_ask_during_a_reading_share_the_next_one() -> None:
    slow = _Slow()
    gone: list[str] = []
    found: list[str] = []
    index = MemoryWebhookIndex()
    # Somebody changes them all the time, so that each reading is a listing.
    index.endpoints_revision = lambda: uuid.uuid4().hex  # type: ignore[method-assign]
    endpoints = Endpoints(slow, index, gone=gone.append)  # type: ignore[arg-type]
    turn = endpoints._reading = _Turn()  # type: ignore[assignment]
    first = threading.Thread(target=endpoints.now)
    first.start()
    assert slow.reading.acquire(timeout=10)
    others = [threading.Thread(target=lambda: found.append(endpoints.now()[0].name)) for _ in range(_ASKING)]
    for one in others:
        one.start()
    for _ in range(_ASKING + 1):
        assert turn.wanted.acquire(timeout=10)
    # The reading that goes on began before they asked: what it finds may be too old for them.
    slow.go_on.release()
    for _ in range(_ASKING):
        slow.go_on.release()
    for one in (first, *others):
        one.join(10)
    assert found == ["2"] * _ASKING
    assert slow.begun == 2
    assert gone[0] == "1"


class _Counted:
    """Webhooks that count their listings."""

    def __init__(self) -> None:
        self.listings = 0
        self.names = ["first"]

    def endpoints(self) -> list[Any]:
        self.listings += 1
        return [_Numbered(name) for name in self.names]


def test_they_are_listed_when_they_have_changed_and_not_for_each_message() -> None:
    webhooks, index, now = _Counted(), MemoryWebhookIndex(), [1000.0]
    endpoints = Endpoints(webhooks, index, clock=lambda: now[0])  # type: ignore[arg-type]
    for _ in range(10):
        assert [one.name for one in endpoints.now()] == ["first"]
    assert webhooks.listings == 1
    webhooks.names.append("second")
    index.endpoints_changed()
    assert [one.name for one in endpoints.now()] == ["first", "second"]
    index.forget()
    endpoints.now()
    assert webhooks.listings == 3, "after a flush nobody knows what has changed"
    webhooks.names.append("third")
    now[0] += 3.0
    assert [one.name for one in endpoints.lately()] == ["first", "second", "third"], "who changed them died before"
    assert len(endpoints.now()) == 3


def test_while_redis_is_away_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks, index = _Counted(), MemoryWebhookIndex()
    endpoints = Endpoints(webhooks, index)  # type: ignore[arg-type]
    endpoints.now()

    def away() -> str:
        raise StoreUnavailable("StoreUnavailable", "no answer")

    monkeypatch.setattr(index, "endpoints_revision", away)
    webhooks.names.append("second")
    assert [one.name for one in endpoints.now()] == ["first", "second"]
