"""Removes what a unit left in a warm container, so that the next one finds nothing of it."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mesh.kit.removal import empty

_TABLES = tuple(Path(f"/proc/sysvipc/{kind}") for kind in ("shm", "sem", "msg"))
_QUEUES = Path("/dev/mqueue")


def end_processes(pid: int) -> None:
    """Kill whatever the unit with process group *pid* started, and collect it."""
    alone = _is_alone()
    with suppress(ProcessLookupError):
        # Process 1 of a container reaches every process in it; elsewhere only the unit's own group may be touched.
        if alone:
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1 if alone else pid, 0)


def clear_container() -> bool:
    """Empty the temporary directory; say whether nothing at all of the unit is left.

    Shared memory, semaphores and message queues outlive the processes that made them: a container that holds any is
    better ended than searched.
    """
    if not _is_alone():
        return True
    try:
        empty(Path("/tmp"))  # noqa: S108 - the container's own
    except OSError:
        return False
    return not any(_left_in_memory())


def _is_alone() -> bool:
    return os.getpid() == 1


def _left_in_memory() -> Iterable[object]:
    for table in _TABLES:
        with suppress(OSError):
            yield from table.read_text(encoding="ascii").splitlines()[1:]
    with suppress(OSError):
        yield from _QUEUES.iterdir()
