"""Loads: how much of a user waits or is in work, and what the user has spent today."""

from typing import Any, NamedTuple

import redis

from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.library import Library

DAY_SECONDS = 86_400


class Load(NamedTuple):
    """What a user has on the mesh."""

    jobs: int
    """Jobs that have not ended."""
    units: int
    """Units of theirs that have not ended; windows, for a job that is not planned yet."""
    spent_s: float
    """Container seconds since midnight, UTC."""
    unplanned: int
    """Jobs of all users that are not planned yet."""


class Loads:
    """The loads of users. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index
        self._library = Library(index)

    @redis_answers()
    def of(self, user: str) -> Load:
        """Return the load of one user, in one round trip."""
        jobs, units, spent, unplanned = self._library.call("load", user)
        return Load(int(jobs), int(units), float(spent), int(unplanned))

    @redis_answers()
    def admit(self, user: str, most: int) -> bool:
        """Enter a user among those who asked for something within a day; false when there are *most* others."""
        return bool(self._library.call("admit", user, most))

    @redis_answers()
    def users(self) -> list[str]:
        """Return everybody who spent something today."""
        seconds, _ = self._redis.time()
        return sorted(self._redis.hkeys(names.spent(int(seconds) // DAY_SECONDS)))

    @redis_answers()
    def lately(self) -> list[str]:
        """Return everybody who asked for something within a day."""
        seconds, _ = self._redis.time()
        return list(self._redis.zrange(names.USERS, int(seconds) - DAY_SECONDS, "+inf", byscore=True))
