"""The index of webhooks in Redis: when to post which message; the transports service makes it anew where it is lost."""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis

from mesh.store import names
from mesh.store.connect import redis_answers

_HELD_SECONDS = 60.0
"""Who posts a message says when to post it again; if it dies, others do after this time."""


class WebhookIndex:
    """The index; every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def enter(self, endpoint: str, when: Mapping[str, float]) -> None:
        """Enter messages of an endpoint, each with when to post it [s since 1970]; what is entered already stays."""
        if when:
            self._redis.zadd(names.webhooks_due(endpoint), dict(when), nx=True)

    @redis_answers()
    def missing(self, endpoint: str, delivery_ids: Sequence[str]) -> list[str]:
        """Return those messages of an endpoint that are not entered."""
        if not delivery_ids:
            return []
        known = self._redis.zmscore(names.webhooks_due(endpoint), delivery_ids)
        return [one for one, when in zip(delivery_ids, known, strict=True) if when is None]

    @redis_answers()
    def post_at(self, endpoint: str, delivery_id: str, when: float) -> None:
        """Have a message posted at a time [s since 1970]."""
        self._redis.zadd(names.webhooks_due(endpoint), {delivery_id: when})

    @redis_answers()
    def ended(self, endpoint: str, delivery_id: str) -> None:
        """Take a message out."""
        self._redis.zrem(names.webhooks_due(endpoint), delivery_id)

    @redis_answers()
    def due(self, endpoint: str, now: float, limit: int) -> list[str]:
        """Return messages that are to be posted now, and put them off, so that others do not post them as well."""
        place = names.webhooks_due(endpoint)
        found = [str(one) for one in self._redis.zrangebyscore(place, "-inf", now, 0, limit)]
        if found:
            self._redis.zadd(place, dict.fromkeys(found, now + _HELD_SECONDS))
        return found

    @redis_answers()
    def waiting(self, endpoint: str) -> int:
        """Return how many messages wait for an endpoint."""
        return int(self._redis.zcard(names.webhooks_due(endpoint)))

    @redis_answers()
    def succeeded(self, endpoint: str, when: float | None = None) -> None:
        """Note that an endpoint took a message."""
        self._redis.hset(names.WEBHOOKS_SUCCEEDED, endpoint, time.time() if when is None else when)

    @redis_answers()
    def last_success(self, endpoint: str) -> float | None:
        """Return when an endpoint took a message last [s since 1970]; None where nobody knows."""
        found = self._redis.hget(names.WEBHOOKS_SUCCEEDED, endpoint)
        return None if found is None else float(found)

    @redis_answers()
    def drop(self, endpoints: Iterable[str]) -> None:
        """Forget endpoints that are not there any more."""
        for endpoint in endpoints:
            self._redis.delete(names.webhooks_due(endpoint))
            self._redis.hdel(names.WEBHOOKS_SUCCEEDED, endpoint)

    @redis_answers()
    def endpoints_changed(self) -> None:
        """Note that an endpoint was registered, changed or removed."""
        self._redis.set(names.WEBHOOKS_REVISION, uuid.uuid4().hex)

    @redis_answers()
    def endpoints_revision(self) -> str:
        """Return what is another text after each change of the endpoints; empty where nobody knows of any."""
        return str(self._redis.get(names.WEBHOOKS_REVISION) or "")

    @redis_answers()
    def complete(self) -> bool:
        """Say whether every message that waits is known to be in the index."""
        return bool(self._redis.exists(names.WEBHOOKS_INDEXED))

    @redis_answers()
    def mark_complete(self) -> None:
        """Note that every message that waits is in the index."""
        self._redis.set(names.WEBHOOKS_INDEXED, "1")
