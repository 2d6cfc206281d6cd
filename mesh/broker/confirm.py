"""One channel in confirm mode: publishes many messages and waits until the broker has answered for each."""

import time
from collections.abc import Sequence
from typing import Any

import amqp

from mesh.broker import connection as amqp_connection
from mesh.broker.delivery import ATTEMPT_HEADER
from mesh.broker.outgoing import Outgoing
from mesh.settings import BrokerSettings

_PERSISTENT = 2
_PUBLISH_SECONDS = 10.0


class ConfirmChannel:
    """A connection of its own with one channel; used by one greenlet at a time.

    Args:
        settings: where and as whom.
        name: shown in the broker's list of connections.

    Raises:
        BrokerUnavailable: no connection.
    """

    def __init__(self, settings: BrokerSettings, name: str) -> None:
        # Nothing reads this connection between publishes, so nothing could answer heartbeats: TCP keep-alive instead.
        self._connection = amqp_connection.connect(settings, name, heartbeat=0)
        self._connection.on_blocked = self._on_blocked
        self._connection.on_unblocked = self._on_unblocked
        self._channel: Any = self._connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._published = 0
        self._open: dict[int, Outgoing] = {}
        self.blocked = ""
        """Why the broker reads nothing from publishers at the moment, or empty."""
        self.refused: list[Outgoing] = []
        """Messages of the last call that a full queue refused."""
        self.returned: list[Outgoing] = []
        """Messages of the last call that no queue takes."""

    @property
    def unconfirmed(self) -> tuple[Outgoing, ...]:
        """Messages of the last call without an answer; they may or may not be stored."""
        return tuple(self._open.values())

    def send(self, messages: Sequence[Outgoing], *, seconds: float) -> None:
        """Publish *messages* in order and wait for every answer; see ``refused`` and ``returned`` afterwards.

        Raises:
            OSError or amqp.AMQPError: the connection is lost; ``unconfirmed`` says what is unknown.
            TimeoutError: no answer in *seconds*; the channel is of no further use.
        """
        self.refused, self.returned = [], []
        start = self._published
        self._open = {start + index: message for index, message in enumerate(messages, start=1)}
        self._published += len(messages)
        for message in messages:
            self._channel.basic_publish(
                _amqp_message(message),
                exchange=message.exchange,
                routing_key=message.routing_key,
                mandatory=message.mandatory,
                timeout=_PUBLISH_SECONDS,
            )
        deadline = time.monotonic() + seconds
        while self._open:
            self._connection.drain_events(timeout=max(0.001, deadline - time.monotonic()))

    def close(self) -> None:
        """Close the connection; never raises."""
        amqp_connection.close(self._connection)

    def discard(self) -> None:
        """Drop the connection; never raises."""
        amqp_connection.discard(self._connection)

    def _answered(self, tag: int, multiple: bool) -> list[Outgoing]:
        tags = [tag]
        if multiple:
            tags = [entry for entry in self._open if entry <= tag]
        return [self._open.pop(entry) for entry in tags if entry in self._open]

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._answered(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self.refused.extend(self._answered(tag, multiple))

    def _on_return(self, _error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        # The broker returns an unroutable message first and acknowledges it afterwards.
        message_id = message.properties.get("message_id")
        for entry in self._open.values():
            if (entry.exchange, entry.routing_key, entry.message_id) == (exchange, routing_key, message_id):
                self.returned.append(entry)
                return

    def _on_blocked(self, reason: str) -> None:
        self.blocked = reason

    def _on_unblocked(self) -> None:
        self.blocked = ""


def _amqp_message(message: Outgoing) -> Any:
    return amqp.Message(
        message.body,
        content_type="application/json",
        delivery_mode=_PERSISTENT,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        type=message.schema,
        timestamp=int(time.time()),
        application_headers={ATTEMPT_HEADER: 1, **message.headers},
    )
