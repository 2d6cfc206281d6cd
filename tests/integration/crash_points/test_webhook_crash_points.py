"""A fault at each call of Redis, the store or a receiver: each endpoint gets each message, and always the same one."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import redis

from mesh.errors import TransientFailure
from mesh.store.webhook_index import WebhookIndex
from services.transports.webhooks.post import Answer
from tests.integration.crash_points.injector import Died, Fault, FaultyRedis, Injector, MemoryObjects
from tests.unit.transports.webhook_world import AWAY, WebhookWorld

_IDENTS = tuple(f"{number:032x}" for number in range(2))
_SAMPLED, _TRIES = 8, 20


class CrashingWorld(WebhookWorld):
    """Transports that die and are started again; the broker delivers again what was not settled."""

    def __init__(self, real: redis.Redis, injector: Injector) -> None:
        self.real, self.injector = real, injector

        def call(what: str, work: Callable[[], Answer]) -> Answer:
            try:
                return injector.call(what, work, TransientFailure("Away", "injected"))
            except TransientFailure:
                return AWAY

        super().__init__(MemoryObjects(injector), WebhookIndex(FaultyRedis(real, injector)), call)

    def until_done(self, work: Callable[[], object]) -> None:
        """Do something until it succeeds; who dies is started again."""
        for _ in range(_TRIES):
            try:
                work()
            except Died:
                self.injector.dead = False
                self.start()
            except TransientFailure:
                continue
            else:
                return
        raise AssertionError("never done")

    def rounds(self, number: int, seconds: float) -> None:
        """Let the timers of the service come round."""
        for _ in range(number):
            self.now += seconds
            self.until_done(self._timers)

    def _timers(self) -> None:
        self.deliveries.complete_index()
        self.deliveries.look()

    def play(self, *, flush: bool) -> list[str]:
        """Have two messages posted to two endpoints, of which one answers at the second try alone."""
        self.injector.armed = False
        self.add("slow")
        self.add("quick")
        self.answers["slow"] = Answer(503, "Answered 503")
        self.injector.armed = True
        for ident in _IDENTS:
            self.until_done(lambda ident=ident: self.publish(ident=ident))  # type: ignore[misc]
        self.rounds(2, 1.0)
        if flush:
            self.real.delete(*self.real.scan_iter("webhooks:*"))
        del self.answers["slow"]
        self.rounds(4, 5.0)
        self.injector.armed = False
        self.deliveries.sweep()
        self.rounds(6, 90.0)
        return self.problems()

    def problems(self) -> list[str]:
        """Return everything that is not as it must be in the end."""
        found = []
        for endpoint in ("slow", "quick"):
            for ident in _IDENTS:
                got = [one for one in self.posts if endpoint in one.url and one.headers["webhook-id"].endswith(ident)]
                if not self.delivery(endpoint, ident).delivered:
                    found.append(f"{ident[-1]} for {endpoint} is not delivered")
                if len({one.body for one in got}) != 1:
                    found.append(f"{ident[-1]} for {endpoint} was posted with {len(got)} bodies")
            found += [f"{one} still waits" for one in self.webhooks.all_waiting(endpoint)]
            found += [f"{endpoint} has {number} in the index" for number in [self.index.waiting(endpoint)] if number]
        return found


def _play(index: redis.Redis, flush: bool, injector: Injector) -> list[str]:
    for key in index.scan_iter("webhooks:*"):
        index.delete(key)
    return CrashingWorld(index, injector).play(flush=flush)


def _found(index: redis.Redis, flush: bool, fault: Fault, calls: Any) -> list[str]:
    found = []
    for number in calls:
        injector = Injector(at=number, fault=fault)
        problems = _play(index, flush, injector)
        found += [f"call {number} ({injector.hit}), {fault.value}: {problem}" for problem in problems]
    return found


def _calls(index: redis.Redis, flush: bool) -> int:
    counted = Injector()
    assert _play(index, flush, counted) == []
    return counted.calls


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("flush", [False, True], ids=["kept", "flushed"])
def test_no_webhook_is_lost_between_two_steps(index: redis.Redis, fault: Fault, *, flush: bool) -> None:
    calls = range(1, _calls(index, flush) + 1)
    some = Random(f"{flush} {fault}").sample(calls, min(_SAMPLED, len(calls)))  # noqa: S311 - no secret
    assert not _found(index, flush, fault, sorted(some))


@pytest.mark.long
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("flush", [False, True], ids=["kept", "flushed"])
def test_no_webhook_is_lost_between_any_two_steps(index: redis.Redis, fault: Fault, *, flush: bool) -> None:
    assert not _found(index, flush, fault, range(1, _calls(index, flush) + 1))
