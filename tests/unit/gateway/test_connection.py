"""The thread that listens to the broker goes on whatever happens in it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPConnectionError

from gateway import connection
from gateway.connection import Connection
from mesh.settings import BrokerSettings

_SETTINGS = BrokerSettings(host="nowhere.invalid", port=1, user="u", password="p")  # noqa: S106  # nobody's


class _Broker:
    """Opens connections, the first of which break in ways of the test's choice."""

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = errors
        self.is_open = False

    def __call__(self, _parameters: Any) -> "_Broker":
        return self

    def process_data_events(self, time_limit: float) -> None:
        if self.errors:
            raise self.errors.pop(0)
        time.sleep(min(time_limit, 0.01))


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_thread_outlives_every_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = _Broker([AMQPConnectionError("gone"), OSError("reset"), IndexError("deque"), KeyError("frame")])
    monkeypatch.setattr(pika, "BlockingConnection", broker)
    monkeypatch.setattr(connection, "_FIRST_DELAY", 0.01)
    prepared = threading.Event()
    kept = Connection(_SETTINGS, "test", lambda _connection: prepared.set())
    kept.start()
    try:
        _until(lambda: not broker.errors and kept.ready)
        assert prepared.is_set()
    finally:
        kept.stop()
