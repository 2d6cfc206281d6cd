"""The way of the triggers service's own jobs to the dispatcher."""

from collections.abc import Mapping
from typing import Any

from mesh.broker.publisher import Publisher
from mesh.contracts import Document


class RequestsPublisher:
    """Publishes for intake.

    Args:
        publisher: of the process.
        exchange: where requests are published.
    """

    def __init__(self, publisher: Publisher, exchange: str) -> None:
        self._publisher = publisher
        self._exchange = exchange

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Publish one document and wait for the broker's confirm.

        Raises:
            BrokerUnavailable: it is not confirmed.
        """
        self._publisher.publish(
            self._exchange, routing_key, document, message_id=message_id, correlation_id=message_id, headers=headers
        )
