"""One AMQP connection in a thread of its own that listens, opened again whenever it breaks."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pika
import structlog

from mesh.settings import BrokerSettings

_log = structlog.get_logger("gateway.connection")

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
_LOOK_SECONDS = 0.5
"""How often the thread looks whether it is to stop; callbacks and frames wake it at once."""

Prepare = Callable[["pika.BlockingConnection"], None]


class Connection:
    """Keeps a connection open and ready.

    Args:
        settings: where the broker is.
        name: shown in the broker's list of connections.
        prepare: opens channels on each new connection; runs in the connection's thread.
    """

    def __init__(self, settings: BrokerSettings, name: str, prepare: Prepare) -> None:
        self._settings = settings
        self._name = name
        self._prepare = prepare
        self._open: pika.BlockingConnection | None = None
        self._serves = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"amqp-{name}", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether the connection stands and its channels are open."""
        return self._open is not None

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Close the connection and wait for the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_LONGEST_DELAY)

    def _run(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            opened = self._serves
            try:
                self._serve()
            except Exception as error:  # the thread must not end: nobody would start it again
                # The text of the error may hold the address with its account: only its kind is logged.
                _log.warning("broker connection lost", connection=self._name, error=type(error).__name__)
                delay = _FIRST_DELAY if self._serves > opened else min(2 * delay, _LONGEST_DELAY)
                self._stopping.wait(delay)

    def _serve(self) -> None:
        connection = pika.BlockingConnection(_parameters(self._settings, self._name))
        try:
            self._prepare(connection)
            self._open = connection
            self._serves += 1
            _log.info("broker connection open", connection=self._name)
            while not self._stopping.is_set():
                connection.process_data_events(time_limit=_LOOK_SECONDS)
        finally:
            self._open = None
            with suppress(Exception):
                if connection.is_open:
                    connection.close()


def _parameters(settings: BrokerSettings, name: str) -> pika.ConnectionParameters:
    return pika.ConnectionParameters(
        host=settings.host,
        port=settings.port,
        virtual_host=settings.vhost,
        credentials=pika.PlainCredentials(settings.user, settings.password),
        heartbeat=10,
        blocked_connection_timeout=5,
        socket_timeout=3,
        stack_timeout=6,
        client_properties={"connection_name": f"gateway.{name}"},
    )
