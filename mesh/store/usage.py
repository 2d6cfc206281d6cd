"""Counts how often a product was there already, and how often it had to be made."""

from typing import Any, NamedTuple

import redis

from mesh.store import names
from mesh.store.connect import redis_answers


class StageUsage(NamedTuple):
    """Counts of one stage, since Redis last lost its data."""

    instrument: str
    stage: str
    hits: int
    """Units whose product was there already; counted where they are planned."""
    made: int
    """Units whose product had to be made; counted where their end is taken in."""


class Usage:
    """The counts. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def stages(self) -> list[StageUsage]:
        """Return the counts of every stage that was ever asked for, in the order of their names."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(names.HITS)
        pipeline.hgetall(names.MADE)
        hits, made = pipeline.execute()
        found = []
        for name in sorted(hits.keys() | made.keys()):
            instrument, _, stage = name.partition("/")
            found.append(StageUsage(instrument, stage, int(hits.get(name, 0)), int(made.get(name, 0))))
        return found
