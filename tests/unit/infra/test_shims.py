"""Which processes count as left by a killed engine: shims of our containerd, without a container."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.stack import shims

Start = Callable[..., "subprocess.Popen[bytes]"]
_WAIT = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"
_WITH_CHILD = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', {_WAIT!r}])"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process that looks like a shim."""
    started: list[subprocess.Popen[bytes]] = []

    def run(address: Path, code: str = _WAIT, name: str = "containerd-shim-runc-v2") -> "subprocess.Popen[bytes]":
        words = [name, "-c", code, "-namespace", "moby", "-address", str(address)]
        made = subprocess.Popen(words, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(made)
        assert made.stdout is not None
        assert made.stdout.read(1) == b"x"
        return made

    yield run
    for one in started:
        one.communicate()


def test_only_childless_shims_of_this_containerd_are_ended(start: Start, tmp_path: Path) -> None:
    own, other = tmp_path / "own.sock", tmp_path / "other.sock"
    idle = start(own)
    others = [start(other), start(own, _WITH_CHILD), start(own, name="containerd"), start(tmp_path / "own.sock.2")]

    found = shims.childless(shims.of(own))
    assert [record.pid for record in found] == [idle.pid]
    shims.clear(found, 10.0)

    idle.wait(10)
    assert [one.poll() for one in others] == [None] * len(others)
    assert shims.childless(found) == shims.childless(shims.of(own)) == []


def test_a_container_that_the_next_engine_does_not_know_ends_with_its_shim(start: Start, tmp_path: Path) -> None:
    own = tmp_path / "own.sock"
    shim, younger = start(own, _WITH_CHILD), start(own, _WITH_CHILD)
    inherited = [record for record in shims.of(own) if record.pid == shim.pid]
    [container] = _children_of(shim.pid)
    assert shims.childless(inherited) == []

    shims.clear(inherited, 10.0)

    shim.wait(10)
    assert not Path(f"/proc/{container}").exists()
    assert younger.poll() is None


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
