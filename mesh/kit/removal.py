"""Removes what an analysis wrote, however deep its directories are and whatever their modes."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def discard(path: Path) -> None:
    """Remove a file or a directory with all that is in it; never what a link points to. What is not there is no error.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except IsADirectoryError:
        empty(path)
        path.rmdir()


def empty(directory: Path) -> None:
    """Remove all that is in a directory.

    Directories inside are brought up to the top before they are removed. So the depth neither uses up the stack nor
    makes a path longer than the kernel takes.

    Raises:
        OSError: something cannot be removed.
    """
    top = os.open(directory, _DIRECTORY)
    try:
        while names := _names(top):
            for name in names:
                try:
                    os.unlink(name, dir_fd=top)
                except IsADirectoryError:
                    _dissolve(name, top)
    finally:
        os.close(top)


def _dissolve(name: str, top: int) -> None:
    """Remove the directory *name* in *top*; those directly in it come into *top*."""
    _open_up(name, top)
    inside = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        for entry in _names(inside):
            try:
                os.unlink(entry, dir_fd=inside)
            except IsADirectoryError:
                _open_up(entry, inside)
                os.rename(entry, uuid4().hex, src_dir_fd=inside, dst_dir_fd=top)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=top)


def _names(directory: int) -> list[str]:
    with os.scandir(directory) as entries:
        return [entry.name for entry in entries]


def _open_up(name: str, parent: int) -> None:
    """Let ourselves read and change a directory, whatever the mode that the analysis gave it."""
    directory = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        with suppress(PermissionError):
            Path(f"/proc/self/fd/{directory}").chmod(0o700)
    finally:
        os.close(directory)
