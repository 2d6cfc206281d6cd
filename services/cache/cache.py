"""Keeps the index of products complete: after each product, and from the manifests when the index was lost."""

from collections.abc import Iterable, Iterator

import structlog

from mesh.contracts import UnitEvent
from mesh.settings import Connections
from mesh.states import UnitState
from mesh.store.connect import redis_client
from mesh.store.objects import Objects
from mesh.store.products import Products
from mesh.store.stock import Usage
from services.cache import metrics

_log = structlog.get_logger(__name__)
_CHUNK = 500


class Cache:
    """Looks after the index.

    Args:
        products: what was made.
        usage: counts.
    """

    def __init__(self, products: Products, usage: Usage) -> None:
        self._products = products
        self._usage = usage

    @classmethod
    def connect(cls, connections: Connections) -> "Cache":
        """Make a cache for these servers; it connects when it first needs them."""
        index = redis_client(connections.redis)
        return cls(Products(Objects(connections.store), index), Usage(index))

    def happened(self, event: UnitEvent) -> None:
        """Take in that a product was made; one that is not in the index is entered from its manifest."""
        if event.state is not UnitState.DONE:
            return
        if not self._products.indexed([event.unit_key])[0] and self._products.find(event.unit_key) is None:
            _log.warning("a product was told of that is not there", unit_key=event.unit_key, stage=event.stage)

    def look(self) -> None:
        """Complete the index if it is not, and publish the counts."""
        complete = self._products.index_is_complete()
        metrics.COMPLETE.set(complete)
        if not complete:
            metrics.COMPLETE.set(self.complete_index())
        for stage in self._usage.stages():
            metrics.HITS.labels(stage.instrument, stage.stage).set(stage.hits)
            metrics.MADE.labels(stage.instrument, stage.stage).set(stage.made)

    def complete_index(self) -> bool:
        """Enter every committed product that the index does not know; false if Redis lost data meanwhile."""
        token = self._products.begin_index()
        entered = known = 0
        for keys in _chunks(self._products.keys()):
            missing = [key for key, there in zip(keys, self._products.indexed(keys), strict=True) if not there]
            known += len(keys) - len(missing)
            entered += sum(self._products.find(key) is not None for key in missing)
        # A product that is committed meanwhile enters itself, so nothing can be missed.
        complete = self._products.mark_index_complete(token)
        _log.info("index of products looked through", entered=entered, known=known, complete=complete)
        return complete


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
