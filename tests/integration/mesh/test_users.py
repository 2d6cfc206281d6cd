"""What each process of the running mesh can reach as the user that it is: its own account, and only what it needs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.stack import credentials, mesh_processes, supervisor, users
from infra.stack.engine import client as engine_client
from infra.stack.layout import CHECKOUT, Layout
from mesh.runner.engine import WORKSPACE
from mesh.runner.unprivileged import command
from mesh.runner.workspace import mark_of
from mesh.settings import Settings
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


@pytest.fixture
def layout(mesh: Mesh) -> Layout:
    """Of a mesh that runs."""
    assert mesh
    return Layout.from_environment()


def _as_user(process: str, code: str, *arguments: str) -> Any:
    """Run Python as the user of a process and return what it prints, as JSON."""
    needs = [CHECKOUT, Path(sys.prefix), Path(sys.base_prefix)]
    words = command(users.of(process), [sys.executable, "-c", code, *arguments], needs)
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_READABLE = """
import json, os, sys
def readable(path):
    try:
        return bool(os.listdir(path)) if os.path.isdir(path) else open(path, 'rb').read(1) is not None
    except OSError:
        return False
print(json.dumps([path for path in sys.argv[1:] if readable(path)]))
"""


def test_every_process_runs_as_its_own_user(layout: Layout) -> None:
    found = {}
    for process in mesh_processes.ports():
        record = supervisor.pid_file(layout, process).read()
        assert record is not None
        status = Path(f"/proc/{record.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        assert set(fields["Uid"].split()) == {str(users.of(process).uid)}
        assert fields["NoNewPrivs"].strip() == "1"
        assert int(fields["CapEff"], 16) == 0
        found[process] = users.of(process).uid
    assert len(set(found.values())) == len(found)


def test_an_account_is_read_by_its_own_user_alone(layout: Layout) -> None:
    files = sorted(layout.service_credentials.glob("*.toml"))
    more = {"gateway": [layout.gateway_access], "transports": [layout.transports_kafka]}
    assert len(files) == len(mesh_processes.ports()) + len(more)
    private = [
        layout.credentials,
        layout.accounts,
        layout.signing,
        layout.run / "mesh-plan.json",
        layout.home / "redis" / "users.acl",
    ]
    for process in mesh_processes.ports():
        seen = _as_user(process, _READABLE, *map(str, [*files, *private]))
        own = layout.service_credentials / f"{process}.toml"
        assert seen == [str(path) for path in [*more.get(process, []), own]]


_ENGINE = """
import docker, json, sys
found = {}
for address in sys.argv[1:]:
    try:
        docker.DockerClient(base_url=address).ping()
        found[address] = True
    except Exception:
        found[address] = False
print(json.dumps([address for address, answered in found.items() if answered]))
"""


def test_instruments_reach_the_engine_by_their_own_gate_alone(layout: Layout) -> None:
    gates = {name: f"unix://{path}" for name, path in _gates(layout)}
    addresses = [*gates.values(), Settings().engine_address(), "unix:///var/run/docker.sock"]
    for process in mesh_processes.ports():
        own = [gates[process]] if process in gates else []
        assert _as_user(process, _ENGINE, *addresses) == own


def _gates(layout: Layout) -> Iterator[tuple[str, Path]]:
    for process in mesh_processes.ports():
        if (path := layout.gate(process)).exists():
            yield process, path


_MISUSE = """
import docker, json, sys
address, image, foreign = sys.argv[1:]
client = docker.DockerClient(base_url=address)
def refused(deed):
    try:
        deed()
    except docker.errors.APIError as error:
        return error.status_code == 403
    return False
deeds = {
    "host": lambda: client.containers.create(image, volumes={"/": {"bind": "/unit", "mode": "rw"}}, name="odamesh-x"),
    "privileged": lambda: client.containers.create(image, privileged=True, name="odamesh-x"),
    "inspect": lambda: client.containers.get(foreign),
    "kill": lambda: client.api.kill(foreign),
    "remove": lambda: client.api.remove_container(foreign, force=True),
    "logs": lambda: client.api.logs(foreign),
    "pull": lambda: client.images.pull("busybox"),
    "info": lambda: client.info(),
    "exec": lambda: client.api.exec_create(foreign, "id"),
}
allowed = [name for name, deed in deeds.items() if not refused(deed)]
listed = [container.name for container in client.containers.list(all=True, ignore_removed=True)]
print(json.dumps({"allowed": allowed, "listed": listed}))
"""


def test_a_service_gets_nothing_of_the_engine_but_its_own(mesh: Mesh, layout: Layout) -> None:
    mesh.noop.noop(scws=drill_windows(1), salt=os.urandom(4).hex())  # through the gate, from end to end
    image = str(credentials.read(layout.images)["images"]["noop"])
    with engine_client(Settings().engine_address()) as engine:
        foreign = engine.containers.create(image, ["true"], name=f"foreign-{os.urandom(4).hex()}")
        try:
            gate = f"unix://{layout.gate('noop')}"
            told = _as_user("noop", _MISUSE, gate, image, str(foreign.id))
            assert told["allowed"] == []
            assert told["listed"], "its own containers are there"
            for name in told["listed"]:
                assert engine.containers.get(name).labels["mesh.workspace"] == mark_of(layout.work / "noop")
            foreign.reload()
        finally:
            foreign.remove(force=True)


def test_containers_are_the_user_of_their_service(mesh: Mesh, layout: Layout) -> None:
    mesh.noop.noop(scws=drill_windows(1), salt=os.urandom(4).hex())
    user = users.of("noop")
    with engine_client(Settings().engine_address()) as engine:
        label = f"{WORKSPACE}={mark_of(layout.work / 'noop')}"
        found = engine.containers.list(filters={"label": label}, ignore_removed=True)
        assert found, "warm containers wait for units"
        for container in found:
            assert container.attrs["Config"]["User"] == f"{user.uid}:{user.gid}"
            host = container.attrs["HostConfig"]
            assert (host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]) == ("none", True, ["ALL"])
