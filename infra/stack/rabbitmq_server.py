"""RabbitMQ: a node of our own, the mesh's topology, and one account per service."""

import base64
import http
import json
import os
import secrets
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from infra.rabbitmq import permissions, topology
from infra.stack import process
from infra.stack.credentials import ADMIN, write_private
from infra.stack.endpoints import LOOPBACK
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from infra.stack.server import Server

NODE = "odamesh@localhost"
_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_CONFIGURATION = Path(topology.__file__).parent / "rabbitmq.conf"
_CONSUMER_TIMEOUT_POLICY = (3, 12)  # first version that knows the policy key


class RabbitmqServer(Server):
    """The broker; what it knows about users comes from our credentials at each of its starts."""

    name = "rabbitmq"
    packages = ("rabbitmq-server",)
    ready_within_s = 120.0
    grace_s = 60.0

    @property
    def address(self) -> str:  # noqa: D102
        return f"{self.endpoints.amqp_host}:{self.endpoints.amqp_port}"

    @property
    def named_by(self) -> str:  # noqa: D102
        named = self.endpoints.named.get("amqp")
        return named.variable if named else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {
            "ODAMESH_AMQP_PORT": self.endpoints.amqp_port,
            "ODAMESH_AMQP_MANAGEMENT_PORT": self._management_port,
            "ODAMESH_AMQP_METRICS_PORT": self.endpoints.amqp_metrics_port,
            "ODAMESH_AMQP_DISTRIBUTION_PORT": self.endpoints.amqp_distribution_port,
            "ODAMESH_EPMD_PORT": self.endpoints.epmd_port,
        }

    def version(self) -> str | None:  # noqa: D102
        try:
            overview = self._management("GET", "/api/overview")
        except (OSError, ValueError):
            return None
        version: str = overview["rabbitmq_version"]
        return version

    def prepare(self) -> None:  # noqa: D102
        home = self.own_directory()
        data = home / "mnesia"
        if self._first_start.exists() and data.exists():
            shutil.rmtree(data)
        elif not data.exists():
            self._first_start.touch()
        self.own_directory("mnesia")
        write_private(home / "rabbitmq.conf", self._configuration(), self.owner())
        write_private(home / "accounts.json", json.dumps(self._accounts()), self.owner())
        write_private(home / "enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n", self.owner())
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            write_private(cookie, secrets.token_hex(16), self.owner())

    def launch(self) -> None:  # noqa: D102
        environment = self._environment()
        self._start_port_mapper(environment)
        self.spawn([_PROGRAM], environment)

    def configure(self) -> None:
        """Import the topology; on our own broker also the accounts. Importing again changes nothing."""
        self._drop_changed_exchanges()
        if self.named_by:
            self._import(topology.definitions())
        else:
            self._import(topology.definitions() | self._accounts())
        self._require_queues()
        self._first_start.unlink(missing_ok=True)
        self._drop_obsolete_bindings()
        version = self.version() or "0"
        if tuple(int(part) for part in version.split(".")[:2]) >= _CONSUMER_TIMEOUT_POLICY:
            self._import(topology.overlay_4x())

    def bindings(self) -> set[tuple[str, str, str]]:
        """Exchange, queue and routing key of every binding that the broker has."""
        return {_ends(binding) for binding in self._bindings()}

    def stop(self) -> bool:  # noqa: D102
        stopped = super().stop()
        if record := self._port_mapper.read():
            process.stop(record, grace_s=5.0)
        self._port_mapper.remove()
        return stopped

    @property
    def _management_port(self) -> int:
        return urlsplit(self.endpoints.mgmt_url).port or 15672

    @property
    def _first_start(self) -> Path:
        """A file that is there from the very first start until the queues are.

        A broker that was ended meanwhile lacks tables or features ever after: it does not start, or makes no queue.
        It has nothing of the mesh yet, so that the next start begins anew.
        """
        return self.directory / "first-start"

    @property
    def _port_mapper(self) -> PidFile:
        return PidFile(self.layout.run / "epmd.pid")

    def _start_port_mapper(self, environment: Mapping[str, str]) -> None:
        """Start Erlang's port mapper ourselves: a node would leave its own running for good."""
        port = str(self.endpoints.epmd_port)
        self.spawn(["epmd", "-address", LOOPBACK, "-port", port], environment, self._port_mapper)

    def _environment(self) -> dict[str, str]:
        home = self.directory
        return {
            "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
            "RABBITMQ_PID_FILE": str(home / "mnesia" / "node.pid"),
            "RABBITMQ_DIST_PORT": str(self.endpoints.amqp_distribution_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self.endpoints.epmd_port),
            # Distribution on loopback; no busy waiting: the node shares its cores with the analyses.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"
            " +sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_CRASH_DUMP_SECONDS": "0",
            # The start script then becomes the node instead of waiting beside it: one pid to record.
            "RUNNING_UNDER_SYSTEMD": "1",
        }

    def _configuration(self) -> str:
        listeners = {
            "listeners.tcp.local": f"{LOOPBACK}:{self.endpoints.amqp_port}",
            "management.tcp.ip": LOOPBACK,
            "management.tcp.port": self._management_port,
            "prometheus.tcp.ip": LOOPBACK,
            "prometheus.tcp.port": self.endpoints.amqp_metrics_port,
            "load_definitions": self.directory / "accounts.json",
        }
        added = "".join(f"{name} = {value}\n" for name, value in listeners.items())
        return f"{_CONFIGURATION.read_text()}\n# This machine\n{added}"

    def _accounts(self) -> dict[str, Any]:
        accounts = self.credentials.accounts
        users = [
            {
                "name": account.amqp_user,
                "password_hash": _password_hash(account.amqp_password),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "administrator" if service == ADMIN else "",
            }
            for service, account in accounts.items()
        ]
        rights = [
            {"user": account.amqp_user, "vhost": topology.VIRTUAL_HOST, **permissions.of(service)}
            for service, account in accounts.items()
        ]
        topics = [
            {"user": account.amqp_user, "vhost": topology.VIRTUAL_HOST, "exchange": exchange, **keys}
            for service, account in accounts.items()
            for exchange, keys in permissions.topics(service).items()
        ]
        host = [{"name": topology.VIRTUAL_HOST}]
        return {"vhosts": host, "users": users, "permissions": rights, "topic_permissions": topics}

    def _import(self, definitions: dict[str, Any]) -> None:
        try:
            # A busy machine makes a hundred replicated queues no faster than it starts the broker.
            self._management("POST", "/api/definitions", definitions, within_s=self.ready_within_s)
        except (OSError, ValueError) as error:
            message = f"RabbitMQ at {self.endpoints.mgmt_url} did not take the mesh's queues: {_reason(error)}"
            raise SetupProblem(message) from error

    def _require_queues(self) -> None:
        """Refuse to go on without the mesh's queues: an import that makes none of them is answered as if it had."""
        host = quote(self.endpoints.amqp_vhost, safe="")
        there = {queue["name"] for queue in self._management("GET", f"/api/queues/{host}?columns=name")}
        if missing := sorted({queue["name"] for queue in topology.definitions()["queues"]} - there):
            message = f"RabbitMQ at {self.endpoints.mgmt_url} made no queue {', '.join(missing[:3])}; its log says why"
            raise SetupProblem(message)

    def _drop_changed_exchanges(self) -> None:
        """Remove the mesh's exchanges whose kind another topology has: a broker does not change it, an import fails.

        What is published before the import has made them anew is refused, and published again.
        """
        wanted = {exchange["name"]: exchange["type"] for exchange in topology.definitions()["exchanges"]}
        host = quote(self.endpoints.amqp_vhost, safe="")
        try:
            there = self._management("GET", f"/api/exchanges/{host}")
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.NOT_FOUND:  # a named broker that has no such virtual host yet
                raise
            return
        for exchange in there:
            if exchange["type"] != wanted.get(exchange["name"], exchange["type"]):
                self._management("DELETE", f"/api/exchanges/{host}/{quote(exchange['name'], safe='')}")

    def _drop_obsolete_bindings(self) -> None:
        """Remove what an earlier topology bound to the mesh's queues: an import only adds."""
        definitions = topology.definitions()
        queues = {queue["name"] for queue in definitions["queues"]}
        wanted = {_ends(binding) for binding in definitions["bindings"]}
        host = quote(self.endpoints.amqp_vhost, safe="")
        for binding in self._bindings():
            source, queue, _ = ends = _ends(binding)
            if queue in queues and ends not in wanted:
                parts = "/".join(quote(part, safe="") for part in (source, "q", queue, binding["properties_key"]))
                self._management("DELETE", f"/api/bindings/{host}/e/{parts}")

    def _bindings(self) -> list[dict[str, Any]]:
        host = quote(self.endpoints.amqp_vhost, safe="")
        # The default exchange binds every queue by its name; those bindings cannot be changed.
        return [one for one in self._management("GET", f"/api/bindings/{host}") if one["source"]]

    def _management(self, method: str, path: str, body: dict[str, Any] | None = None, *, within_s: float = 20.0) -> Any:
        named = self.endpoints.named.get("amqp")
        admin = self.credentials[ADMIN]
        user, password = (named.user, named.password) if named else (admin.amqp_user, admin.amqp_password)
        request = urllib.request.Request(  # noqa: S310 - the address is the operator's
            self.endpoints.mgmt_url.rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        # A proxy of the environment has no business between us and a broker on loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=within_s) as response:
            answer = response.read()
        return json.loads(answer) if answer else {}


def _ends(binding: dict[str, Any]) -> tuple[str, str, str]:
    """Exchange, queue and routing key of a binding."""
    return binding["source"], binding["destination"], binding["routing_key"]


def _password_hash(password: str) -> str:
    """RabbitMQ's form: base64 of a 4-byte salt and sha256(salt + password).

    The salt follows from the password, so that the same account gives the same text at every set-up;
    passwords are long and random, a salt adds nothing to them.
    """
    salt = sha256(b"odamesh:" + password.encode()).digest()[:4]
    return base64.b64encode(salt + sha256(salt + password.encode()).digest()).decode()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.read().decode(errors='replace')[:200]}"
    return str(error)
