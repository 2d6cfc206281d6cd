"""How much lies in queues, and who takes it: asked of the broker itself, without any right."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import amqp

from mesh.broker import connection as amqp_connection
from mesh.errors import BrokerUnavailable
from mesh.settings import BrokerSettings

_NAME = "queue counts"


class QueueCount(NamedTuple):
    """What the broker says of a queue."""

    ready: int
    """Messages that wait; those that a consumer has taken are not among them."""
    consumers: int


def count_queues(settings: BrokerSettings, queues: Iterable[str]) -> dict[str, QueueCount]:
    """Return the counts of those of some queues that exist.

    Raises:
        BrokerUnavailable: no answer.
    """
    found: dict[str, QueueCount] = {}
    connection = amqp_connection.connect(settings, _NAME, heartbeat=0)
    try:
        channel: Any = connection.channel()
        for queue in queues:
            try:
                told = channel.queue_declare(queue, passive=True)
            except amqp.exceptions.NotFound:
                channel = connection.channel()  # the broker closes the one that asked
            else:
                found[queue] = QueueCount(int(told.message_count), int(told.consumer_count))
    except amqp_connection.LOST as error:
        text = f"connection lost: {amqp_connection.describe(error)}"
        raise BrokerUnavailable("BrokerUnavailable", text) from error
    finally:
        amqp_connection.close(connection)
    return found
