"""Processes of the mesh start on a whole set-up only, and tell in their own words why they are not ready."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from infra.stack import credentials, mesh_processes, set_up_lock, stack
from infra.stack.engine import Engine
from infra.stack.layout import Layout
from infra.stack.mesh_processes import port_variable
from infra.stack.problem import SetupProblem
from mesh.instruments import instrument_folders


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    with TemporaryDirectory() as home:  # pytest's own is too long for sockets
        monkeypatch.setenv("ODAMESH_HOME", home)
        monkeypatch.setenv("ODAMESH_CACHE", home)
        monkeypatch.setenv("ODAMESH_SEPARATE_USERS", "no")  # a unit test adds no users to the machine
        monkeypatch.delenv("ODAMESH_RUNNER", raising=False)
        made = Layout.from_environment()
        made.make()
        yield made


def test_no_process_starts_before_the_set_up_has_ended(layout: Layout) -> None:
    with set_up_lock.held(layout), pytest.raises(SetupProblem, match="has not ended yet"):
        mesh_processes.up("warm")
    with pytest.raises(SetupProblem, match="first, to its end"):
        mesh_processes.up("warm")


def test_a_set_up_that_fails_leaves_what_services_read_as_it_was(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SetupProblem("no store")

    monkeypatch.setattr(stack, "run_steps", fail)
    for before in (None, "as it was"):
        if before:
            layout.credentials.write_text(before)
        with pytest.raises(SetupProblem):
            stack.up(Console(quiet=True))
        assert layout.accounts.exists()
        assert (layout.credentials.read_text() if before else layout.credentials.exists()) == (before or False)


@pytest.mark.parametrize(
    ("asked", "answers", "recorded"),
    [
        ("", True, "warm"),
        ("auto", True, "warm"),
        ("auto", False, "local"),
        ("local", False, "local"),
        ("", False, "warm"),
    ],
)
def test_how_units_run_is_what_the_set_up_found(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, asked: str, answers: bool, recorded: str
) -> None:
    monkeypatch.setattr(stack, "run_steps", lambda *_: None)
    monkeypatch.setattr(Engine, "version", lambda _: "1" if answers else None)
    if asked:
        monkeypatch.setenv("ODAMESH_RUNNER", asked)
    stack.up(Console(quiet=True))
    # The engine may be away when the processes start: that changes nothing.
    monkeypatch.setattr(Engine, "version", lambda _: None)
    assert stack.runner_in_use() == recorded
    address = credentials.read(layout.credentials)["endpoints"]["docker_host"]
    assert bool(address) == (recorded == "warm")


def test_a_service_is_told_its_own_account_alone(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "run_steps", lambda *_: None)
    stack.up(Console(quiet=True))
    files = {path.stem: credentials.read(path) for path in layout.service_credentials.iterdir()}
    assert set(files.pop("gateway-access")) == {"signing"}
    assert files.pop("transports-kafka") == {}
    assert layout.gateway_access.stat().st_mode & 0o777 == 0o600
    assert set(files) == set(mesh_processes.ports())
    for service, content in files.items():
        assert set(content["accounts"]) == {service}
        assert bool(content["endpoints"]["docker_host"]) == (service in instrument_folders())
        assert (layout.service_credentials / f"{service}.toml").stat().st_mode & 0o777 == 0o600
    assert credentials.ADMIN in credentials.read(layout.credentials)["accounts"]


@pytest.mark.parametrize("asked", ["", "warm", "docker"])
def test_units_are_not_let_loose_where_no_engine_can_be_had(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("ODAMESH_RUNNER", asked)
    with pytest.raises(SetupProblem, match="ODAMESH_RUNNER=auto"):
        stack._without_engine("no engine")
    monkeypatch.setenv("ODAMESH_RUNNER", "auto")
    assert "not confined" in stack._without_engine("no engine")


class _Process(BaseHTTPRequestHandler):
    """Waits for an engine."""

    def do_GET(self) -> None:
        body = json.dumps({"reasons": ["no container engine listens"]}).encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def waiting() -> Iterator[str]:
    """Address of a process that is not ready."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Process) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_why_a_process_is_not_ready_is_its_own_word(waiting: str) -> None:
    assert mesh_processes.readiness(waiting) == ["no container engine listens"]
    assert mesh_processes.readiness("http://127.0.0.1:1") is None


def test_a_taken_port_is_told_with_the_variable_that_moves_it(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    layout.credentials.write_text("")
    monkeypatch.setenv("ODAMESH_CREDENTIALS", str(layout.credentials))
    names = list(mesh_processes.ports())
    for name, port in zip(names, _free_ports(len(names)), strict=True):  # a mesh may run on the ports that are usual
        monkeypatch.setenv(port_variable(name), str(port))
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        monkeypatch.setenv("ODAMESH_ISGRI_PORT", str(stranger.getsockname()[1]))
        with pytest.raises(SetupProblem, match="for isgri is taken by another process: set ODAMESH_ISGRI_PORT"):
            mesh_processes.up("warm")


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
