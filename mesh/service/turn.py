"""Lets the processes of one machine do something one after the other, by a lock on a file that the kernel drops."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TURN_FILE = "getting-ready"
"""Below the work directory of all services of a machine."""
_LOOK_S = 0.05


class Turn:
    """Whoever holds it is alone on this machine; it ends with its process.

    Args:
        path: of the file; it and its directory are made if need be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def hold(self, give_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for the turn and keep it for the block; false when *give_up* said so first.

        The wait is made of short sleeps, because a lock that blocks would stop all green threads of the process.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("w", encoding="utf-8") as file:
            mine = _lock(file.fileno())
            while not mine and not give_up():
                time.sleep(_LOOK_S)
                mine = _lock(file.fileno())
            yield mine


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
