"""Entry points of the triggers service: entries of alerts and timers in, one call each."""

from typing import Any

from mesh.broker.consumer import Retry, consume
from mesh.broker.delivery import Delivery
from mesh.broker.topology import alert_queue
from mesh.contracts.alert import AlertEntry
from mesh.errors import MeshError
from mesh.service.context import Context
from mesh.service.provide import Provided
from mesh.service.timer import every
from services.triggers.triggers import Triggers

_LOOK_SECONDS = 0.5
_INDEX_SECONDS = 5.0
_SWEEP_SECONDS = 300.0
_AT_HAND = 50
"""Entries of a queue that are at hand, so that the most urgent of them goes first; few are worked on at once."""


def _make(context: Context) -> Triggers:
    return Triggers.connect(context.connections, context.settings, context.publisher)


class TriggersService:
    """The triggers service; an entry stays with its handler while a server is away, so that nothing is lost."""

    name = "triggers"

    triggers: Any = Provided(_make)

    @consume(alert_queue(0), prefetch=_AT_HAND, retry=Retry.HOLD)
    def first(self, delivery: Delivery) -> None:
        """Take up an entry of the first share of events."""
        self.triggers.entry(AlertEntry.decode(delivery.body))

    @consume(alert_queue(1), prefetch=_AT_HAND, retry=Retry.HOLD)
    def second(self, delivery: Delivery) -> None:
        """Take up an entry of the second share."""
        self.triggers.entry(AlertEntry.decode(delivery.body))

    @consume(alert_queue(2), prefetch=_AT_HAND, retry=Retry.HOLD)
    def third(self, delivery: Delivery) -> None:
        """Take up an entry of the third share."""
        self.triggers.entry(AlertEntry.decode(delivery.body))

    @consume(alert_queue(3), prefetch=_AT_HAND, retry=Retry.HOLD)
    def fourth(self, delivery: Delivery) -> None:
        """Take up an entry of the fourth share."""
        self.triggers.entry(AlertEntry.decode(delivery.body))

    @every(_LOOK_SECONDS, expected=(MeshError,))
    def look(self) -> None:
        """Go on with events that wait for something."""
        self.triggers.look()

    @every(_LOOK_SECONDS, expected=(MeshError,))
    def fetch_maps(self) -> None:
        """Fetch sky maps that events wait for."""
        self.triggers.fetch_maps()

    @every(_INDEX_SECONDS, eager=True, expected=(MeshError,))
    def index(self) -> None:
        """Make the index anew if Redis lost it."""
        self.triggers.complete_index()

    @every(_SWEEP_SECONDS, eager=True, expected=(MeshError,))
    def sweep(self) -> None:
        """Take up what was lost on the way."""
        self.triggers.sweep()
