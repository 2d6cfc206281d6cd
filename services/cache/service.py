"""Entry points of the cache: events of products and timers in, one call each."""

from typing import Any

from mesh.broker.consumer import Retry, consume
from mesh.broker.delivery import Delivery
from mesh.broker.topology import CACHE_QUEUE
from mesh.contracts import UnitEvent
from mesh.errors import MeshError
from mesh.service.context import Context
from mesh.service.provide import Provided
from mesh.service.timer import every
from mesh.store.connect import redis_client
from mesh.store.eviction import Eviction
from mesh.store.objects import Objects
from mesh.store.pins import Pins
from mesh.store.stock import Stock
from services.cache.cache import Cache
from services.cache.limits import Limits
from services.cache.upkeep import Upkeep

_LOOK_SECONDS = 5.0
_UPKEEP_SECONDS = 30.0
_LOGS_SECONDS = 3600.0


def _upkeep(context: Context) -> Upkeep:
    index, objects = redis_client(context.connections.redis), Objects(context.connections.store)
    return Upkeep(
        objects=objects,
        eviction=Eviction(objects, index, context.worker),
        stock=Stock(index),
        pins=Pins(objects, index),
        limits=Limits(),
    )


class CacheService:
    """The cache as a service."""

    name = "cache"

    cache: Any = Provided(lambda context: Cache.connect(context.connections))
    upkeep: Any = Provided(_upkeep)

    @consume(CACHE_QUEUE, prefetch=32, retry=Retry.HOLD)
    def event(self, delivery: Delivery) -> None:
        """Take in that a product was made."""
        self.cache.happened(UnitEvent.decode(delivery.body))

    @every(_LOOK_SECONDS, eager=True, expected=(MeshError,))
    def look(self) -> None:
        """Complete the index if it was lost."""
        self.cache.look()

    @every(_UPKEEP_SECONDS, eager=True, expected=(MeshError,))
    def keep(self) -> None:
        """Bring the store within its limits."""
        self.upkeep.look()

    @every(_LOGS_SECONDS, expected=(MeshError,))
    def expire_logs(self) -> None:
        """Remove old logs of failures."""
        self.upkeep.expire_logs()
