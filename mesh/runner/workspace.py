"""Where one instrument's unit directories and warm slots lie on this machine, and what of them is left over."""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

from mesh.errors import HeldElsewhere
from mesh.kit.removal import discard
from mesh.runner.directory import UnitDirectory


def mark_of(root: Path) -> str:
    """Return what tells the containers of this workspace from those of another mesh that uses the same engine."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]


class Workspace:
    """``<root>/units/<key>``, its lock in ``<root>/locks/``, and ``<root>/slots/<owner>/<number>``.

    Args:
        root: private to the user of the service: inside, containers of another user may write.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.mark = mark_of(root)
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)

    def unit(self, key: str) -> UnitDirectory:
        """Return the directory of a unit; it follows from the key, so that a new owner finds it."""
        return UnitDirectory(self._root / "units" / key)

    def slot(self, owner: str, number: int) -> Path:
        """Return the directory of a warm slot."""
        return self._root / "slots" / quote(owner, safe="") / str(number)

    def cache(self) -> Path:
        """Return the directory for compiled code of processes."""
        return self._root / "cache"

    def sweep(self, owner: str, alive: Callable[[str], bool], seconds: float) -> None:
        """Remove the slots of dead owners and the directories of units that nobody touched for *seconds* or uses."""
        for path in _inside(self._root / "slots"):
            whose = unquote(path.name)
            if whose != owner and not alive(whose):
                _try_to_discard(path)
        oldest = time.time() - seconds
        for path in _inside(self._root / "units"):
            with suppress(FileNotFoundError, HeldElsewhere):
                if path.stat().st_mtime < oldest:
                    with UnitDirectory(path).hold():
                        _try_to_discard(path)


def _try_to_discard(path: Path) -> None:
    # What cannot be removed must not keep the rest from being swept; the next sweep tries again.
    with suppress(OSError):
        discard(path)


def _inside(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else []
