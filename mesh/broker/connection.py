"""Opens AMQP connections; the one place that knows how this mesh introduces itself to the broker."""

import struct
from typing import Any

import amqp

from mesh.errors import BrokerUnavailable
from mesh.settings import BrokerSettings

CONNECT_SECONDS = 10.0

LOST = (OSError, amqp.exceptions.AMQPError, AttributeError, struct.error)
"""What a use of a dead connection may raise: py-amqp drops its transport, and the next use finds None there."""


def connect(settings: BrokerSettings, name: str, *, heartbeat: int) -> Any:
    """Open a connection.

    Args:
        settings: where and as whom.
        name: shown in the broker's list of connections.
        heartbeat: seconds between heartbeats; 0 for none, where nothing reads the connection while it is idle.

    Returns:
        A connected ``amqp.Connection``.

    Raises:
        BrokerUnavailable: no answer, or the account is refused.
    """
    connection = amqp.Connection(
        host=f"{settings.host}:{settings.port}",
        userid=settings.user,
        password=settings.password,
        virtual_host=settings.vhost,
        login_method="PLAIN",
        heartbeat=heartbeat,
        connect_timeout=CONNECT_SECONDS,
        client_properties={"connection_name": name},
    )
    try:
        connection.connect()
    except LOST as error:
        discard(connection)
        msg = f"RabbitMQ at {settings.host}:{settings.port} as {settings.user}: {describe(error)}"
        raise BrokerUnavailable("BrokerUnavailable", msg) from error
    return connection


def discard(connection: Any) -> None:
    """Drop a connection without a word to the broker; never raises."""
    try:
        connection.collect()
    except LOST:
        return


def close(connection: Any) -> None:
    """Close a connection in the proper way, or drop it where that fails."""
    try:
        connection.close()
    except LOST:
        discard(connection)


def describe(error: BaseException) -> str:
    """Return the text of an error that may have none."""
    return str(error) or type(error).__name__
