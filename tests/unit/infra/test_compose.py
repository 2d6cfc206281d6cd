"""`compose.yaml` is the same stack: same ports, same paths, nothing published beyond loopback."""

from pathlib import Path
from typing import Any

import pytest

from infra.stack import users
from infra.stack.alertmanager_server import AlertmanagerServer
from infra.stack.compose import FILE, instruments
from infra.stack.credentials import Credentials
from infra.stack.endpoints import Endpoints
from infra.stack.exporters import MachineExporter, ProbeExporter
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.prometheus_server import PrometheusServer
from infra.stack.server import Setting
from infra.stack.stack import Stack

yaml = pytest.importorskip("yaml")
_ACCOUNT = "ODAMESH_CREDENTIALS"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return content


def test_dependencies_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


def test_processes_are_those_of_the_checkout(compose: dict[str, Any]) -> None:
    modules = [one["command"][2] for one in compose["services"].values() if one.get("command", [""])[0] == "python"]
    services = {f"services.{path.parent.name}" for path in CHECKOUT.glob("services/*/__main__.py")}
    assert services | {"gateway", "mesh.service.instrument"} <= set(modules)
    for module in modules:
        path = CHECKOUT / module.replace(".", "/")
        assert (path / "__main__.py").is_file() or path.with_suffix(".py").is_file(), module


def test_instruments_are_those_of_the_checkout() -> None:
    text = FILE.read_text()
    assert instruments(text) == text, "run `make compose`"
    served = [one["command"][3] for one in yaml.safe_load(text)["services"].values() if "instrument" in str(one)]
    assert served == sorted(path.parent.name for path in CHECKOUT.glob("services/*/instrument.toml"))


def test_each_service_is_its_own_user_and_sees_its_own_account(compose: dict[str, Any]) -> None:
    services = {name: one for name, one in compose["services"].items() if one.get("environment", {}).get(_ACCOUNT)}
    served = {path.parent.name for path in CHECKOUT.glob("services/*/instrument.toml")}
    assert set(services) == served | {"gateway", "dispatcher", "cache", "triggers", "transports"}
    for name, service in services.items():
        account = f"/var/lib/odamesh/credentials/{name}.toml"
        assert service["environment"][_ACCOUNT] == account
        assert service["user"] == users.name_of(name)
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        places = {volume.partition(":")[0] for volume in service["volumes"]}
        assert not any("docker.sock" in place for place in places)
        assert "/var/lib/odamesh" not in places
        beside = {"gateway": "gateway-access.toml", "transports": "transports-kafka.toml"}.get(name)
        own = {account, *([f"/var/lib/odamesh/credentials/{beside}"] if beside else [])}
        assert {place for place in places if "credentials" in place} == own
        assert any("run/engine" in place for place in places) == (name in served)
        assert "DOCKER_HOST" not in service["environment"]


def test_ports_are_those_of_the_stack(compose: dict[str, Any]) -> None:
    ends, services = Endpoints(), compose["services"]
    broker = services["rabbitmq"]
    assert broker["environment"]["RABBITMQ_DIST_PORT"] == str(ends.amqp_distribution_port)
    assert broker["environment"]["ERL_EPMD_PORT"] == str(ends.epmd_port)
    probe = broker["healthcheck"]["test"][1]
    assert f"127.0.0.1/{ends.amqp_port} " in probe
    assert f"127.0.0.1/{ends.mgmt_url.rpartition(':')[2]}'" in probe
    assert f"127.0.0.1/{ends.redis_port}'" in services["redis"]["healthcheck"]["test"][1]
    assert ends.s3_endpoint in services["minio"]["entrypoint"]


@pytest.mark.parametrize("kind", [PrometheusServer, AlertmanagerServer, MachineExporter, ProbeExporter])
def test_what_watches_is_started_as_by_the_stack(
    compose: dict[str, Any],
    kind: type[PrometheusServer | AlertmanagerServer | MachineExporter | ProbeExporter],
) -> None:
    home = Path("/var/lib/odamesh")
    server = kind(Setting(Layout(home, home), Endpoints(), Credentials({})))
    assert compose["services"][server.name]["entrypoint"][1:] == server.arguments()


def test_every_server_of_the_stack_is_there(compose: dict[str, Any], tmp_path: Path) -> None:
    names = {server.name for server in Stack.of(Layout(tmp_path, tmp_path)).servers}
    assert names - {"docker"} <= set(compose["services"])


def test_nothing_is_published_and_no_password_is_written(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["network_mode"] == "host"
        assert "ports" not in service
        for name, value in service.get("environment", {}).items():
            secret = "PASSWORD" in name or "SECRET" in name
            assert not secret or value is None or value.startswith("/"), name
