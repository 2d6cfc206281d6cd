"""One AMQP connection in a thread of its own, opened again whenever it breaks.

pika's blocking connection belongs to the thread that made it; other threads reach it only by `call`.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

import pika
import structlog
from pika.exceptions import AMQPError

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
        lost: called in that thread after the connection broke.
    """

    def __init__(self, settings: BrokerSettings, name: str, prepare: Prepare, lost: Callable[[], None]) -> None:
        self._settings = settings
        self._name = name
        self._prepare = prepare
        self._lost = lost
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

    def call(self, function: Callable[[], None]) -> bool:
        """Run *function* in the connection's thread; return False if there is no connection."""
        connection = self._open
        if connection is None:
            return False
        try:
            connection.add_callback_threadsafe(function)
        except AMQPError:
            return False
        return True

    def _run(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            opened = self._serves
            try:
                self._serve()
            except (AMQPError, OSError) as error:
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
            was_open, self._open = self._open is not None, None
            if was_open:
                self._lost()
            with suppress(AMQPError, OSError):
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
