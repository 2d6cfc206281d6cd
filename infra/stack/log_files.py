"""Keeps the logs of processes at a bounded size: a file that has grown is copied and begun anew.

Processes hold their log open and append to it, so it stays the same file. What they write in the moment between copy
and cut is lost; logs that must not lose a line belong to a log collector.
"""

import contextlib
import os
import shutil
from pathlib import Path

LIMIT_BYTES = 32 << 20
KEPT = 3
"""Copies beside the file itself, the newest ends with ``.1``."""


def rotate(path: Path) -> bool:
    """Begin a log anew if it has grown beyond the limit; false if there was nothing to do.

    Raises:
        OSError: there is no room for a copy, for example; the log goes on.
    """
    if not path.exists() or path.stat().st_size <= LIMIT_BYTES:
        return False
    copies = [path.with_name(f"{path.name}.{number}") for number in range(1, KEPT + 1)]
    copies[-1].unlink(missing_ok=True)
    for older, newer in zip(reversed(copies), reversed(copies[:-1]), strict=False):
        with contextlib.suppress(FileNotFoundError):
            newer.rename(older)
    shutil.copy2(path, copies[0])
    os.truncate(path, 0)
    return True


def rotate_all(directory: Path) -> None:
    """Do so for every log in a directory; one that cannot be copied now is tried again later."""
    for path in directory.glob("*.log"):
        with contextlib.suppress(OSError):
            rotate(path)
