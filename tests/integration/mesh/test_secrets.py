"""No password and no key of the stack is in any log, on any command line or in the environment of a process."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from odamesh import JobFailed, Mesh
from tests.integration.mesh.windows import drill_windows

_SECRET = ("password", "secret_key")


@pytest.fixture
def secrets(home: Path) -> set[bytes]:
    """Everything that opens something on this stack."""
    accounts = tomllib.loads((home / "accounts.toml").read_text())["accounts"].values()
    words = {value for one in accounts for name, value in one.items() if name.endswith(_SECRET)}
    signing = tomllib.loads((home / "signing.toml").read_text())["signing"]
    words |= {*signing["keys"], signing["salt"]}
    words.add((home / "rabbitmq" / ".erlang.cookie").read_text())
    assert len(words) > 3 * len(accounts)
    return {word.encode() for word in words}


def _written(home: Path) -> Iterator[Path]:
    """Logs of every process and server, what was rotated away, and notes of processes."""
    for directory in (home / "log", home / "run"):
        yield from (path for path in directory.rglob("*") if path.is_file())
    for server in ("rabbitmq", "redis", "minio", "prometheus"):
        yield from (home / server).glob("*.log*")


def _told_to_processes(home: Path) -> Iterator[tuple[str, bytes]]:
    """Command line and environment of every process of this stack."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment, words = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        # A test, which is told everything, is no process of the stack.
        if str(home).encode() in environment and b"pytest" not in words:
            yield words.replace(b"\0", b" ").decode(errors="replace")[:100], environment + words


def test_no_secret_is_written_anywhere(mesh: Mesh, home: Path, secrets: set[bytes]) -> None:
    windows = drill_windows(2)
    salt = os.urandom(4).hex()
    mesh.noop.noop(scws=windows, salt=salt)
    with pytest.raises(JobFailed):
        mesh.noop.noop(scws=windows, behaviour="crash", salt=salt)
    logs = list(_written(home))
    assert any(path.name == "noop.log" and path.stat().st_size for path in logs)
    for path in logs:
        text = path.read_bytes()
        assert not any(secret in text for secret in secrets), f"{path} holds a secret"
    told = list(_told_to_processes(home))
    assert any("mesh.service.instrument" in words for words, _ in told)
    for words, text in told:
        assert not any(secret in text for secret in secrets), f"a secret is told to `{words}`"
