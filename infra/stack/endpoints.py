"""Where each server is: named by the environment, else on a loopback port of our own.

| server | named by | else port |
| --- | --- | --- |
| RabbitMQ | ODAMESH_AMQP_URL (and ODAMESH_AMQP_MANAGEMENT_URL) | ODAMESH_AMQP_PORT, ODAMESH_AMQP_MANAGEMENT_PORT |
| Redis | ODAMESH_REDIS_URL | ODAMESH_REDIS_PORT |
| object store | ODAMESH_S3_ENDPOINT with ODAMESH_S3_ACCESS_KEY and ODAMESH_S3_SECRET_KEY | ODAMESH_S3_PORT |
| Prometheus | ODAMESH_PROMETHEUS_URL | ODAMESH_PROMETHEUS_PORT |
| Alertmanager | ODAMESH_ALERTMANAGER_URL | ODAMESH_ALERTMANAGER_PORT |
| figures of this machine, probes | - | ODAMESH_MACHINE_PORT, ODAMESH_PROBES_PORT |
| container engine | DOCKER_HOST | - |

ODAMESH_PORT_SHIFT is added to every port that no variable names, so that a second stack takes one variable.
Ports are outside the ephemeral range 32768-60999: a client that reconnects can hold such a port and keep the
server from coming back.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from infra.stack.problem import SetupProblem

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Named:
    """A server that the environment names, with the account that it gives us."""

    variable: str
    user: str
    password: str


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the servers; `named` tells which (amqp, redis, s3, prometheus, alertmanager) we must not start."""

    amqp_host: str = LOOPBACK
    amqp_port: int = 5679
    amqp_vhost: str = "odamesh"
    amqp_distribution_port: int = 25679
    amqp_metrics_port: int = 15693
    epmd_port: int = 4379
    mgmt_url: str = f"http://{LOOPBACK}:15679"
    redis_host: str = LOOPBACK
    redis_port: int = 6389
    s3_endpoint: str = f"{LOOPBACK}:9010"
    s3_secure: bool = False
    bucket: str = "odamesh"
    prometheus_url: str = f"http://{LOOPBACK}:9099"
    alertmanager_url: str = f"http://{LOOPBACK}:9098"
    machine_port: int = 9097
    probes_port: int = 9096
    named: Mapping[str, Named] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Endpoints":
        """Read the variables of the table above; SetupProblem on a malformed one."""
        values: dict[str, object] = {}
        named: dict[str, Named] = {}
        shift, standard = port_shift(environment), cls()
        for variable, field_name in _PORTS.items():
            values[field_name] = port_of(variable, environment, getattr(standard, field_name) + shift)
        for variable, field_name in _LOCAL_ADDRESSES.items():
            address, _, port = getattr(standard, field_name).rpartition(":")
            values[field_name] = f"{address}:{port_of(variable, environment, int(port) + shift)}"
        if url := environment.get("ODAMESH_AMQP_URL"):
            parts, named["amqp"] = _url("ODAMESH_AMQP_URL", url, "amqp")
            values |= {
                "amqp_host": parts.hostname,
                "amqp_port": parts.port or 5672,
                "amqp_vhost": unquote(parts.path[1:]) or "odamesh",
                "mgmt_url": environment.get("ODAMESH_AMQP_MANAGEMENT_URL", f"http://{parts.hostname}:15672"),
            }
        if url := environment.get("ODAMESH_REDIS_URL"):
            parts, named["redis"] = _url("ODAMESH_REDIS_URL", url, "redis")
            if parts.path.strip("/") not in ("", "0"):
                message = "ODAMESH_REDIS_URL names a database other than 0: give the mesh a server, or database 0"
                raise SetupProblem(message)
            values |= {"redis_host": parts.hostname, "redis_port": parts.port or 6379}
        if endpoint := environment.get("ODAMESH_S3_ENDPOINT"):
            named["s3"] = _store_account(environment)
            values |= {
                "s3_endpoint": endpoint.split("://")[-1].rstrip("/"),
                "s3_secure": endpoint.startswith("https://"),
            }
        if url := environment.get("ODAMESH_PROMETHEUS_URL"):
            named["prometheus"] = Named("ODAMESH_PROMETHEUS_URL", "", "")
            values["prometheus_url"] = url.rstrip("/")
        if url := environment.get("ODAMESH_ALERTMANAGER_URL"):
            named["alertmanager"] = Named("ODAMESH_ALERTMANAGER_URL", "", "")
            values["alertmanager_url"] = url.rstrip("/")
        if bucket := environment.get("ODAMESH_BUCKET"):
            values["bucket"] = bucket
        return cls(**values, named=named)  # type: ignore[arg-type]


_PORTS = {
    "ODAMESH_AMQP_PORT": "amqp_port",
    "ODAMESH_AMQP_DISTRIBUTION_PORT": "amqp_distribution_port",
    "ODAMESH_AMQP_METRICS_PORT": "amqp_metrics_port",
    "ODAMESH_EPMD_PORT": "epmd_port",
    "ODAMESH_REDIS_PORT": "redis_port",
    "ODAMESH_MACHINE_PORT": "machine_port",
    "ODAMESH_PROBES_PORT": "probes_port",
}
_LOCAL_ADDRESSES = {
    "ODAMESH_AMQP_MANAGEMENT_PORT": "mgmt_url",
    "ODAMESH_S3_PORT": "s3_endpoint",
    "ODAMESH_PROMETHEUS_PORT": "prometheus_url",
    "ODAMESH_ALERTMANAGER_PORT": "alertmanager_url",
}


def port_shift(environment: Mapping[str, str] = os.environ) -> int:
    """Return what is added to every port that no variable names: ODAMESH_PORT_SHIFT, for a second stack."""
    text = environment.get("ODAMESH_PORT_SHIFT", "0")
    if not text.isdigit():
        message = f"ODAMESH_PORT_SHIFT={text} is not a number of ports, such as 100"
        raise SetupProblem(message)
    return int(text)


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def port_of(variable: str, environment: Mapping[str, str], standard: int) -> int:
    """Return the port that a variable names, else the standard one; SetupProblem if it names none."""
    text = environment.get(variable, str(standard))
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        message = f"{variable}={text} is not a port: give a number from 1 to 65535"
        raise SetupProblem(message)
    return int(text)


def _url(variable: str, url: str, scheme: str) -> tuple[SplitResult, Named]:
    parts = urlsplit(url)
    if parts.scheme != scheme or not parts.hostname:
        message = f"{variable} must look like {scheme}://user:password@host:port/name"
        raise SetupProblem(message)
    return parts, Named(variable, unquote(parts.username or ""), unquote(parts.password or ""))


def _store_account(environment: Mapping[str, str]) -> Named:
    try:
        access, secret = environment["ODAMESH_S3_ACCESS_KEY"], environment["ODAMESH_S3_SECRET_KEY"]
    except KeyError as missing:
        message = f"ODAMESH_S3_ENDPOINT is set but {missing.args[0]} is not: set both keys of the store's account"
        raise SetupProblem(message) from None
    return Named("ODAMESH_S3_ENDPOINT", access, secret)
