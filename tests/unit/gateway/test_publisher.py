"""The publisher settles every letter once: confirmed, refused, returned, or given up."""

from collections.abc import Callable
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPConnectionError, NackError, UnroutableError

from gateway.publisher import Publisher
from mesh.contracts import CancelJob
from mesh.errors import BrokerUnavailable
from mesh.settings import BrokerSettings

_SETTINGS = BrokerSettings.model_validate({"host": "127.0.0.1", "port": 1, "user": "nobody", "password": "-"})
_DOCUMENT = CancelJob(job_id="1" * 32)


class _Channel:
    """A channel that confirms, or fails as told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[tuple[str, str, bytes, pika.BasicProperties, bool]] = []

    def confirm_delivery(self) -> None:
        return

    def basic_publish(
        self, exchange: str, routing_key: str, body: bytes, *, properties: pika.BasicProperties, mandatory: bool
    ) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((exchange, routing_key, body, properties, mandatory))


class _Connection:
    """A connection whose thread is the caller's own; or no connection, or one that hangs."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.held: list[Callable[[], None]] = []

    def call(self, function: Callable[[], None]) -> bool:
        if self.kind == "down":
            return False
        if self.kind == "hangs":
            self.held.append(function)
            return True
        try:
            function()
        except AMQPConnectionError:
            self.kind = "down"
        return True


def _publisher(kind: str, channel: _Channel, monkeypatch: pytest.MonkeyPatch) -> tuple[Publisher, _Connection]:
    publisher = Publisher(_SETTINGS, seconds=0.05)
    connection = _Connection(kind)
    monkeypatch.setattr(publisher, "_connection", connection)
    monkeypatch.setattr(publisher, "_channel", channel)
    return publisher, connection


def _publish(publisher: Publisher) -> None:
    publisher.publish("cancel.isgri", _DOCUMENT, message_id="id", headers={"x-user": "ada"})


def test_a_message_is_persistent_mandatory_and_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = _Channel()
    publisher, _ = _publisher("up", channel, monkeypatch)
    _publish(publisher)
    ((exchange, key, body, properties, mandatory),) = channel.sent
    assert (exchange, key, mandatory) == ("mesh.requests", "cancel.isgri", True)
    assert CancelJob.decode(body) == _DOCUMENT
    assert (properties.message_id, properties.type, properties.delivery_mode) == ("id", CancelJob.SCHEMA, 2)
    assert properties.headers == {"x-attempt": 1, "x-user": "ada"}


@pytest.mark.parametrize(
    ("kind", "error", "reason"),
    [
        ("up", UnroutableError([]), "Unroutable"),
        ("up", NackError([]), "QueueFull"),
        ("up", AMQPConnectionError("gone"), "BrokerUnavailable"),
        ("down", None, "BrokerUnavailable"),
        ("hangs", None, "NoConfirm"),
    ],
)
def test_without_a_confirm_the_caller_knows(
    kind: str, error: Exception | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, _ = _publisher(kind, _Channel(error), monkeypatch)
    with pytest.raises(BrokerUnavailable) as caught:
        _publish(publisher)
    assert caught.value.reason == reason


def test_what_was_given_up_is_not_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = _Channel()
    publisher, connection = _publisher("hangs", channel, monkeypatch)
    with pytest.raises(BrokerUnavailable):
        _publish(publisher)
    for function in connection.held:
        function()
    assert channel.sent == []


def test_a_refused_message_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    channel: Any = _Channel(NackError([]))
    publisher, _ = _publisher("up", channel, monkeypatch)
    with pytest.raises(BrokerUnavailable):
        _publish(publisher)
    channel.error = None
    _publish(publisher)
    assert len(channel.sent) == 1
