"""The index of alerts in Redis: newest events, other names, what was taken up, and what is to be looked at again.

All of it follows from the documents; the triggers service writes it anew where Redis lost it.
"""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import redis

from mesh.store import names
from mesh.store.connect import redis_answers

_LISTED = 100_000
_FORM = "3"
"""Of what is entered: an index that an older mesh has completed is made anew."""
_HELD_SECONDS = 15.0
"""Who looks at an event says when to look again; if it dies, others look after this time."""


class AlertIndex:
    """The index; every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def show(
        self, event_key: str, *, summary: Mapping[str, Any], aliases: Iterable[str], when: float, trigger: float
    ) -> None:
        """Have an event in the lists.

        Args:
            event_key: of the event.
            summary: what lists show.
            aliases: its other names.
            when: its newest notice came [s since 1970].
            trigger: it happened; where that is not known, when its newest notice came [s since 1970].
        """
        pipeline = self._redis.pipeline(transaction=False)
        _show(pipeline, event_key, summary=summary, aliases=aliases, when=when, trigger=trigger)
        pipeline.execute()

    @redis_answers()
    def enter(
        self,
        event_key: str,
        *,
        summary: Mapping[str, Any],
        aliases: Iterable[str],
        when: float,
        trigger: float,
        receipts: Iterable[str],
        public: Mapping[bool, tuple[int, float]],
    ) -> None:
        """Enter all that there is of an event.

        Args:
            event_key: of the event.
            summary: as `show`.
            aliases: as `show`.
            when: as `show`.
            trigger: as `show`.
            receipts: those that were taken up.
            public: what was published of it, as a test (True) or not: version of the record, negative where that took
                something back, and when it was made [s since 1970]. Neither: nothing was.
        """
        pipeline = self._redis.pipeline(transaction=False)
        _show(pipeline, event_key, summary=summary, aliases=aliases, when=when, trigger=trigger)
        pipeline.sadd(names.ALERTS_TAKEN_UP, *receipts)
        for test, (version, made) in public.items():
            pipeline.zadd(names.alerts_public(test=test), {event_key: made})
            pipeline.zremrangebyrank(names.alerts_public(test=test), 0, -_LISTED - 1)
            pipeline.hset(names.ALERTS_PUBLISHED, f"{event_key} {int(test)}", version)
        pipeline.execute()

    @redis_answers()
    def newest(self, limit: int, before: str | None = None) -> list[dict[str, Any]]:
        """Return what lists show of the newest events, newest first.

        Args:
            limit: most events.
            before: key of an event: only older ones.
        """
        start = 0
        if before is not None:
            place = self._redis.zrevrank(names.ALERTS_BY_TIME, before)
            if place is None:
                return []
            start = int(place) + 1
        keys = self._redis.zrevrange(names.ALERTS_BY_TIME, start, start + limit - 1)
        if not keys:
            return []
        return [json.loads(text) for text in self._redis.hmget(names.ALERT_SUMMARIES, keys) if text]

    @redis_answers()
    def by_trigger(
        self, begin: float, end: float, skip: int, limit: int
    ) -> list[tuple[float, str, dict[str, Any] | None]]:
        """Return events whose trigger was in an interval, the latest first; of equal times the greater key first.

        Args:
            begin: first time [s since 1970].
            end: last time [s since 1970].
            skip: so many of them are left out.
            limit: most events.

        Returns:
            time, key, and what lists show; None where that was lost meanwhile.
        """
        found = self._redis.zrevrangebyscore(names.ALERTS_BY_TRIGGER, end, begin, skip, limit, withscores=True)
        if not found:
            return []
        texts = self._redis.hmget(names.ALERT_SUMMARIES, [key for key, _ in found])
        return [
            (float(when), str(key), json.loads(text) if text else None)
            for (key, when), text in zip(found, texts, strict=True)
        ]

    @redis_answers()
    def newest_public(self, limit: int, *, tests: bool) -> list[dict[str, Any]]:
        """Return events of which something was published, the one whose record was made last first.

        Args:
            limit: most events.
            tests: whether also on topics of tests.

        Returns:
            ``event_key``, and ``public``: version of the record, negative where that took something back.
        """
        found = []
        for test in (False, True) if tests else (False,):
            place = names.alerts_public(test=test)
            found += [
                (made, str(key), test) for key, made in self._redis.zrevrange(place, 0, limit - 1, withscores=True)
            ]
        listed = sorted(found, key=lambda one: -one[0])[:limit]
        if not listed:
            return []
        versions = self._redis.hmget(names.ALERTS_PUBLISHED, [f"{key} {int(test)}" for _, key, test in listed])
        pairs = zip(listed, versions, strict=True)
        return [{"event_key": key, "public": int(version)} for (_, key, _), version in pairs if version is not None]

    @redis_answers()
    def key_of(self, name: str) -> str | None:
        """Return the key of the event that has a name; None where none is known."""
        found: str | None = self._redis.hget(names.ALERT_ALIASES, name)
        return found

    @redis_answers()
    def not_taken_up(self, receipts: list[str]) -> list[str]:
        """Return those receipts that the index does not know as taken up."""
        if not receipts:
            return []
        known = self._redis.smismember(names.ALERTS_TAKEN_UP, receipts)
        return [one for one, there in zip(receipts, known, strict=True) if not there]

    @redis_answers()
    def look_again(self, event_key: str, seconds: float) -> None:
        """Have an event looked at again in so many seconds."""
        self._redis.zadd(names.ALERTS_WAITING, {event_key: time.time() + seconds})

    @redis_answers()
    def at_rest(self, event_key: str) -> None:
        """Note that nothing of an event waits."""
        self._redis.zrem(names.ALERTS_WAITING, event_key)

    @redis_answers()
    def due(self, limit: int = 50) -> list[str]:
        """Return events that are to be looked at now, and put them off, so that others do not look as well."""
        now = time.time()
        keys = [str(key) for key in self._redis.zrangebyscore(names.ALERTS_WAITING, "-inf", now, 0, limit)]
        if keys:
            self._redis.zadd(names.ALERTS_WAITING, dict.fromkeys(keys, now + _HELD_SECONDS))
        return keys

    @redis_answers()
    def waiting(self) -> int:
        """Return how many events wait for something."""
        return int(self._redis.zcard(names.ALERTS_WAITING))

    @redis_answers()
    def complete(self) -> bool:
        """Say whether every event is known to be in the index."""
        return bool(self._redis.get(names.ALERTS_INDEXED) == _FORM)

    @redis_answers()
    def begin(self) -> str:
        """Note that every event is being entered; returns what `mark_complete` takes."""
        token = uuid4().hex
        self._redis.set(names.ALERTS_INDEXING, token)
        return token

    @redis_answers()
    def mark_complete(self, token: str) -> bool:
        """Note that every event is in the index; false if data were lost meanwhile."""
        if self._redis.get(names.ALERTS_INDEXING) != token:
            return False
        self._redis.set(names.ALERTS_INDEXED, _FORM)
        return True


def _show(
    pipeline: Any, event_key: str, *, summary: Mapping[str, Any], aliases: Iterable[str], when: float, trigger: float
) -> None:
    pipeline.zadd(names.ALERTS_BY_TIME, {event_key: when})
    pipeline.zremrangebyrank(names.ALERTS_BY_TIME, 0, -_LISTED - 1)
    pipeline.zadd(names.ALERTS_BY_TRIGGER, {event_key: trigger})
    pipeline.hset(names.ALERT_SUMMARIES, event_key, json.dumps(summary))
    for alias in aliases:
        pipeline.hset(names.ALERT_ALIASES, alias, event_key)
