"""The backlog: units that are not released to the broker yet, and those released that nothing was heard of."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import redis

from mesh.store import names
from mesh.store.claims import CLAIM_SECONDS
from mesh.store.connect import redis_answers
from mesh.store.leases import TOMBSTONE_SECONDS
from mesh.store.library import Library
from mesh.store.runs import RunChange, changes

_FIRST_WATCH_SECONDS = 60.0
_LONGEST_WATCH_SECONDS = 3600.0


class Released(NamedTuple):
    """A unit that may go to the broker now."""

    lane: str
    key: str
    run_id: str
    user: str
    message: str
    """The unit as JSON."""
    asking: int
    """Number of the asking that it is released for; 0: unknown."""


class Release(NamedTuple):
    """What became of a look into the backlog."""

    units: list[Released]
    changes: list[RunChange]
    """What changed because the product of a unit was there already, so that it need not go to the broker."""
    more: bool
    """Whether another look may find more."""


class Silent(NamedTuple):
    """A released unit that nothing was heard of for too long."""

    key: str
    message: str
    tries: int
    """How often it was published again."""
    lane: str
    user: str
    asking: int
    """As of `Released`."""


class Backlog:
    """Units by instrument, lane and user. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index
        self._library = Library(index)

    @redis_answers()
    def release(
        self,
        instrument: str,
        lanes: Sequence[str],
        *,
        per_user: int,
        in_lane: int,
        most: int,
        now: str,
        claim: str,
    ) -> Release:
        """Take units from the backlog, fairly between users, in one round trip; see ``lua/release.lua``.

        Nothing is lost where the answer is: a unit is released, and published again when nobody is heard of it.

        Args:
            instrument: name.
            lanes: names, the most urgent first.
            per_user: most units of one user in one lane that are released and not final.
            in_lane: the same for all users of a lane.
            most: units to take from each lane in this call.
            now: UTC.
            claim: token for the claims on runs whose stage this completes.
        """
        limits = [per_user, in_lane, most, int(_FIRST_WATCH_SECONDS * 1000)]
        settling = [now, claim, int(CLAIM_SECONDS * 1000), TOMBSTONE_SECONDS]
        units, changed, more = self._library.call("release", instrument, *limits, *settling, *lanes)
        released = [Released._make([*texts, int(asking)]) for *texts, asking in units]
        return Release(released, changes(changed), bool(more))

    @redis_answers()
    def not_published(self, keys: Sequence[str]) -> None:
        """Say that the broker did not take released units: they are due at once."""
        if keys:
            self._redis.zadd(names.WATCHED_UNITS, dict.fromkeys(keys, 0), xx=True)

    @redis_answers()
    def put_back(self, released: Sequence[Released]) -> int:
        """Take back the release of units that a full queue refused; returns how many are in the backlog again."""
        if not released:
            return 0
        return int(self._library.call("put_back", *(text for entry in released for text in (entry.key, entry.run_id))))

    @redis_answers()
    def silent(self, limit: int) -> list[Silent]:
        """Return released units whose time to look after them has come."""
        seconds, microseconds = self._redis.time()
        now = seconds * 1000 + microseconds // 1000
        keys = self._redis.zrange(names.WATCHED_UNITS, 0, now, byscore=True, offset=0, num=limit)
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.hmget(names.unit_record(key), "message", "tries", "lane", "user", "asking")
        found, gone = [], []
        for key, (message, tries, lane, user, asking) in zip(keys, pipeline.execute(), strict=True):
            if message is None:
                gone.append(key)
            else:
                found.append(Silent(key, message, int(tries or 0), lane, user, int(asking or 0)))
        if gone:
            self._redis.zrem(names.WATCHED_UNITS, *gone)
        return found

    @redis_answers()
    def watch(self, key: str, tries: int) -> None:
        """Look after a released unit again later; the pause doubles each time that it was published again (*tries*)."""
        pause = min(_FIRST_WATCH_SECONDS * 2**tries, _LONGEST_WATCH_SECONDS)
        self._library.call("watch", key, int(pause * 1000), tries)
