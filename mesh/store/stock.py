"""Products counted: how many there are and of which images, how often one was there already, how many were removed."""

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


class StageFigures(NamedTuple):
    """All that is counted of one stage."""

    instrument: str
    stage: str
    hits: int
    made: int
    products: int
    bytes: int
    evicted: int

    @property
    def hit_rate(self) -> float | None:
        """Share of the units whose product was there already; None before the first one."""
        asked = self.hits + self.made
        return round(self.hits / asked, 4) if asked else None


def figures(index: redis.Redis) -> list[StageFigures]:
    """Return what is counted of every stage, in the order of their names.

    Raises:
        StoreUnavailable: Redis is out of reach.
    """
    stock = Stock(index)
    usage = {(stage.instrument, stage.stage): stage for stage in Usage(index).stages()}
    stored = {(stage.instrument, stage.stage): stage for stage in stock.stored()}
    evicted = {(stage.instrument, stage.stage): stage for stage in stock.evicted()}
    return [
        StageFigures(
            *name,
            hits=usage[name].hits if name in usage else 0,
            made=usage[name].made if name in usage else 0,
            products=stored[name].products if name in stored else 0,
            bytes=stored[name].bytes if name in stored else 0,
            evicted=evicted[name].products if name in evicted else 0,
        )
        for name in sorted({*usage, *stored, *evicted})
    ]


@redis_answers()
def images_in_use(index: redis.Redis) -> frozenset[str] | None:
    """Return the images that a stored product or a run that has not ended names.

    None while that is not known: Redis lost its data and not every product is in the index again.

    Raises:
        StoreUnavailable: Redis is out of reach.
    """
    pipeline: Any = index.pipeline(transaction=True)
    pipeline.exists(names.INDEX_COMPLETE)
    pipeline.hgetall(names.IMAGES)
    pipeline.smembers(names.ACTIVE_RUNS)
    complete, counts, runs = pipeline.execute()
    made = {image for image, products in counts.items() if int(products) > 0}
    if not complete or "" in made:
        return None
    running = index.pipeline(transaction=False)
    for run_id in runs:
        running.hget(names.run_record(run_id), "image")
    return frozenset(made | {image for image in running.execute() if image})
