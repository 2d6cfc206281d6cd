"""How much there is: products and bytes per stage, in the store and removed since Redis last lost its data."""

from typing import Any, NamedTuple

import redis

from mesh.store import names
from mesh.store.connect import redis_answers


class StageStock(NamedTuple):
    """Products of one stage."""

    instrument: str
    stage: str
    products: int
    bytes: int


class Stock:
    """The counts, as the functions that enter and remove products keep them.

    Every method raises StoreUnavailable when Redis is out of reach.
    """

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    def stored(self) -> list[StageStock]:
        """Return what the index knows to be in the store."""
        return self._stages(names.STOCK)

    def evicted(self) -> list[StageStock]:
        """Return what was removed."""
        return self._stages(names.EVICTED_STOCK)

    def bytes(self) -> int:
        """Return the size of all products that the index knows."""
        return sum(stage.bytes for stage in self.stored())

    @redis_answers()
    def _stages(self, name: str) -> list[StageStock]:
        counts: dict[str, str] = self._redis.hgetall(name)
        stages = sorted({field.rsplit("/", 1)[0] for field in counts})
        found = []
        for stage in stages:
            instrument, _, stage_name = stage.partition("/")
            products, size = (int(counts.get(f"{stage}/{what}", 0)) for what in ("products", "bytes"))
            found.append(StageStock(instrument, stage_name, products, size))
        return found
