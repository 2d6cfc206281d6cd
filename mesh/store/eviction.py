"""Removes the files of products, the longest unused first, and never those that a running job or a pin needs.

A product leaves the index first, under a lease of its key: plans that come now make it again, and the worker that
gets the unit waits until the files are gone. The manifest goes before the files, so that no reader sees half a
product; a copy of it stays as the record of how the product was made.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import redis

from mesh.clock import utc_now
from mesh.contracts import EvictedProduct, Manifest
from mesh.errors import ContractViolation, NotFound
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.leases import Leases
from mesh.store.library import Library
from mesh.store.objects import Objects

_JSON = "application/json"
_LEASE_SECONDS = 180.0
"""Longer than the store may take for one answer; the lease is renewed before each question."""
_CHUNK = 200


class Refused(StrEnum):
    """Why a product was not evicted."""

    UNKNOWN = "unknown"
    """The index is not complete, e.g. after a flush: whether it is needed cannot be told."""
    ABSENT = "absent"
    PINNED = "pinned"
    NEEDED = "needed"
    """A run that is not over has it among its rows, or waits for it."""
    BUSY = "busy"
    """Somebody makes or removes it now."""


class Eviction:
    """Removes products. Every method raises StoreUnavailable when MinIO or Redis is out of reach.

    Args:
        objects: the store, as an account that may delete products.
        index: Redis.
        owner: name of the process, for the leases.
    """

    def __init__(self, objects: Objects, index: redis.Redis, owner: str) -> None:
        self._objects = objects
        self._redis: Any = index
        self._owner = owner
        self._leases = Leases(index)
        self._library = Library(index)

    def evict(self, key: str, reason: str) -> Refused | None:
        """Remove a product; returns why not, or None when it is gone."""
        refused = self._claim(key)
        if refused == Refused.ABSENT and self._is_damaged(key):
            refused = self._claim(key, "damaged")
        if refused:
            return Refused(refused)
        self._delete(key, reason)
        return None

    def finish(self, reason: str) -> int:
        """Remove what a process that died had begun to remove; returns how many products."""
        finished = 0
        for key in self._begun():
            if not self._leases.take(key, self._owner, _LEASE_SECONDS):
                continue
            if self._in_index(key):
                # Somebody found the manifest and entered it again: it is a product like any other.
                self._done(key)
            else:
                finished += self._delete(key, reason)
        return finished

    def unused(self, before: float | None = None) -> Iterator[tuple[str, float]]:
        """Return products and when they were used last [s since 1970], the longest unused first.

        Args:
            before: only those not used since then [s since 1970]; None: all.
        """
        last: float | None = None
        while page := self._unused_after(last, before):
            yield from page
            last = page[-1][1]

    @redis_answers()
    def _unused_after(self, last: float | None, before: float | None) -> list[tuple[str, float]]:
        """Return the next products by time of use, and with the last one all that were used at the same time.

        What is removed meanwhile shifts places, so the pages go on by time of use.
        """
        lowest, highest = "-inf" if last is None else f"({last!r}", "+inf" if before is None else f"({before!r}"
        page: list[tuple[str, float]] = self._redis.zrange(
            names.PRODUCTS_USED, lowest, highest, byscore=True, offset=0, num=_CHUNK, withscores=True
        )
        if len(page) < _CHUNK:
            return page
        score = page[-1][1]
        earlier = [entry for entry in page if entry[1] < score]
        return [*earlier, *self._redis.zrange(names.PRODUCTS_USED, score, score, byscore=True, withscores=True)]

    @redis_answers()
    def _claim(self, key: str, *damaged: str) -> str:
        return str(self._library.call("evict", key, self._owner, round(_LEASE_SECONDS * 1000), *damaged))

    @redis_answers()
    def _begun(self) -> list[str]:
        return sorted(self._redis.smembers(names.EVICTING))

    @redis_answers()
    def _in_index(self, key: str) -> bool:
        return bool(self._redis.exists(names.product_entry(key)))

    def _delete(self, key: str, reason: str) -> bool:
        """Remove the files of a product that is out of the index; false where somebody makes it again meanwhile."""
        manifest = self._manifest(key)
        if manifest is not None:
            record = EvictedProduct(manifest=manifest, reason=reason, evicted=utc_now())
            self._objects.put(names.evicted_object(key), record.encode(), _JSON)
        files = [entry.name for entry in self._objects.list(names.product_object(key, ""))]
        for name in (names.product_object(key, names.MANIFEST), *files):
            # A lease that was lost with the data of Redis, or lapsed, may be another's who makes the product now.
            if not self._leases.take(key, self._owner, _LEASE_SECONDS) or self._in_index(key):
                return False
            self._objects.delete(name)
        self._done(key)
        return True

    def _is_damaged(self, key: str) -> bool:
        try:
            Manifest.decode(self._objects.get(names.product_object(key, names.MANIFEST)))
        except NotFound:
            return False
        except ContractViolation:
            return True
        return False

    def _manifest(self, key: str) -> Manifest | None:
        try:
            return Manifest.decode(self._objects.get(names.product_object(key, names.MANIFEST)))
        except (NotFound, ContractViolation):
            # Gone, or damaged: then there is nothing to keep a record of.
            return None

    @redis_answers()
    def _done(self, key: str) -> None:
        self._redis.srem(names.EVICTING, key)
        self._leases.release(key, self._owner)
