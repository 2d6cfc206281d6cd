"""Publishes requests with confirms and the mandatory flag: when it returns, the broker has the message on disk."""

import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

import pika
from pika.exceptions import AMQPError, NackError, UnroutableError

from gateway import metrics
from gateway.connection import Connection
from mesh.broker.topology import CONTROL, REQUESTS
from mesh.contracts import Document
from mesh.errors import BrokerUnavailable, QueueFull, Unroutable
from mesh.settings import BrokerSettings

_UNREACHABLE = "RabbitMQ cannot be reached; the request is stored, send it again in a few seconds"


class _Letter(NamedTuple):
    routing_key: str
    body: bytes
    properties: pika.BasicProperties
    settled: "Future[None]"


class Publisher:
    """Confirmed publisher that any thread may use; the connection lives in a thread of its own.

    Args:
        settings: where the broker is.
        seconds: how long to wait for a confirm.
        exchange: where to publish.
    """

    def __init__(self, settings: BrokerSettings, seconds: float, exchange: str = REQUESTS) -> None:
        self._seconds = seconds
        self._exchange = exchange
        self._letters: deque[_Letter] = deque()
        self._channel: Any = None
        self._broadcasts: Any = None
        self._connection = Connection(settings, "publisher", self._prepare, self._lost)

    @property
    def ready(self) -> bool:
        """Whether the connection stands."""
        return self._connection.ready

    def start(self) -> None:
        """Begin to connect."""
        self._connection.start()

    def stop(self) -> None:
        """Close the connection; what is not confirmed by then fails."""
        self._connection.stop()

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Publish one document and wait for the broker's confirm.

        Raises:
            BrokerUnavailable: no connection, no confirm in time, refused, or no queue takes it.
        """
        properties = pika.BasicProperties(
            content_type="application/json",
            message_id=message_id,
            correlation_id=message_id,
            type=document.SCHEMA,
            timestamp=int(time.time()),
            delivery_mode=2,
            headers={"x-attempt": 1, **headers},
        )
        letter = _Letter(routing_key, document.encode(), properties, Future())
        self._letters.append(letter)
        started = time.monotonic()
        if not self._connection.call(self._deliver):
            self._lost()
        try:
            letter.settled.result(timeout=self._seconds)
        except TimeoutError:
            # Unless it is on its way already, it is not sent any more.
            letter.settled.cancel()
            raise BrokerUnavailable("NoConfirm", f"no confirm within {self._seconds:g} s") from None
        finally:
            metrics.PUBLISH_SECONDS.observe(time.monotonic() - started)

    def broadcast(self, routing_key: str, document: Document) -> None:
        """Send to every process of a service that listens now; returns at once, and what cannot be sent is dropped."""
        properties = pika.BasicProperties(content_type="application/json", type=document.SCHEMA)
        body = document.encode()
        self._connection.call(lambda: self._broadcasts.basic_publish(CONTROL, routing_key, body, properties=properties))

    def _prepare(self, connection: pika.BlockingConnection) -> None:
        self._broadcasts = connection.channel()
        self._channel = connection.channel()
        self._channel.confirm_delivery()

    def _lost(self) -> None:
        """Fail every letter that waits: its caller answers 503 at once."""
        while self._letters:
            _fail(self._letters.popleft(), BrokerUnavailable("BrokerUnavailable", _UNREACHABLE))

    def _deliver(self) -> None:
        """Send what waits, one confirm after the other; runs in the connection's thread."""
        while self._letters:
            letter = self._letters.popleft()
            if not letter.settled.set_running_or_notify_cancel():
                continue
            try:
                self._channel.basic_publish(
                    self._exchange, letter.routing_key, letter.body, properties=letter.properties, mandatory=True
                )
            except UnroutableError:
                text = f"no queue takes {letter.routing_key} on {self._exchange}: run `odamesh stack up`"
                _fail(letter, Unroutable("Unroutable", text))
            except NackError:
                _fail(letter, QueueFull("QueueFull", "the broker refused the message: its queue is full"))
            except (AMQPError, OSError) as error:
                _fail(letter, BrokerUnavailable("BrokerUnavailable", _UNREACHABLE))
                raise error
            else:
                letter.settled.set_result(None)


def _fail(letter: _Letter, error: BrokerUnavailable) -> None:
    if not letter.settled.done():
        letter.settled.set_exception(error)
