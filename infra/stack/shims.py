"""Ends what a killed engine leaves: shims of containerd whose container has ended and that nobody will ask again."""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

from infra.stack.process import ProcessRecord

_PROGRAM = "containerd-shim"


def of(address: Path) -> list[ProcessRecord]:
    """Return the shims that were started for one containerd: they name its socket on their command line."""
    found = [ProcessRecord.of(int(folder.name)) for folder in _processes() if _is_shim(folder, address)]
    return [record for record in found if record is not None]


def childless(shims: Iterable[ProcessRecord]) -> list[ProcessRecord]:
    """Return those shims that live and whose container does not: they have no child, zombies aside."""
    parents = {_parent(folder) for folder in _processes() if ProcessRecord.of(int(folder.name))}
    return [shim for shim in shims if shim.alive() and shim.pid not in parents]


def end(shims: Iterable[ProcessRecord]) -> None:
    """End shims; only those whose containerd will not come back to them."""
    for shim in shims:
        if shim.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(shim.pid, signal.SIGKILL)


def _processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_shim(folder: Path, address: Path) -> bool:
    try:
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    if not Path(words[0]).name.startswith(_PROGRAM) or "-address" not in words:
        return False
    return words[words.index("-address") + 1 :][:1] == [str(address)]
