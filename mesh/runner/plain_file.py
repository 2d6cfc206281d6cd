"""Reads files that somebody else put there: only plain ones, never through a link, never waiting, never without end."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

_DOCUMENT_LIMIT = 4 << 20
_CHUNK = 1 << 20


def chunks(path: Path) -> Iterator[bytes]:
    """Return the content in pieces of at most 1 MiB; the other green threads have their turn between two.

    Raises:
        OSError: no such file, or not a plain one.
    """
    with _opened(path) as descriptor:
        while chunk := os.read(descriptor, _CHUNK):
            yield chunk
            sleep(0)


def read_small(path: Path) -> bytes:
    """Return the content of a file of at most 4 MiB.

    Raises:
        OSError: no such file, not a plain one, or larger.
    """
    content = bytearray()
    for chunk in chunks(path):
        content += chunk
        if len(content) > _DOCUMENT_LIMIT:
            msg = f"{path.name} is larger than {_DOCUMENT_LIMIT} bytes"
            raise OSError(msg)
    return bytes(content)


def read_part(path: Path, start: int) -> bytes:
    """Return at most 1 MiB of the content from byte *start* on.

    Raises:
        OSError: no such file, or not a plain one.
    """
    with _opened(path) as descriptor:
        return os.pread(descriptor, _CHUNK, start)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # A pipe that nobody writes to would hold up the whole process, a link could lead out of the directory.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            msg = f"{path.name} is not a plain file"
            raise OSError(msg)
        yield descriptor
    finally:
        os.close(descriptor)
