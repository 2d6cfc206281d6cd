"""Sends messages of the topics to a Kafka cluster: one is done when the brokers say that they have it."""

import time
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from mesh.broker.delivery import Delivery
from mesh.errors import BrokerUnavailable, ContractViolation
from mesh.service.native import Run
from services.transports import metrics
from services.transports.kafka.settings import KafkaFile, Outgoing

_log = structlog.get_logger(__name__)

_SECONDS = 30.0
_TEST = ".test"
_DEFAULTS: dict[str, Any] = {
    "client.id": "odamesh",
    "compression.type": "zstd",
    "linger.ms": 0,
    "log_level": 2,
    "delivery.timeout.ms": int(_SECONDS * 1000),
}
_NEVER = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.TOPIC_EXCEPTION})
"""What another try cannot help."""


class KafkaOut:
    """Sends, as the file says.

    Args:
        file: the operator's file.
        run: calls what waits in librdkafka.
    """

    def __init__(self, file: KafkaFile, run: Run) -> None:
        self._file = file
        self._run = run
        self._known: tuple[Outgoing, Any] | None = None

    def send(self, message: Delivery) -> None:
        """Send a message of a topic, if the file names a cluster for it; again, it has the same id.

        Raises:
            BrokerUnavailable: the cluster has not said that it has the message: send it again.
            ContractViolation: it will never take it.
        """
        settings = self._file.now().outgoing
        if settings is None:
            self.close()
        if settings is None or not settings.wants(message.routing_key):
            return
        error = self._run(self._produce, settings, message)
        if error is None:
            metrics.KAFKA_SENT.labels("sent").inc()
            return
        metrics.KAFKA_SENT.labels("refused" if error.code() in _NEVER else "waits").inc()
        text = f"Kafka does not take {message.routing_key}: {error.str()}"
        if error.code() in _NEVER:
            raise ContractViolation(text)
        raise BrokerUnavailable("KafkaUnavailable", text)

    def close(self) -> None:
        """Forget the connection; what was not confirmed is sent again by whoever comes next."""
        self._known = None

    def _produce(self, settings: Outgoing, message: Delivery) -> Any:
        """Send a message and wait until the brokers have it; returns the error, None where there is none."""
        ended: list[Any] = []
        try:
            producer = self._producer(settings)
            producer.produce(
                f"{settings.prefix}{message.routing_key}",
                value=message.body,
                # All messages of an event are in one partition, in their order.
                key=message.correlation_id,
                headers=_headers(message),
                on_delivery=lambda error, _: ended.append(error),
            )
        except KafkaException as error:
            return error.args[0]
        except BufferError:
            return KafkaError(KafkaError._QUEUE_FULL)
        end = time.monotonic() + _SECONDS + 5
        while not ended and time.monotonic() < end:
            producer.poll(0.1)
        return ended[0] if ended else KafkaError(KafkaError._MSG_TIMED_OUT)

    def _producer(self, settings: Outgoing) -> Any:
        if self._known is None or self._known[0] != settings:
            configuration = {**_DEFAULTS, **settings.configuration, "acks": "all", "enable.idempotence": True}
            self._known = (settings, Producer(configuration))
        return self._known[1]


def _headers(message: Delivery) -> list[tuple[str, bytes]]:
    """Return what is told beside the body; names with ``_`` are those of Hopskotch."""
    headers = {
        "message_id": message.message_id,
        "event": str(message.headers.get("x-event", "")),
        "record": str(message.headers.get("x-record", "")),
        "_format": "json",
    }
    if message.routing_key.endswith(_TEST):
        headers["_test"] = "true"
    return [(name, value.encode()) for name, value in headers.items()]
