"""Entry points of the cache: events of products and a timer in, one call each."""

from typing import Any

from nameko.timer import timer

from mesh.broker.consumer import Retry, consume
from mesh.broker.delivery import Delivery
from mesh.broker.topology import CACHE_QUEUE
from mesh.contracts import UnitEvent
from mesh.errors import MeshError
from mesh.service.provide import Provided
from services.cache.cache import Cache

_LOOK_SECONDS = 5.0


class CacheService:
    """The cache as a service."""

    name = "cache"

    cache: Any = Provided(lambda context: Cache.connect(context.connections))

    @consume(CACHE_QUEUE, prefetch=32, retry=Retry.HOLD)
    def event(self, delivery: Delivery) -> None:
        """Take in that a product was made."""
        self.cache.happened(UnitEvent.decode(delivery.body))

    @timer(_LOOK_SECONDS, eager=True, expected_exceptions=(MeshError,))
    def look(self) -> None:
        """Complete the index if it was lost."""
        self.cache.look()
