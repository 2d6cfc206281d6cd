"""Wakes the event streams when a run changed, and brings them the logs that somebody follows.

A wake-up only means "look at the record again"; a lost one costs a stream the second until its own next look.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pika

from gateway.connection import Connection
from gateway.logs import LogPieces
from mesh.broker.topology import EVENTS
from mesh.contracts import LogText, RunEvent
from mesh.errors import ContractViolation
from mesh.settings import BrokerSettings

_RUNS, _LOGS = "job.#", "log.#"


class Bell:
    """Which streams wait for which run; belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def listen(self, run_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the run changed, from now on."""
        event = asyncio.Event()
        self._waiting[run_id].add(event)
        try:
            yield event
        finally:
            self._waiting[run_id].discard(event)
            if not self._waiting[run_id]:
                del self._waiting[run_id]

    def ring(self, run_id: str) -> None:
        """Wake the streams of one run."""
        for event in self._waiting.get(run_id, ()):
            event.set()


class Wakeups:
    """Reads run events and pieces of logs from an exclusive queue of this process and hands them to the streams.

    Args:
        settings: where the broker is.
        instance: names the queue.
        bell: what to ring.
        logs: who follows which log.
        exchange: where run events are published.
    """

    def __init__(
        self, settings: BrokerSettings, instance: str, bell: Bell, logs: LogPieces, exchange: str = EVENTS
    ) -> None:
        self._queue = f"events.gateway.{instance}"
        self._exchange = exchange
        self._bell = bell
        self._logs = logs
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection = Connection(settings, "wakeups", self._prepare)

    @property
    def ready(self) -> bool:
        """Whether the queue is there and read."""
        return self._connection.ready

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to listen; streams live on *loop*."""
        self._loop = loop
        self._connection.start()

    def stop(self) -> None:
        """Stop listening; the broker deletes the queue."""
        self._connection.stop()

    def _prepare(self, connection: pika.BlockingConnection) -> None:
        channel = connection.channel()
        channel.queue_declare(self._queue, exclusive=True, auto_delete=True)
        for keys in (_RUNS, _LOGS):
            channel.queue_bind(self._queue, self._exchange, keys)
        channel.basic_consume(self._queue, self._receive, auto_ack=True)

    def _receive(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        try:
            if str(method.routing_key).startswith("log."):
                self._on_loop(partial(self._logs.hand_out, LogText.decode(body)))
            else:
                self._on_loop(partial(self._bell.ring, RunEvent.decode(body).run_id))
        except ContractViolation:
            return  # Another version's message: the streams look by themselves each second.

    def _on_loop(self, function: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)
