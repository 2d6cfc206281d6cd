"""Set-ups of one stack wait for each other, and whoever needs a whole stack can ask whether one goes on."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.stack.layout import Layout


@contextmanager
def held(layout: Layout) -> Iterator[None]:
    """Hold the lock for the block; it goes with the process that holds it."""
    with _path(layout).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_held(layout: Layout) -> bool:
    """Say whether a set-up goes on now."""
    try:
        with _path(layout).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _path(layout: Layout) -> Path:
    return layout.home / ".lock"
