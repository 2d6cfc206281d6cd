"""Keeps the store within its limits: products too long unused go first, then the longest unused until the size fits."""

import time
from collections import Counter

import structlog

from mesh.store import names
from mesh.store.eviction import Eviction, Refused
from mesh.store.objects import Objects
from mesh.store.pins import Pins
from mesh.store.stock import Stock
from services.cache import metrics
from services.cache.limits import Limits

_log = structlog.get_logger(__name__)
_FINISHED = "finished what was begun before"


class Upkeep:
    """One round after another.

    Args:
        objects: for logs of failures.
        eviction: removes products.
        stock: how much there is.
        pins: what stays.
        limits: how much may be.
    """

    def __init__(self, *, objects: Objects, eviction: Eviction, stock: Stock, pins: Pins, limits: Limits) -> None:
        self._objects = objects
        self._eviction = eviction
        self._stock = stock
        self._pins = pins
        self._limits = limits

    def look(self) -> None:
        """Bring the store within its limits, as far as what is needed and pinned allows; publish the figures."""
        if not self._pins.indexed():
            self._pins.reindex()
        self._eviction.finish(_FINISHED)
        seconds, most = self._limits.max_seconds, self._limits.max_bytes
        refused: Counter[Refused] = Counter()
        if seconds is not None:
            refused += self._evict_unused(seconds)
        if most is not None:
            refused += self._evict_to(most)
        if refused:
            _log.info("products stay beyond the limits", **{what.value: number for what, number in refused.items()})
        self._publish(most)

    def expire_logs(self) -> int:
        """Remove logs of failures that are older than the limit of age; returns how many."""
        seconds = self._limits.max_seconds
        if seconds is None:
            return 0
        latest = time.time() - seconds
        old = [entry.name for entry in self._objects.list(names.LOGS) if entry.modified.timestamp() < latest]
        for name in old:
            self._objects.delete(name)
        return len(old)

    def _evict_unused(self, seconds: float) -> Counter[Refused]:
        refused: Counter[Refused] = Counter()
        for key, _ in self._eviction.unused(time.time() - seconds):
            self._evict(key, f"not used for {seconds / 86_400:g} days", refused)
        return refused

    def _evict_to(self, most: int) -> Counter[Refused]:
        refused: Counter[Refused] = Counter()
        if self._stock.bytes() <= most:
            return refused
        for key, _ in self._eviction.unused():
            self._evict(key, f"the store holds more than {most / (1 << 30):g} GiB", refused)
            if self._stock.bytes() <= most:
                break
        return refused

    def _evict(self, key: str, reason: str, refused: Counter[Refused]) -> None:
        why_not = self._eviction.evict(key, reason)
        if why_not is not None:
            refused[why_not] += 1

    def _publish(self, most: int | None) -> None:
        total = 0
        for stage in self._stock.stored():
            metrics.PRODUCTS.labels(stage.instrument, stage.stage).set(stage.products)
            metrics.BYTES.labels(stage.instrument, stage.stage).set(stage.bytes)
            total += stage.bytes
        for stage in self._stock.evicted():
            metrics.EVICTED.labels(stage.instrument, stage.stage).set(stage.products)
        metrics.PINNED.set(self._pins.count())
        metrics.OVER_LIMIT.set(max(0, total - most) if most is not None else 0)
