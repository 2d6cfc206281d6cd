"""Pins: products that are never removed. MinIO has the truth; Redis has the keys, for the function that evicts."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import redis

from mesh.contracts import Pin
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.objects import Objects

_JSON = "application/json"


class Pins:
    """The pins. Every method raises StoreUnavailable when MinIO or Redis is out of reach."""

    def __init__(self, objects: Objects, index: redis.Redis) -> None:
        self._objects = objects
        self._redis: Any = index

    def put(self, pin: Pin) -> None:
        """Store a pin; one of the same name is replaced. From now on its products stay, if they are there still."""
        self._objects.put(names.pin_object(pin.name), pin.encode(), _JSON)
        self._change()

    def get(self, name: str) -> Pin:
        """Return a pin; NotFound when there is none of that name."""
        return Pin.decode(self._objects.get(names.pin_object(name)))

    def remove(self, name: str) -> None:
        """Remove a pin; products that no other pin names may be removed again.

        Raises:
            NotFound: there is none of that name.
        """
        self.get(name)
        self._objects.delete(names.pin_object(name))
        self._change()

    def all(self) -> Iterator[Pin]:
        """Return every pin, by name."""
        for entry in self._objects.list(names.PINS):
            try:
                yield Pin.decode(self._objects.get(entry.name))
            except NotFound:
                continue

    @redis_answers()
    def reindex(self) -> None:
        """Bring the pinned keys into the index, all at once; nothing is evicted while it does not know them.

        Pins that somebody else changes meanwhile are read again: of two who change them at once none is lost.
        """
        while True:
            with suppress(redis.WatchError), self._redis.pipeline(transaction=True) as pipeline:
                pipeline.watch(names.PINS_CHANGED)
                keys = {key for pin in self.all() for key in pin.keys}
                pipeline.multi()
                pipeline.delete(names.PINNED)
                if keys:
                    pipeline.sadd(names.PINNED, *keys)
                pipeline.set(names.PINS_INDEXED, "1")
                pipeline.execute()
                return

    @redis_answers()
    def _change(self) -> None:
        self._redis.incr(names.PINS_CHANGED)
        self.reindex()

    @redis_answers()
    def indexed(self) -> bool:
        """Say whether the index knows the pins; false after Redis lost its data."""
        return bool(self._redis.exists(names.PINS_INDEXED))

    @redis_answers()
    def count(self) -> int:
        """Return how many products are pinned."""
        return int(self._redis.scard(names.PINNED))
