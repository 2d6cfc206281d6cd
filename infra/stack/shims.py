"""Ends what a killed engine leaves: shims of containerd that nobody will ask again.

The next engine kills the containers that it remembers to have started, and lets their shims live for ever. One that was
being started when the engine died it does not remember: that waits for its start, or runs, for ever.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.stack.process import ProcessRecord

_PROGRAM = "containerd-shim"
_LOOK_S = 0.1


def of(address: Path) -> list[ProcessRecord]:
    """Return the shims that were started for one containerd: they name its socket on their command line."""
    found = [ProcessRecord.of(int(folder.name)) for folder in _processes() if _is_shim(folder, address)]
    return [record for record in found if record is not None]


def childless(shims: Iterable[ProcessRecord]) -> list[ProcessRecord]:
    """Return those shims that live and whose container does not: they have no child, zombies aside."""
    parents = {_parent(folder) for folder in _processes() if ProcessRecord.of(int(folder.name))}
    return [shim for shim in shims if shim.alive() and shim.pid not in parents]


def clear(shims: Sequence[ProcessRecord], within_s: float) -> None:
    """End shims and what is left of their containers.

    Args:
        shims: whose containerd will not come back to them.
        within_s: how long the kernel may take.
    """
    until = time.monotonic() + within_s
    while any(shim.alive() for shim in shims) and time.monotonic() < until:
        for record in (*_children(shims), *childless(shims)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _children(shims: Iterable[ProcessRecord]) -> list[ProcessRecord]:
    """Return the first processes of the containers of shims; all others of a container end with them."""
    parents = {shim.pid for shim in shims if shim.alive()}
    found = [ProcessRecord.of(int(folder.name)) for folder in _processes() if _parent(folder) in parents]
    return [record for record in found if record is not None]


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
