"""The container engine: the one that answers, else a Docker engine of our own without network or firewall rules."""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import docker

from infra.stack import process, shims
from infra.stack.process import PidFile
from infra.stack.server import Server, Setting

_SYSTEM_SOCKET = "unix:///var/run/docker.sock"
_INHERITED_S = 5.0
_CONTROL_GROUPS = Path("/sys/fs/cgroup")


class Engine(Server):
    """Runs the analyses.

    Ours has its own socket, data and containerd. Containers of the mesh see no network and images are built on the
    host's, so it makes no bridge and touches no firewall rule.
    """

    name = "docker"
    packages = ("docker.io",)
    ready_within_s = 60.0

    def __init__(self, setting: Setting) -> None:
        super().__init__(replace(setting, layout=setting.layout.engine))
        self._user = setting.layout.home

    @property
    def address(self) -> str:
        """Address of the engine that answers, else of our own."""
        if named := os.environ.get("DOCKER_HOST"):
            return named
        if self.pid_file.read() is None and _answers(_SYSTEM_SOCKET):
            return _SYSTEM_SOCKET
        return f"unix://{self.layout.run / 'docker.sock'}"

    @property
    def named_by(self) -> str:  # noqa: D102
        return "DOCKER_HOST" if os.environ.get("DOCKER_HOST") else ""

    @property
    def ports(self) -> Mapping[str, int]:  # noqa: D102
        return {}

    def version(self) -> str | None:  # noqa: D102
        return _answers(self.address)

    def ensure(self) -> str:
        """Have it answer, and be known as one of its users if it is ours."""
        self.layout.make()
        before = [] if self.version() else shims.of(self.containerd_socket)
        how = super().ensure()
        # It answers once it has ended the containers that it remembers. Shims that are younger than it are left alone.
        shims.clear(before, _INHERITED_S)
        if self.pid_file.read():
            self._users.mkdir(exist_ok=True)
            (self._users / self._user.as_posix().replace("/", "%")).touch()
        return how

    def prepare(self) -> None:  # noqa: D102
        _mount_control_groups()
        run = self.layout.run
        self.directory.mkdir(exist_ok=True)
        # What a killed engine left: a socket nobody listens on, a pid that may belong to someone else by now.
        for remains in ("docker.sock", "dockerd.pid", "containerd/containerd.sock", "containerd/containerd.sock.ttrpc"):
            (run / remains).unlink(missing_ok=True)
        self._containerd_configuration.write_text(
            "version = 2\n"
            f'root = "{self.directory / "containerd"}"\nstate = "{run / "containerd"}"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{self.containerd_socket}"\n'
        )
        (self.directory / "daemon.json").write_text("{}\n")

    def launch(self) -> None:  # noqa: D102
        run = self.layout.run
        self.spawn(["containerd", "--config", self._containerd_configuration], {}, self._containerd)
        command: list[str | Path] = ["dockerd", "--host", f"unix://{run / 'docker.sock'}"]
        command += ["--data-root", self.directory / "data", "--exec-root", run / "docker"]
        command += ["--pidfile", run / "dockerd.pid", "--containerd", self.containerd_socket]
        command += ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        command += ["--log-level", "warn", "--config-file", self.directory / "daemon.json"]
        self.spawn(command, {})

    def stop(self) -> bool:
        """End our engine, unless another stack on this machine is up and uses it."""
        (self._users / self._user.as_posix().replace("/", "%")).unlink(missing_ok=True)
        if any(_is_up(Path(user.name.replace("%", "/"))) for user in self._users.glob("*")):
            return False
        return self._end()

    def _clear_own_remains(self) -> None:
        """End an engine of ours that lives but does not answer, whoever uses it."""
        self._end()

    def _end(self) -> bool:
        stopped = super().stop()
        if record := self._containerd.read():
            process.stop(record, grace_s=10.0)
        self._containerd.remove()
        shims.clear(shims.of(self.containerd_socket), _INHERITED_S)
        return stopped

    @staticmethod
    def account() -> str | None:
        """Return the caller: an engine needs root."""
        return None

    @property
    def _containerd_configuration(self) -> Path:
        return self.directory / "containerd.toml"

    @property
    def containerd_socket(self) -> Path:
        """Socket of the containerd of an engine of our own."""
        return self.layout.run / "containerd" / "containerd.sock"

    @property
    def _users(self) -> Path:
        """Directory with one file for each stack that uses the engine."""
        return self.layout.run / "users"

    @property
    def _containerd(self) -> PidFile:
        return PidFile(self.layout.run / "containerd.pid")


def _is_up(home: Path) -> bool:
    """Whether the stack with this home has a server running."""
    return any(PidFile(path).read() for path in (home / "run").glob("*.pid"))


@contextmanager
def client(address: str, timeout_s: int = 600) -> Iterator[docker.DockerClient]:
    """Client of the engine at an address, closed at the end."""
    connected = docker.DockerClient(base_url=address, timeout=timeout_s)
    try:
        yield connected
    finally:
        connected.close()


def possible() -> bool:
    """Whether an engine of our own could be started here."""
    return os.geteuid() == 0 and shutil.which("dockerd") is not None


def _answers(address: str) -> str | None:
    try:
        if address.startswith("unix://"):
            # The client library leaves its socket open when it meets a dead one.
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(address.removeprefix("unix://"))
        with client(address, timeout_s=5) as engine:
            return str(engine.version()["Version"])
    except (docker.errors.DockerException, OSError):
        return None


def _mount_control_groups() -> None:
    """Mount the unified hierarchy where nothing did, as on a machine without an init system."""
    if not any(_CONTROL_GROUPS.iterdir()):
        process.run(["mount", "-t", "cgroup2", "cgroup2", _CONTROL_GROUPS])
