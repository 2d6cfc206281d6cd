"""Announcements: which workers of an instrument live, and the image and calibration that they run."""

from typing import Any, NamedTuple

import redis
from pydantic import ValidationError

from mesh.contracts.document import Part
from mesh.errors import ContractViolation
from mesh.store import names
from mesh.store.connect import redis_answers

ALIVE_SECONDS = 20.0
"""Workers announce themselves every 5 s; one that was not heard of for so long is gone."""
_FORGET_SECONDS = 86_400.0


class Announcement(Part):
    """What one worker says of itself."""

    image: str
    """Digest of the image, or of the package for the local runner: it enters the unit keys."""
    calibration: str
    runner: str
    worker: str
    slots: int
    """Units at once."""


class Announced(Part):
    """What an instrument can do now."""

    image: str
    calibration: str
    slots: int
    """Units at once of all living workers; 0 when none lives."""
    workers: tuple[str, ...]
    """The living ones."""
    run: frozenset[tuple[str, str]]
    """Image and calibration of each of them; two in a roll-out."""


class Worker(NamedTuple):
    """One worker, as it was last heard of."""

    name: str
    image: str
    calibration: str
    runner: str
    slots: int
    silent_s: float
    """How long nothing was heard of it [s]."""
    withdrawn: bool
    """Whether it takes no more units."""

    @property
    def alive(self) -> bool:
        """Whether it takes units."""
        return not self.withdrawn and self.silent_s < ALIVE_SECONDS


class _Heard(Part):
    announcement: Announcement
    since: float
    """When this worker began with this image."""
    at: float
    withdrawn: bool = False


class Announcements:
    """The workers of every instrument. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def announce(self, instrument: str, announcement: Announcement) -> None:
        """Say that a worker lives and what it runs."""
        now, workers = self._now(), self._workers(instrument)
        before = workers.get(announcement.worker)
        same = before is not None and _what(before.announcement) == _what(announcement)
        since = before.since if before is not None and same else now
        self._keep(instrument, _Heard(announcement=announcement, since=since, at=now))
        # Every start of a worker has a name of its own: forget those of the day before.
        if gone := [name for name, heard in workers.items() if now - heard.at > _FORGET_SECONDS]:
            self._redis.hdel(names.announced(instrument), *gone)

    @redis_answers()
    def withdraw(self, instrument: str, worker: str) -> None:
        """Say that a worker takes no more units; the last word on the image stays."""
        heard = self._workers(instrument).get(worker)
        if heard is not None:
            self._keep(instrument, heard.model_copy(update={"withdrawn": True}))

    @redis_answers()
    def announced(self, instrument: str) -> Announced | None:
        """Return what an instrument runs; None when none of its workers was ever heard of.

        With no living worker the last known image still counts: units can be planned and wait. While workers of two
        images live (a roll-out), the image that appeared last counts.
        """
        now, heard = self._now(), list(self._workers(instrument).values())
        if not heard:
            return None
        alive = [entry for entry in heard if not entry.withdrawn and now - entry.at < ALIVE_SECONDS]
        newest = max(alive, key=lambda entry: entry.since) if alive else max(heard, key=lambda entry: entry.at)
        return Announced(
            image=newest.announcement.image,
            calibration=newest.announcement.calibration,
            slots=sum(entry.announcement.slots for entry in alive),
            workers=tuple(sorted(entry.announcement.worker for entry in alive)),
            run=frozenset(_what(entry.announcement) for entry in alive),
        )

    @redis_answers()
    def workers(self, instrument: str) -> list[Worker]:
        """Return every worker of an instrument that was heard of within a day, those that live first."""
        now = self._now()
        found = [
            Worker(
                name=name,
                image=heard.announcement.image,
                calibration=heard.announcement.calibration,
                runner=heard.announcement.runner,
                slots=heard.announcement.slots,
                silent_s=max(0.0, now - heard.at),
                withdrawn=heard.withdrawn,
            )
            for name, heard in self._workers(instrument).items()
        ]
        return sorted(found, key=lambda worker: (not worker.alive, worker.name))

    def _workers(self, instrument: str) -> dict[str, _Heard]:
        return {worker: _read(text) for worker, text in self._redis.hgetall(names.announced(instrument)).items()}

    def _keep(self, instrument: str, heard: _Heard) -> None:
        self._redis.hset(names.announced(instrument), heard.announcement.worker, heard.model_dump_json())

    def _now(self) -> float:
        # The clock of Redis: one clock for all hosts.
        seconds, microseconds = self._redis.time()
        return float(seconds) + float(microseconds) / 1e6


def _what(announcement: Announcement) -> tuple[str, str]:
    return announcement.image, announcement.calibration


def _read(text: str) -> _Heard:
    try:
        return _Heard.read_json(text)
    except ValidationError as error:
        raise ContractViolation(f"announcement: {error}") from error
