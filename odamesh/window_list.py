"""Lists of science windows in files of the user."""

from pathlib import Path

from mesh.archive import window_list
from mesh.archive.window_list import WindowListError, window
from odamesh.errors import WrongValue

__all__ = ["read_file", "read_windows", "window"]


def read_windows(content: bytes, source: str) -> list[str]:
    """Return the science windows that a file names; see `mesh.archive.window_list.read_windows`.

    Raises:
        WrongValue: names the line that holds something else, or says that there is nothing.
    """
    try:
        return window_list.read_windows(content, source)
    except WindowListError as error:
        raise WrongValue(str(error)) from error


def read_file(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        WrongValue: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise WrongValue(f"{file}: {error.strerror or error}") from error
