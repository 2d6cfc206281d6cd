"""What the gate before the engine lets through: the mesh's own containers as the sandbox makes them, nothing else."""

import asyncio
import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.api.client import APIClient
from docker.models.containers import _create_container_args  # type: ignore[attr-defined]

from infra.engine_gate.__main__ import listen, server
from infra.engine_gate.rules import Client, Refused, check_container, question
from mesh.instrument import read_instrument
from mesh.runner import sandbox as sandbox_module
from mesh.runner.engine import Labels
from mesh.runner.sandbox import sandbox

_NOOP = Path(__file__).resolve().parents[3] / "mesh/testing/noop/instrument.toml"
_NAME = "odamesh-warm-noop-1"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client("noop", 1234, 567, tmp_path / "work" / "noop")


@pytest.fixture
def asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the client library makes of the sandbox, for a unit of this instrument."""
    monkeypatch.setattr(sandbox_module, "user", lambda: "1234:567")
    unit = client.work / "units" / "key"
    (unit / "out").mkdir(parents=True)
    labels = Labels("noop", "owner", client.labels["mesh.workspace"]).write()
    arguments = {
        **sandbox(read_instrument(_NOOP).limits),
        "image": "sha256:1",
        "name": _NAME,
        "command": ["python"],
        "labels": labels,
        "init": True,
        "volumes": {str(unit): {"bind": "/unit", "mode": "ro"}, str(unit / "out"): {"bind": "/unit/out", "mode": "rw"}},
        "version": "1.41",
    }
    made = _create_container_args(arguments)
    made.pop("name")
    api = APIClient(base_url="tcp://127.0.0.1:1", version="1.41")
    content: dict[str, Any] = api.create_container_config(**made)
    api.close()
    return content


def test_a_container_of_the_sandbox_is_let_through(client: Client, asked: dict[str, Any]) -> None:
    assert check_container(asked, _NAME, client) == "sha256:1"


_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "root": lambda body: body.update(User="0:0"),
    "nobody said": lambda body: body.update(User=""),
    "another user": lambda body: body.update(User="1:567"),
    "entrypoint": lambda body: body.update(Entrypoint=["sh"]),
    "labels of another": lambda body: body["Labels"].update({"mesh.instrument": "isgri"}),
    "workspace of another": lambda body: body["Labels"].update({"mesh.workspace": "00000000"}),
    "no labels": lambda body: body.update(Labels=None),
    "privileged": lambda body: body["HostConfig"].update(Privileged=True),
    "network": lambda body: body["HostConfig"].update(NetworkMode="host"),
    "no network said": lambda body: body["HostConfig"].pop("NetworkMode"),
    "pid": lambda body: body["HostConfig"].update(PidMode="host"),
    "ipc": lambda body: body["HostConfig"].update(IpcMode="host"),
    "user namespace": lambda body: body["HostConfig"].update(UsernsMode="host"),
    "capability": lambda body: body["HostConfig"].update(CapAdd=["SYS_ADMIN"]),
    "capabilities kept": lambda body: body["HostConfig"].update(CapDrop=[]),
    "seccomp": lambda body: body["HostConfig"].update(SecurityOpt=["seccomp=unconfined"]),
    "writable root": lambda body: body["HostConfig"].update(ReadonlyRootfs=False),
    "device": lambda body: body["HostConfig"].update(Devices=[{"PathOnHost": "/dev/sda"}]),
    "mounts": lambda body: body["HostConfig"].update(Mounts=[{"Type": "bind", "Source": "/", "Target": "/unit"}]),
    "volumes of another": lambda body: body["HostConfig"].update(VolumesFrom=["other"]),
    "memory": lambda body: body["HostConfig"].update(Memory=0),
    "processes": lambda body: body["HostConfig"].update(PidsLimit=-1),
    "runtime": lambda body: body["HostConfig"].update(Runtime="other"),
    "log driver": lambda body: body["HostConfig"].update(LogConfig={"Type": "syslog", "Config": {}}),
    "tmpfs": lambda body: body["HostConfig"].update(Tmpfs={"/tmp": "exec"}),
    "the host": lambda body: body["HostConfig"]["Binds"].append("/:/unit:ro"),
    "engine's socket": lambda body: body["HostConfig"]["Binds"].append("/var/run/docker.sock:/ctl:rw"),
    "a word that engines learn later": lambda body: body["HostConfig"].update(GivesEverything=True),
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES)
def test_what_could_do_more_is_refused(
    client: Client, asked: dict[str, Any], change: Callable[[dict[str, Any]], Any]
) -> None:
    body = deepcopy(asked)
    change(body)
    with pytest.raises(Refused):
        check_container(body, _NAME, client)


@pytest.mark.parametrize(
    "bind", ["{work}/../isgri:/unit:ro", "{work}:/unit:ro", "{work}/units:/etc:ro", "name:/unit:ro"]
)
def test_mounts_lie_below_the_work_directory(client: Client, asked: dict[str, Any], bind: str) -> None:
    asked["HostConfig"]["Binds"] = [bind.format(work=client.work)]
    with pytest.raises(Refused, match="no directory of a unit"):
        check_container(asked, _NAME, client)


def test_a_link_that_leads_elsewhere_is_refused(client: Client, asked: dict[str, Any]) -> None:
    (client.work / "way-out").symlink_to("/etc")
    asked["HostConfig"]["Binds"] = [f"{client.work}/way-out:/unit:ro"]
    with pytest.raises(Refused, match="leads elsewhere"):
        check_container(asked, _NAME, client)


def test_names_are_ours(client: Client, asked: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="odamesh-"):
        check_container(asked, "registry", client)


@pytest.mark.parametrize(
    ("method", "path", "words", "kind"),
    [
        ("GET", "/_ping", set(), "open"),
        ("GET", "/v1.41/version", set(), "open"),
        ("GET", "/v1.41/images/odamesh/isgri:latest/json", set(), "open"),
        ("GET", "/v1.41/containers/json", {"all", "filters"}, "list"),
        ("POST", "/v1.41/containers/create", {"name"}, "create"),
        ("POST", "/v1.41/containers/abc/start", set(), "one"),
        ("GET", "/v1.41/containers/abc/logs", {"stdout", "follow"}, "one"),
        ("DELETE", "/v1.41/containers/abc", {"force", "v", "link"}, "one"),
    ],
)
def test_what_services_ask_is_known(method: str, path: str, words: set[str], kind: str) -> None:
    assert question(method, path, words).kind == kind


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/v1.41/containers/abc/exec", set()),
        ("POST", "/v1.41/containers/abc/attach", {"stream"}),
        ("GET", "/v1.41/containers/abc/archive", {"path"}),
        ("PUT", "/v1.41/containers/abc/archive", {"path"}),
        ("GET", "/v1.41/containers/abc/export", set()),
        ("POST", "/v1.41/containers/abc/update", set()),
        ("POST", "/v1.41/containers/abc/rename", {"name"}),
        ("POST", "/v1.41/containers/create", {"name", "platform"}),
        ("POST", "/v1.41/images/create", {"fromImage"}),
        ("POST", "/v1.41/build", set()),
        ("DELETE", "/v1.41/images/abc", set()),
        ("GET", "/v1.41/info", set()),
        ("GET", "/v1.41/events", set()),
        ("POST", "/v1.41/volumes/create", set()),
        ("POST", "/v1.41/networks/create", set()),
        ("POST", "/v1.41/plugins/pull", set()),
        ("GET", "/v1.41/images/../containers/abc/json", set()),
        ("GET", "/v1.41/containers/../info", set()),
        ("DELETE", "/v1.41/containers/prune/json", set()),
        ("GET", "//containers/json", set()),
    ],
)
def test_what_they_do_not_need_is_refused(method: str, path: str, words: set[str]) -> None:
    with pytest.raises(Refused):
        question(method, path, words)


def test_each_socket_is_the_gate_of_its_own_service(tmp_path: Path) -> None:
    own = {name: Client(name, os.geteuid(), os.getegid(), tmp_path / name) for name in ("isgri", "jemx")}
    gates = {tmp_path / f"{name}.sock": client for name, client in own.items()}
    narrowed: list[list[str]] = []

    def engine(request: httpx.Request) -> httpx.Response:
        narrowed.append(json.loads(request.url.params["filters"])["label"])
        return httpx.Response(200, stream=httpx.ByteStream(b"[]"))

    async def ask_each() -> None:
        transport = httpx.MockTransport(engine)
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as behind:
            serving = server(gates, behind)
            running = asyncio.create_task(serving.serve([listen(path, client) for path, client in gates.items()]))
            while not serving.started:
                await asyncio.sleep(0.01)
            for path in gates:
                through = httpx.AsyncHTTPTransport(uds=str(path))
                async with httpx.AsyncClient(transport=through, base_url="http://gate") as service:
                    assert (await service.get("/v1.41/containers/json")).json() == []
            serving.should_exit = True
            await running

    asyncio.run(ask_each())
    assert narrowed == [[f"{name}={value}" for name, value in client.labels.items()] for client in own.values()]
