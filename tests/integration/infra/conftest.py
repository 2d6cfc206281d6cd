"""A stack of its own for these tests: own home, own ports, beside whatever else runs on this machine."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack import base_image, packages
from infra.stack.layout import Layout
from infra.stack.stack import Stack

_PORT_VARIABLES = (
    "ODAMESH_AMQP_PORT",
    "ODAMESH_AMQP_MANAGEMENT_PORT",
    "ODAMESH_AMQP_METRICS_PORT",
    "ODAMESH_AMQP_DISTRIBUTION_PORT",
    "ODAMESH_EPMD_PORT",
    "ODAMESH_REDIS_PORT",
    "ODAMESH_S3_PORT",
    "ODAMESH_PROMETHEUS_PORT",
    "ODAMESH_ALERTMANAGER_PORT",
    "ODAMESH_MACHINE_PORT",
    "ODAMESH_PROBES_PORT",
)
_NAMED = (
    "ODAMESH_AMQP_URL",
    "ODAMESH_REDIS_URL",
    "ODAMESH_S3_ENDPOINT",
    "ODAMESH_PROMETHEUS_URL",
    "ODAMESH_ALERTMANAGER_URL",
    "DOCKER_HOST",
)
_SERVERS = (
    "redis-server",
    "rabbitmq-server",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-node-exporter",
    "prometheus-blackbox-exporter",
)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Servers that are not running yet; whatever a test started is stopped at the end."""
    if absent := packages.missing(_SERVERS):
        pytest.skip(f"not installed: {', '.join(absent)}; `odamesh stack up` installs them")
    with pytest.MonkeyPatch.context() as patch:
        # The servers' own account must be able to enter, so not below pytest's private directory.
        home = Path(tempfile.mkdtemp(prefix="odamesh-test-"))
        home.chmod(0o755)
        patch.setenv("ODAMESH_HOME", str(home))
        patch.setenv("ODAMESH_ENGINE_HOME", str(home))
        for variable, port in zip(_PORT_VARIABLES, free_ports(len(_PORT_VARIABLES)), strict=True):
            patch.setenv(variable, str(port))
        for variable in _NAMED:
            patch.delenv(variable, raising=False)
        layout = Layout.from_environment()
        layout.make()
        servers = Stack.of(layout)
        try:
            yield servers
        finally:
            for server in servers.servers:
                server.stop()
            base_image.unmount_below(home)
            shutil.rmtree(home)


def free_ports(count: int) -> list[int]:
    """Ports below the ephemeral range that nobody listens on."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports below 32000")
