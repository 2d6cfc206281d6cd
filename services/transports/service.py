"""Entry points of the transports: messages of the topics and timers in, one call each."""

from typing import Any

from mesh.broker.consumer import Retry, consume
from mesh.broker.delivery import Delivery
from mesh.broker.publisher import Publisher
from mesh.broker.topology import ALERTS, KAFKA_QUEUE, WEBHOOKS_QUEUE
from mesh.contracts.alert import AlertEntry
from mesh.errors import MeshError
from mesh.intake.alerts import AlertIntake
from mesh.service import native
from mesh.service.context import Context
from mesh.service.provide import Provided
from mesh.service.timer import every
from mesh.store.alert_index import AlertIndex
from mesh.store.alerts import Alerts
from mesh.store.connect import redis_client
from mesh.store.objects import Objects
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks
from mesh.webhook_networks import WebhookNetworks
from services.transports.kafka.consume import Streams
from services.transports.kafka.produce import KafkaOut
from services.transports.kafka.settings import KafkaFile
from services.transports.limits import Limits
from services.transports.webhooks.deliveries import Deliveries
from services.transports.webhooks.post import post

_LOOK_SECONDS = 1.0
_INDEX_SECONDS = 5.0
_SWEEP_SECONDS = 300.0
_AT_ONCE = 32
"""Messages that are kept for endpoints at the same moment: they share what is read for each."""
_DAY_SECONDS = 86400.0


def _deliveries(context: Context) -> Deliveries:
    objects, index = Objects(context.connections.store), redis_client(context.connections.redis)
    allowed = WebhookNetworks().allowed
    return Deliveries(
        Webhooks(objects),
        WebhookIndex(index),
        lambda url, body, headers: post(url, body, headers, allowed),
        Limits().url,
    )


class _Entries:
    """Hands on what was taken, as the gateway does."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Publish one entry for the triggers service and wait for the broker's confirm."""
        ident = entry.receipt_id or entry.command_id or entry.event_key
        self._publisher.publish(ALERTS, routing_key, entry, message_id=ident, correlation_id=entry.event_key)


def _kafka_file(context: Context) -> KafkaFile:
    path = Limits().kafka or context.settings.home / "credentials" / "transports-kafka.toml"
    return KafkaFile(path)


def _streams(context: Context) -> Streams:
    alerts, index = Alerts(Objects(context.connections.store)), AlertIndex(redis_client(context.connections.redis))
    intake = AlertIntake(alerts, _Entries(context.publisher), index)
    return Streams(_kafka_file(context), intake, native.in_native_thread)


class TransportsService:
    """The transports as a service; a message stays with its handler while a server is away, so that nothing is lost."""

    name = "transports"

    deliveries: Any = Provided(_deliveries)
    streams: Any = Provided(_streams)
    kafka: Any = Provided(lambda context: KafkaOut(_kafka_file(context), native.in_native_thread))

    @consume(WEBHOOKS_QUEUE, prefetch=_AT_ONCE, retry=Retry.HOLD)
    def published(self, delivery: Delivery) -> None:
        """Keep a message of a topic for each endpoint."""
        self.deliveries.take_on(delivery)

    # One at a time, so that they keep their order.
    @consume(KAFKA_QUEUE, prefetch=1, retry=Retry.HOLD)
    def to_kafka(self, delivery: Delivery) -> None:
        """Send a message of a topic to Kafka, if the operator has named a cluster."""
        self.kafka.send(delivery)

    @every(_LOOK_SECONDS, expected=(MeshError,))
    def from_kafka(self) -> None:
        """Take alerts that have come by Kafka."""
        self.streams.look()

    @every(_LOOK_SECONDS, expected=(MeshError,))
    def look(self) -> None:
        """Post what is due."""
        self.deliveries.look()

    @every(_INDEX_SECONDS, eager=True, expected=(MeshError,))
    def index(self) -> None:
        """Make the index anew if Redis lost it."""
        self.deliveries.complete_index()

    @every(_SWEEP_SECONDS, expected=(MeshError,))
    def sweep(self) -> None:
        """Take up what was lost on the way, and forget what is over for long."""
        self.deliveries.sweep(Limits().keep_days * _DAY_SECONDS)
