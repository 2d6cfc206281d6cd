"""What all servers of the stack have in common: used where one answers, else started, found again, stopped."""

import os
import pwd
import re
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.stack import process
from infra.stack.credentials import Credentials
from infra.stack.endpoints import Endpoints, is_free
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile

SYSTEM_ACCOUNT = "odamesh"
_FAULT = re.compile(r"error|fatal|panic|denied|in use", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """What a server is started with."""

    layout: Layout
    endpoints: Endpoints
    credentials: Credentials


@dataclass(frozen=True)
class State:
    """One row of `odamesh stack status`."""

    name: str
    up: bool
    address: str
    started_by: str
    version: str


class Server(ABC):
    """One server. Sub-classes say how to ask for its version and how to launch it."""

    name: str
    packages: tuple[str, ...] = ()  # Debian packages
    ready_within_s = 60.0
    grace_s = 30.0

    def __init__(self, setting: Setting) -> None:
        self.layout = setting.layout
        self.endpoints = setting.endpoints
        self.credentials = setting.credentials
        self.directory = setting.layout.home / self.name
        self._log_start = 0

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients find it."""

    @property
    @abstractmethod
    def named_by(self) -> str:
        """Environment variable that names it; empty if it is ours to start."""

    @property
    @abstractmethod
    def ports(self) -> Mapping[str, int]:
        """Loopback ports that it listens on when we start it, by the variable that changes each."""

    @abstractmethod
    def version(self) -> str | None:
        """Its version if it answers to our account, else None."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its directories and write its configuration."""

    @abstractmethod
    def launch(self) -> None:
        """Start its process."""

    def configure(self) -> None:
        """Bring accounts and contents of the running server to what the mesh needs; repeatable."""
        return

    def ensure(self) -> str:
        """Have it answer; returns how that came about."""
        version = self.version()
        if version is not None:
            how = "already answers"
        elif self.named_by:
            message = f"{self.named_by} names {self.address}, but no {self.name} answers there to its account"
            raise SetupProblem(message)
        else:
            self._clear_own_remains()
            self._require_free_ports()
            self._log_start = self.log.stat().st_size if self.log.exists() else 0
            self.prepare()
            self.launch()
            version = self._wait()
            how = "started"
        self.configure()
        return f"{version} {how}"

    def state(self) -> State:
        """Whether it answers, where, and who started it."""
        version = self.version()
        record = self.pid_file.read()
        if record:
            started_by = f"this stack (pid {record.pid})"
        elif self.named_by:
            started_by = f"named by {self.named_by}"
        else:
            started_by = "found running" if version else "-"
        return State(self.name, version is not None, self.address, started_by, version or "-")

    def stop(self) -> bool:
        """End the process that we started; False if there is none."""
        record = self.pid_file.read()
        if record:
            process.stop(record, self.grace_s)
        self.pid_file.remove()
        return record is not None

    @property
    def pid_file(self) -> PidFile:
        """Of the process that we started."""
        return PidFile(self.layout.run / f"{self.name}.pid")

    @property
    def log(self) -> Path:
        """Output of the process that we started."""
        return self.layout.log / f"{self.name}.log"

    def spawn(
        self, command: Sequence[str | Path], environment: Mapping[str, str], pid_file: PidFile | None = None
    ) -> None:
        """Start a process of this server under the stack's account and record it."""
        full = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(self.directory)}
        started = process.start(
            command,
            log=self.log,
            environment=full | dict(environment),
            directory=self.directory,
            account=self.account(),
        )
        if record := process.ProcessRecord.of(started.pid):
            (pid_file or self.pid_file).write(record)

    def own_directory(self, *below: str) -> Path:
        """Make a directory under the server's own and give it to the account that it runs under."""
        path = self.directory.joinpath(*below)
        path.mkdir(parents=True, exist_ok=True)
        if owner := self.owner():
            os.chown(path, *owner)
        path.chmod(0o700)
        return path

    @staticmethod
    def account() -> str | None:
        """System account of the servers when set up by root; otherwise they run as the caller."""
        return SYSTEM_ACCOUNT if os.geteuid() == 0 else None

    @classmethod
    def owner(cls) -> tuple[int, int] | None:
        """User and group id of that account; None = the caller."""
        if not (account := cls.account()):
            return None
        entry = pwd.getpwnam(account)
        return entry.pw_uid, entry.pw_gid

    def _clear_own_remains(self) -> None:
        """End a process of ours that lives but does not answer."""
        self.stop()

    def _require_free_ports(self) -> None:
        for variable, port in self.ports.items():
            if not is_free(port):
                message = f"port {port} for {self.name} is taken by another process: set {variable} to a free port"
                raise SetupProblem(message)

    def _wait(self) -> str:
        deadline = time.monotonic() + self.ready_within_s
        while time.monotonic() < deadline:
            if (version := self.version()) is not None:
                return version
            if self.pid_file.read() is None:
                break
            time.sleep(0.1)
        message = f"{self.name} did not start; {self.log} says: {_reason(self.log, self._log_start)}"
        raise SetupProblem(message)


def _reason(log: Path, start: int) -> str:
    """First line that speaks of an error since `start` bytes, else the last line."""
    with log.open("rb") as stream:
        stream.seek(start)
        lines = stream.read().decode(errors="replace").strip().splitlines()
    telling = [line for line in lines if _FAULT.search(line)]
    return (telling or lines[-1:] or ["nothing"])[0].strip()


def make_system_account() -> None:
    """Create the account that the servers run under, when set up by root."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT], check=True, capture_output=True)
