"""The gateway's way to the broker: confirmed requests, and broadcasts that may be lost."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gateway import metrics
from mesh import tracing
from mesh.broker.publisher import Publisher
from mesh.broker.topology import ALERTS, CONTROL, REQUESTS
from mesh.contracts import Document
from mesh.contracts.alert import AlertEntry
from mesh.errors import BrokerUnavailable
from mesh.settings import BrokerSettings

_BROADCAST_SECONDS = 1.0
_BROADCAST_CHANNELS = 2


class GatewayPublisher:
    """Publishes for the endpoints; any thread may use it, and waits in it.

    Args:
        settings: where the broker is.
        seconds: how long to wait for a confirm.
        ready: whether the broker answers, as whoever listens to it knows.
        exchange: where requests are published.
    """

    def __init__(
        self, settings: BrokerSettings, seconds: float, ready: Callable[[], bool], exchange: str = REQUESTS
    ) -> None:
        self._requests = Publisher(settings, name="gateway.publisher", patience=seconds, confirm_seconds=seconds)
        self._broadcasts = Publisher(
            settings,
            name="gateway.broadcasts",
            patience=0,
            confirm_seconds=_BROADCAST_SECONDS,
            channels=_BROADCAST_CHANNELS,
        )
        self._ready = ready
        self._exchange = exchange

    @property
    def ready(self) -> bool:
        """Whether the broker answers."""
        return self._ready()

    def stop(self) -> None:
        """Close the connections."""
        self._requests.close()
        self._broadcasts.close()

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Publish one document and wait for the broker's confirm.

        Raises:
            BrokerUnavailable: no connection, no confirm in time, refused, or no queue takes it.
        """
        started = time.monotonic()
        try:
            self._requests.publish(
                self._exchange,
                routing_key,
                document,
                message_id=message_id,
                correlation_id=message_id,
                headers=headers,
            )
        finally:
            metrics.PUBLISH_SECONDS.observe(time.monotonic() - started, tracing.exemplar())

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Publish one entry for the triggers service and wait for the broker's confirm.

        Raises:
            BrokerUnavailable: no connection, no confirm in time, refused, or no queue takes it.
        """
        ident = entry.receipt_id or entry.command_id or entry.event_key
        self._requests.publish(ALERTS, routing_key, entry, message_id=ident, correlation_id=entry.event_key)

    def broadcast(self, routing_key: str, document: Document) -> None:
        """Send to every process of a service that listens now; what cannot be sent is dropped."""
        with suppress(BrokerUnavailable):
            self._broadcasts.publish(CONTROL, routing_key, document, message_id=routing_key, mandatory=False)
