"""Clusters of Kafka that librdkafka plays itself, in the process of the test."""

from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

_MOST_BYTES = 8 * 1024 * 1024
_SECONDS = 20.0
_PARTITIONS = 4
"""Which topics of such a cluster have."""


class Cluster:
    """A cluster and its own producer; topics are made on use."""

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "message.max.bytes": _MOST_BYTES})
        brokers = self._producer.list_topics(timeout=_SECONDS).brokers.values()
        self.address = ",".join(f"{one.host}:{one.port}" for one in brokers)

    def send(self, topic: str, *bodies: bytes, headers: dict[str, str] | None = None) -> None:
        """Have messages stored, in one partition."""
        errors: list[Any] = []
        told: list[tuple[str, str | bytes | None]] = [(name, value.encode()) for name, value in (headers or {}).items()]
        for body in bodies:
            self._producer.produce(
                topic,
                body,
                partition=0,
                headers=told,
                on_delivery=lambda error, _: errors.append(error) if error else None,
            )
        assert self._producer.flush(_SECONDS) == 0
        assert not errors

    def committed(self, group: str, topic: str) -> int:
        """Return the first offset that a group has not had."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group})
        (found,) = consumer.committed([TopicPartition(topic, 0)], timeout=_SECONDS)
        consumer.close()
        return max(0, int(found.offset))

    def find(self, topic: str, key: bytes) -> Any:
        """Return the first message of a topic that has a key."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "reader"})
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(_PARTITIONS)])
        try:
            while (message := consumer.poll(_SECONDS)) is not None:
                if message.error() is None and message.key() == key:
                    return message
        finally:
            consumer.close()
        raise AssertionError(f"{topic} has no message of {key!r}")
