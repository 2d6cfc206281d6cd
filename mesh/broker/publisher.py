"""The publisher: a call returns when the broker has stored the message, or raises."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NoReturn

import amqp
import structlog

from mesh import tracing
from mesh.broker import metrics
from mesh.broker.confirm import ConfirmChannel
from mesh.broker.connection import LOST, describe
from mesh.broker.delivery import CARRIED_HEADERS
from mesh.broker.outgoing import Outgoing
from mesh.contracts.document import Document
from mesh.errors import BrokerUnavailable, QueueFull, Unroutable
from mesh.settings import BrokerSettings

_log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_SHOWN = 3


class Publisher:
    """Publishes persistent messages with confirms; safe to share between greenlets, or between threads.

    A message whose answer was lost with the connection is published again, so it may arrive twice: whoever consumes
    it must not mind.

    Args:
        settings: where and as whom.
        name: shown in the broker's list of connections.
        patience: seconds to go on trying while the broker is away.
        confirm_seconds: longest wait for the broker's answer.
        channels: how many of them may publish at the same moment; the others wait.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        name: str,
        patience: float = 30.0,
        confirm_seconds: float = 30.0,
        channels: int = 8,
    ) -> None:
        self._settings = settings
        self._name = name
        self._patience = patience
        self._confirm_seconds = confirm_seconds
        self._turns = threading.BoundedSemaphore(channels)
        self._idle: deque[ConfirmChannel] = deque()

    def publish(
        self,
        exchange: str,
        routing_key: str,
        document: Document,
        *,
        message_id: str,
        correlation_id: str = "",
        headers: Mapping[str, Any] | None = None,
        mandatory: bool = True,
    ) -> None:
        """Publish one document and wait for the confirm.

        Raises:
            Unroutable: no queue takes it (never for ``mandatory=False``).
            QueueFull: the queue is at its length.
            BrokerUnavailable: no confirm in time; it may still have been stored.
        """
        outgoing = Outgoing.of(
            document,
            exchange,
            routing_key,
            message_id=message_id,
            correlation_id=correlation_id,
            headers=headers,
            mandatory=mandatory,
        )
        self.publish_many([outgoing])

    def publish_many(self, messages: Sequence[Outgoing]) -> None:
        """Publish all, in order, and wait for all confirms together.

        Raises:
            Unroutable, QueueFull, BrokerUnavailable: as `publish`; ``failed`` of the error names the messages that are
                not known to be stored, all others are.
        """
        if not messages:
            return
        with ExitStack() as spans:
            carrying = [_carry(message, spans) for message in messages]
            if not self._turns.acquire(timeout=self._patience + self._confirm_seconds):
                waits = "all publishers of this process wait for RabbitMQ"
                _fail(BrokerUnavailable, "BrokerUnavailable", waits, carrying)
            try:
                self._send(carrying)
            finally:
                self._turns.release()
        for message in carrying:
            metrics.PUBLISHED.labels(message.exchange).inc()

    def close(self) -> None:
        """Close the idle connections; a later publish opens new ones."""
        while channel := self._take_idle():
            channel.close()

    def _send(self, waiting: Sequence[Outgoing]) -> None:
        give_up, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        refused: list[Outgoing] = []
        returned: list[Outgoing] = []
        while waiting:
            channel: ConfirmChannel | None = None
            try:
                channel = self._take_idle() or ConfirmChannel(self._settings, self._name)
                channel.send(waiting, seconds=self._confirm_seconds)
            except (amqp.exceptions.NotFound, amqp.exceptions.AccessRefused) as error:
                _dispose(channel)
                _fail(Unroutable, "Unroutable", f"RabbitMQ refuses the publish: {describe(error)}", waiting)
            except (BrokerUnavailable, *LOST) as error:
                if channel is not None:
                    refused += channel.refused
                    returned += channel.returned
                    waiting = channel.unconfirmed
                reason = channel.blocked if channel is not None else ""
                _dispose(channel)
                self._drop_idle()
                if time.monotonic() >= give_up:
                    text = f"no confirm from RabbitMQ: {reason or describe(error)}"
                    _fail(BrokerUnavailable, "BrokerUnavailable", text, [*waiting, *refused, *returned])
                _log.warning("publish again", error=describe(error), messages=len(waiting))
                tracing.happened("publish again", error=describe(error), messages=len(waiting))
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                refused += channel.refused
                returned += channel.returned
                waiting = ()
                self._idle.append(channel)
        if returned:
            where = ", ".join(sorted({f"{entry.exchange} {entry.routing_key}" for entry in returned})[:_SHOWN])
            text = f"no queue takes {where}: is the topology of the broker complete?"
            _fail(Unroutable, "Unroutable", text, [*returned, *refused])
        if refused:
            where = ", ".join(sorted({entry.routing_key for entry in refused})[:_SHOWN])
            _fail(QueueFull, "QueueFull", f"the queue of {where} is full: publish later", refused)

    def _drop_idle(self) -> None:
        # What broke one connection most likely broke them all; finding out one by one would cost a duplicate each.
        while channel := self._take_idle():
            channel.discard()

    def _take_idle(self) -> ConfirmChannel | None:
        # Another thread may take the last one between a look and a pop.
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        return None


def _fail(kind: type[BrokerUnavailable], reason: str, text: str, failed: Sequence[Outgoing]) -> NoReturn:
    for message in failed:
        metrics.PUBLISH_FAILED.labels(message.exchange, reason).inc()
    raise kind(reason, text, failed=[message.message_id for message in failed])


def _dispose(channel: ConfirmChannel | None) -> None:
    if channel is not None:
        channel.discard()


def _carry(message: Outgoing, spans: ExitStack) -> Outgoing:
    """Hand on what the handler that publishes was told of request, lane and user, and its place in the trace.

    The span of a message ends with *spans*.
    """
    bound = structlog.contextvars.get_contextvars()
    headers = dict(message.headers)
    for name, header in CARRIED_HEADERS.items():
        if name in bound:
            headers.setdefault(header, bound[name])
    about = {"messaging.destination.name": message.routing_key, "messaging.message.id": message.message_id}
    span = tracing.publishing(headers, f"publish {message.exchange}", **about)
    if span is not None:
        spans.callback(span.end)
    return replace(message, headers=headers)
