"""Tells at once that a worker of this machine has died: each holds a lock on a file, which the kernel drops for it.

Elsewhere a worker counts as dead when it was not heard of for a while; its successor on the same machine need not wait.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote


class OwnerLock:
    """Holds the lock of one owner from now on.

    Args:
        directory: with one file for each owner of this machine; made if need be.
        owner: name of this process.
    """

    def __init__(self, directory: Path, owner: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._path = self._path_of(owner)
        partial = directory / f".{self._path.name}"
        # Locked before it is seen: nobody finds it free.
        self._file = partial.open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        partial.rename(self._path)

    def dead(self) -> list[str]:
        """Return the owners whose process has ended without a word."""
        return [unquote(path.name) for path in sorted(self._directory.glob("[!.]*")) if self._is_free(path)]

    def forget(self, owner: str) -> None:
        """Remove what a dead owner left."""
        self._path_of(owner).unlink(missing_ok=True)

    def release(self) -> None:
        """End in good order."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _path_of(self, owner: str) -> Path:
        return self._directory / quote(owner, safe="")

    def _is_free(self, path: Path) -> bool:
        if path == self._path:
            return False
        with suppress(FileNotFoundError, BlockingIOError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            finally:
                os.close(descriptor)
            return True
        return False
