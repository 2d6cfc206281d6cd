"""From an AMQP message to a delivery, and to its copy on the retry ladder."""

from typing import Any

import amqp
import pytest

from mesh.broker.delivery import Delivery, read_delivery
from mesh.broker.retry import retry_copy
from mesh.broker.settle import decide
from mesh.errors import StoreUnavailable
from tests.unit.broker.messages import delivery


def message(body: bytes | str = b"{}", **properties: Any) -> Any:
    made = amqp.Message(body, **properties)
    made.delivery_info = {
        "consumer_tag": "consumer",
        "delivery_tag": 5,
        "redelivered": True,
        "exchange": "mesh.units",
        "routing_key": "isgri.user",
    }
    return made


def test_everything_is_read() -> None:
    read = read_delivery(
        message(
            b'{"a":1}',
            message_id="m1",
            correlation_id="r1",
            type="odamesh.unit/1",
            application_headers={"x-attempt": 3, "x-lane": "user"},
        )
    )

    assert read == Delivery(
        body=b'{"a":1}',
        message_id="m1",
        correlation_id="r1",
        routing_key="isgri.user",
        headers={"x-attempt": 3, "x-lane": "user"},
        redelivered=True,
        attempt=3,
        schema="odamesh.unit/1",
    )


@pytest.mark.parametrize("attempt", ["many", 0, -1, None, 1.5])
def test_a_senseless_attempt_counts_as_the_first(attempt: Any) -> None:
    assert read_delivery(message(application_headers={"x-attempt": attempt})).attempt == 1


def test_messages_without_an_id_stay_apart() -> None:
    first, second = message(), message()
    second.delivery_info["delivery_tag"] = 6

    assert read_delivery(first).identity != read_delivery(second).identity


def test_a_text_body_becomes_bytes() -> None:
    assert read_delivery(message("é")).body == "é".encode()


def test_the_retry_copy_is_the_message_with_its_attempt_counted() -> None:
    original = delivery(headers={"x-attempt": 1, "x-lane": "user", "x-user": "ada", "traceparent": "00-a-b-01"})

    copy = retry_copy(original, decide(StoreUnavailable("x", "x"), 1))

    assert copy.exchange == "mesh.retry.5s"
    assert copy.headers == {"x-attempt": 2, "x-lane": "user", "x-user": "ada", "traceparent": "00-a-b-01"}
    assert copy.mandatory
    kept = ("routing_key", "body", "schema", "message_id", "correlation_id")
    assert [getattr(copy, name) for name in kept] == [getattr(original, name) for name in kept]


def test_what_the_broker_added_stays_behind() -> None:
    original = delivery(headers={"x-attempt": 2, "x-death": [{}], "x-first-death-queue": "q", "x-delivery-count": 1})

    copy = retry_copy(original, decide(StoreUnavailable("x", "x"), 2))

    assert copy.headers == {"x-attempt": 3}
    assert copy.exchange == "mesh.retry.30s"
