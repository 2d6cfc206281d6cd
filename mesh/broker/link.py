"""One consumer's connection: a single greenlet reads it, any greenlet may settle on it."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import amqp

from mesh.broker import connection as amqp_connection
from mesh.settings import BrokerSettings

HEARTBEAT_SECONDS = 30
_TICK_SECONDS = 5.0
"""Frames wake the reader at once; this is for heartbeats, of which two are due in each interval of them."""
_ENDING_TICK_SECONDS = 0.05
_TAG = "consumer"


class Link:
    """A connection with one channel and one subscription.

    py-amqp writes each frame under a lock of its own, so handlers acknowledge at once from their own greenlets;
    reading stays with whoever calls `pump`.

    Args:
        settings: where and as whom.
        name: shown in the broker's list of connections.
        queue: to consume.

    Raises:
        BrokerUnavailable: no connection.
    """

    def __init__(self, settings: BrokerSettings, name: str, queue: str) -> None:
        self._connection = amqp_connection.connect(settings, name, heartbeat=HEARTBEAT_SECONDS)
        self.channel: Any = self._connection.channel()
        self.queue = queue
        self._tick = _TICK_SECONDS

    def subscribe(self, prefetch: int, on_message: Callable[[Any], None]) -> None:
        """Ask for deliveries, at most *prefetch* unsettled ones at a time."""
        self.channel.basic_qos(0, prefetch, False)
        self.channel.basic_consume(
            self.queue, consumer_tag=_TAG, callback=on_message, on_cancel=self._on_cancelled_by_broker
        )

    def pump(self, ended: Callable[[], bool]) -> None:
        """Read until *ended*, then close the connection, so that the broker hears everything settled before.

        Raises:
            OSError or amqp.AMQPError: the connection is lost.
        """
        ticked = time.monotonic()
        while not ended():
            with contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=self._tick)
            if time.monotonic() - ticked >= _TICK_SECONDS:
                self._connection.heartbeat_tick()
                ticked = time.monotonic()
        amqp_connection.close(self._connection)

    def cancel(self) -> None:
        """Ask for no further deliveries; those on their way still arrive."""
        # Not basic_cancel: it would read the answer, which is `pump`'s to read and wakes it up.
        self.channel.send_method(amqp.spec.Basic.Cancel, "sb", (_TAG, False))
        self._tick = _ENDING_TICK_SECONDS

    def ack(self, tag: int) -> None:
        """Settle: done with."""
        self.channel.basic_ack(tag)

    def reject(self, tag: int) -> None:
        """Settle: to the dead letters."""
        self.channel.basic_reject(tag, requeue=False)

    def requeue(self, tag: int) -> None:
        """Give back: to be delivered again."""
        self.channel.basic_reject(tag, requeue=True)

    def discard(self) -> None:
        """Drop the connection; never raises."""
        amqp_connection.discard(self._connection)

    def _on_cancelled_by_broker(self, _tag: str) -> None:
        msg = f"the broker ended the subscription to {self.queue}: was the queue deleted?"
        raise ConnectionError(msg)
