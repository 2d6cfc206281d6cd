"""What a worker says of itself, from its start to the end of its drain."""

from dataclasses import dataclass, field
from typing import cast

import eventlet
import pytest

from mesh.errors import StoreUnavailable
from mesh.runner.protocol import Runner
from mesh.service.heartbeat import Heartbeat
from mesh.service.presence import Presence
from mesh.store.announcements import Announcement, Announcements
from mesh.store.leases import Leases
from tests.noop_unit import NOOP


@dataclass
class Redis:
    """Stands for leases and announcements, and notes what it is told."""

    said: list[str] = field(default_factory=list)
    announced: list[Announcement] = field(default_factory=list)
    away: bool = False

    def beat(self, owner: str) -> None:
        """Owner lives."""
        self._say(f"{owner} lives")

    def leave_soon(self, owner: str) -> None:
        """Owner was asked to end."""
        self._say(f"{owner} is leaving")

    def retire(self, owner: str) -> None:
        """Owner has ended."""
        self._say(f"{owner} ended")

    def announce(self, instrument: str, announcement: Announcement) -> None:
        """Worker takes units."""
        self._say(f"{announcement.worker} serves {instrument}")
        self.announced.append(announcement)

    def withdraw(self, instrument: str, worker: str) -> None:
        """Worker takes no more units."""
        self._say(f"{worker} leaves {instrument}")

    def _say(self, what: str) -> None:
        if self.away:
            raise StoreUnavailable("RedisUnavailable", "drill")
        self.said.append(what)


class RunnerDouble:
    """Has an image."""

    name = "fake"

    def image(self) -> str:
        """Return its digest."""
        return "sha256:1"


@pytest.fixture
def redis() -> Redis:
    return Redis()


def presence(redis: Redis, *, draining: bool = False) -> Presence:
    return Presence(
        instrument=NOOP,
        worker="worker-1",
        slots=3,
        runner=cast(Runner, RunnerDouble()),
        announcements=cast(Announcements, redis),
        leases=cast(Leases, redis),
        draining=lambda: draining,
        keep_leases=lambda: redis.said.append("leases kept"),
    )


def test_a_living_worker_says_what_it_runs(redis: Redis) -> None:
    presence(redis).beat()

    assert redis.said == ["worker-1 lives", "leases kept", "worker-1 serves noop"]
    assert redis.announced == [
        Announcement(image="sha256:1", calibration="noop-1", runner="fake", worker="worker-1", slots=3)
    ]


def test_a_draining_worker_still_owns_its_units_but_takes_no_more(redis: Redis) -> None:
    presence(redis, draining=True).beat()

    assert redis.said == ["worker-1 lives", "leases kept", "worker-1 is leaving", "worker-1 leaves noop"]


def test_a_worker_that_ends_says_so(redis: Redis) -> None:
    presence(redis).leave()

    assert redis.said == ["worker-1 leaves noop", "worker-1 ended"]


def test_leaving_needs_no_redis(redis: Redis) -> None:
    redis.away = True

    presence(redis).leave()

    assert redis.said == []


def test_the_heart_beats_on_after_failures() -> None:
    beats: list[int] = []
    failures: list[Exception] = [StoreUnavailable("RedisUnavailable", "drill"), ZeroDivisionError()]

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) <= len(failures):
            raise failures[len(beats) - 1]

    heartbeat = Heartbeat(beat, seconds=0.001)
    with eventlet.Timeout(10):
        while len(beats) < 5:
            eventlet.sleep(0.001)
    heartbeat.stop()
    stopped_at = len(beats)
    eventlet.sleep(0.01)

    assert len(beats) == stopped_at
