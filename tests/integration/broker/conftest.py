"""A private corner of the real broker for each test, and the drill service as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import amqp
import httpx
import pytest

from mesh.broker.connection import close, connect
from mesh.broker.topology import LADDER
from mesh.settings import BrokerSettings, Settings, SettingsError

_ROOT = Path(__file__).resolve().parents[3]
_PATIENCE = 60.0


@pytest.fixture(scope="session")
def broker_settings() -> BrokerSettings:
    """Return the administrator's account of the broker; tests that need it skip where there is none."""
    try:
        return Settings().connections("admin").broker
    except SettingsError as error:
        pytest.skip(f"no broker: {error}")


@pytest.fixture
def channel(broker_settings: BrokerSettings) -> Iterator[Any]:
    """Open a plain AMQP channel."""
    connection = connect(broker_settings, "test", heartbeat=0)
    yield connection.channel()
    close(connection)


@dataclass
class Corner:
    """Queues and a retry ladder of one test; what is dead-lettered lands in ``dead``."""

    channel: Any
    prefix: str = field(default_factory=lambda: f"test.{uuid.uuid4().hex}")

    @property
    def queue(self) -> str:
        """The queue that the drill service consumes."""
        return f"{self.prefix}.work"

    @property
    def dead(self) -> str:
        """The dead letters of that queue."""
        return f"{self.prefix}.dead"

    def count(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        return int(self.channel.queue_declare(queue, passive=True).message_count)

    def send(self, message_id: str, **wish: Any) -> None:
        """Give the drill service something to do."""
        message = amqp.Message(json.dumps(wish), message_id=message_id, delivery_mode=2)
        self.channel.basic_publish(message, routing_key=self.queue, mandatory=True)

    def declare(self, queue: str, **arguments: Any) -> None:
        """Declare a quorum queue."""
        given = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
        self.channel.queue_declare(
            queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum", **given}
        )


@pytest.fixture
def corner(channel: Any) -> Iterator[Corner]:
    """Private queues, removed afterwards; a retry ladder whose every step takes 0.2 s."""
    made = Corner(channel)
    made.declare(made.queue, dead_letter_exchange="", dead_letter_routing_key=made.dead)
    made.declare(made.dead)
    steps = [f"{made.prefix}.{delay}" for delay in LADDER]
    for step in steps:
        channel.exchange_declare(step, "fanout", durable=True, auto_delete=False)
        made.declare(step, message_ttl=200, dead_letter_exchange="")
        channel.queue_bind(step, step)
    yield made
    for step in steps:
        channel.queue_delete(step)
        channel.exchange_delete(step)
    channel.queue_delete(made.queue)
    channel.queue_delete(made.dead)


@dataclass
class Service:
    """One process of the drill service."""

    process: subprocess.Popen[bytes]
    journal: Path
    health_port: int

    def lines(self, word: str) -> list[str]:
        """Return what the journal says, e.g. of ``start``: ``["m1 1", "m1 2"]`` (message and attempt)."""
        if not self.journal.exists():
            return []
        found = (line.split(" ", 1) for line in self.journal.read_text().splitlines())
        return [rest for first, rest in found if first == word]

    def health(self, path: str) -> int:
        """Return the status of a health page; 0 where nothing answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.health_port}{path}", timeout=10).status_code
        except httpx.ConnectError:
            return 0

    def reasons(self) -> list[str]:
        """Return why it is not ready."""
        reasons: list[str] = httpx.get(f"http://127.0.0.1:{self.health_port}/readyz", timeout=10).json()["reasons"]
        return reasons

    def figures(self) -> str:
        """Return what it tells Prometheus."""
        return httpx.get(f"http://127.0.0.1:{self.health_port}/metrics", timeout=10).raise_for_status().text

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)


StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path, broker_settings: BrokerSettings, corner: Corner) -> Iterator[StartService]:
    """Start drill services; *port* goes through a proxy, *ladder* retries on the test's ladder instead of holding."""
    started: list[Service] = []

    def start(*, port: int = 0, ladder: bool = True, heartbeat: int = 30) -> Service:
        credentials = tmp_path / f"credentials-{port}.toml"
        credentials.write_text(_credentials(broker_settings, port or broker_settings.port))
        journal = tmp_path / "journal"
        drill = str(Path(__file__).with_name("drill.py"))
        command = [sys.executable, drill, corner.queue, str(journal), str(heartbeat)]
        health_port = _free_port()
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "ODAMESH_CREDENTIALS": str(credentials),
            "ODAMESH_HEALTH_PORT": str(health_port),
        }
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [*command, corner.prefix] if ladder else command, env=environment, stdout=log, stderr=log
            )
        started.append(Service(process, journal, health_port))
        return started[-1]

    yield start
    for service in started:
        if service.process.poll() is None:
            service.process.kill()
        service.process.wait()
    print((tmp_path / "log").read_text())  # shown by pytest where a test fails


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {_PATIENCE:.0f} s for: {what}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _credentials(broker: BrokerSettings, port: int) -> str:
    return f"""
[endpoints]
amqp_host = "{broker.host}"
amqp_port = {port}
amqp_vhost = "{broker.vhost}"
redis_host = ""
redis_port = 0
s3_endpoint = ""
[accounts.admin]
amqp_user = "{broker.user}"
amqp_password = "{broker.password}"
redis_user = ""
redis_password = ""
s3_access_key = ""
s3_secret_key = ""
"""
