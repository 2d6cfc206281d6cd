"""The publisher against the real broker."""

from collections.abc import Iterator
from typing import Any

import pytest

from mesh.broker.outgoing import Outgoing
from mesh.broker.publisher import Publisher
from mesh.contracts.cancel import CancelJob
from mesh.errors import BrokerUnavailable, QueueFull, Unroutable
from mesh.settings import BrokerSettings
from tests.integration.broker.conftest import Corner
from tests.integration.broker.proxy import proxy_to


@pytest.fixture
def publisher(broker_settings: BrokerSettings) -> Iterator[Publisher]:
    made = Publisher(broker_settings, name="test publisher", patience=0)
    yield made
    made.close()


def outgoing(corner: Corner, number: int, **changes: Any) -> Outgoing:
    content: dict[str, Any] = {
        "exchange": "",
        "routing_key": corner.queue,
        "body": b"{}",
        "schema": "odamesh.test/1",
        "message_id": f"m{number}",
    }
    return Outgoing(**{**content, **changes})


def test_a_document_arrives_with_its_properties(corner: Corner, publisher: Publisher) -> None:
    document = CancelJob(job_id="j1")

    publisher.publish("", corner.queue, document, message_id="j1", correlation_id="r1", headers={"x-lane": "user"})

    message = corner.channel.basic_get(corner.queue, no_ack=True)
    assert CancelJob.decode(message.body) == document
    properties = message.properties
    assert properties["message_id"] == "j1"
    assert properties["correlation_id"] == "r1"
    assert properties["type"] == CancelJob.SCHEMA
    assert properties["delivery_mode"] == 2
    assert properties["timestamp"] is not None
    assert properties["application_headers"].items() >= {"x-attempt": 1, "x-lane": "user"}.items()


def test_many_arrive_in_order(corner: Corner, publisher: Publisher) -> None:
    publisher.publish_many([outgoing(corner, number) for number in range(200)])

    ids = [corner.channel.basic_get(corner.queue, no_ack=True).properties["message_id"] for _ in range(200)]
    assert ids == [f"m{number}" for number in range(200)]


def test_what_no_queue_takes_is_an_error(corner: Corner, publisher: Publisher) -> None:
    lost = outgoing(corner, 2, routing_key=f"{corner.prefix}.nowhere")

    with pytest.raises(Unroutable, match="nowhere") as caught:
        publisher.publish_many([outgoing(corner, 1), lost])

    assert caught.value.failed == ("m2",)
    assert corner.count(corner.queue) == 1


def test_a_hint_may_find_no_queue(corner: Corner, publisher: Publisher) -> None:
    publisher.publish_many([outgoing(corner, 1, routing_key=f"{corner.prefix}.nowhere", mandatory=False)])


def test_a_missing_exchange_is_an_error(corner: Corner, publisher: Publisher) -> None:
    with pytest.raises(Unroutable, match="no exchange"):
        publisher.publish_many([outgoing(corner, 1, exchange=f"{corner.prefix}.nowhere")])


def test_a_full_queue_refuses(corner: Corner, publisher: Publisher) -> None:
    full = f"{corner.prefix}.full"
    corner.declare(full, max_length=3, overflow="reject-publish")
    try:
        with pytest.raises(QueueFull, match="full") as caught:
            for number in range(10):
                publisher.publish_many([outgoing(corner, number, routing_key=full)])
        assert len(caught.value.failed) == 1
    finally:
        corner.channel.queue_delete(full)


def test_a_cut_connection_loses_nothing(corner: Corner, broker_settings: BrokerSettings) -> None:
    with proxy_to(broker_settings.host, broker_settings.port) as proxy:
        settings = broker_settings.model_copy(update={"port": proxy.port})
        publisher = Publisher(settings, name="test publisher")
        for number in range(20):
            if number % 5 == 4:
                proxy.cut()
            publisher.publish_many([outgoing(corner, number)])
        publisher.close()

    ids = set()
    while message := corner.channel.basic_get(corner.queue, no_ack=True):
        ids.add(message.properties["message_id"])
    assert ids == {f"m{number}" for number in range(20)}


def test_no_broker_is_an_error(corner: Corner, broker_settings: BrokerSettings) -> None:
    with proxy_to(broker_settings.host, broker_settings.port) as proxy:
        settings = broker_settings.model_copy(update={"port": proxy.port})
        proxy.cut(refuse=True)
        publisher = Publisher(settings, name="test publisher", patience=0.3)

        with pytest.raises(BrokerUnavailable) as caught:
            publisher.publish_many([outgoing(corner, 1)])

    assert caught.value.failed == ("m1",)
    assert broker_settings.password not in str(caught.value)
