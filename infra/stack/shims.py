"""Clears what a killed engine leaves: shims of containerd whose container has ended and that nobody will ask again."""

import contextlib
import os
import signal
from pathlib import Path

from infra.stack.process import ProcessRecord

_PROGRAM = "containerd-shim"


def clear(address: Path) -> int:
    """End the shims without a child that were started for one containerd; returns how many.

    Only while that containerd does not run: one that runs may be about to give a shim its container.

    Args:
        address: its socket, which the shims name on their command line.
    """
    found = left(address)
    for record in found:
        if record.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
    return len(found)


def left(address: Path) -> list[ProcessRecord]:
    """Return the shims of one containerd that have no child."""
    parents, shims = set(), []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        # A zombie has no record: it is no container any more.
        if (record := ProcessRecord.of(pid)) is None:
            continue
        parents.add(_parent(folder))
        if _is_shim(folder, address):
            shims.append(record)
    return [record for record in shims if record.pid not in parents]


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
