"""Leases: who executes a unit, which owners live, and which units nobody wants any more."""

from typing import Any

import redis

from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.library import Library

OWNER_SECONDS = 20
"""An owner that was not heard of for so long is dead; owners beat every 5 s."""
TOMBSTONE_SECONDS = 86_400
"""Longer than any message about a unit can be on its way."""


class Leases:
    """Leases of units, with expiry: a lease whose owner died frees itself.

    A lease only saves work. Two executions of one unit write the same bytes under the same key, so a lease lost with
    the data of Redis does no harm. Every method raises StoreUnavailable when Redis is out of reach.
    """

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index
        self._library = Library(index)

    @redis_answers()
    def take(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a unit; true when it is ours (also when it was already)."""
        return bool(self._library.call("take_lease", unit_key, owner, _milliseconds(seconds)))

    @redis_answers()
    def renew(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Keep the lease; a lease that vanished with the data of Redis is taken again. False: it is another's."""
        return bool(self._library.call("take_lease", unit_key, owner, _milliseconds(seconds)))

    @redis_answers()
    def release(self, unit_key: str, owner: str) -> None:
        """Give the lease back; another owner's lease stays."""
        self._library.call("drop_lease", unit_key, owner)

    @redis_answers()
    def holder(self, unit_key: str) -> str | None:
        """Return the owner that executes a unit, or None."""
        owner: str | None = self._redis.get(names.lease(unit_key))
        return owner

    @redis_answers()
    def bury(self, unit_key: str, owner: str) -> None:
        """Free a unit whose owner died with it, and count the death unless the owner was about to leave anyway."""
        self._library.call("bury", unit_key, owner, TOMBSTONE_SECONDS)

    @redis_answers()
    def deaths(self, unit_key: str) -> int:
        """Return how many owners died one after another while they executed a unit."""
        return int(self._redis.get(names.unit_record(unit_key, "deaths")) or 0)

    @redis_answers()
    def acquit(self, unit_key: str) -> None:
        """Forget the deaths: an owner has survived the unit, or it is given up."""
        self._redis.delete(names.unit_record(unit_key, "deaths"))

    @redis_answers()
    def leave_soon(self, owner: str) -> None:
        """Say that an owner was asked to end: if it does so in the middle of a unit, the unit is not to blame."""
        self._redis.set(names.owner(owner, "leaving"), "1", ex=TOMBSTONE_SECONDS)

    @redis_answers()
    def beat(self, owner: str, seconds: float = OWNER_SECONDS) -> None:
        """Say that an owner lives."""
        self._redis.set(names.owner(owner), "1", px=_milliseconds(seconds))

    @redis_answers()
    def retire(self, owner: str) -> None:
        """Say that an owner has ended: what it left behind may be taken over at once."""
        self._redis.delete(names.owner(owner))

    @redis_answers()
    def owner_alive(self, owner: str) -> bool:
        """Say whether an owner was heard of lately."""
        return bool(self._redis.exists(names.owner(owner)))

    @redis_answers()
    def unit_wanted(self, unit_key: str, asking: int = 0) -> bool:
        """Say whether a unit may go on: false once it ended, or every job that waited for it was cancelled.

        A unit that Redis knows nothing of is wanted: forgetting must not cancel.

        Args:
            unit_key: the unit.
            asking: the one of its message: a copy that is left of an earlier asking is not wanted, even if the unit was
                asked for again. 0: any.
        """
        return bool(self._library.call("unit_wanted", unit_key, asking))


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
