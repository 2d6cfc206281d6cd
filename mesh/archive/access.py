"""What an archive offers: the version of a file, its bytes, and a copy of it; and how each of them fails."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol, TypeVar

from mesh.errors import ArchiveUnavailable, BadInput

CHUNK = 1 << 20
_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


class MissingFile(BadInput):
    """The archive has no such file; trying again cannot help."""

    def __init__(self, path: str) -> None:
        super().__init__("NoScWData", f"{path} is not in the archive")
        self.path = path


class Archive(Protocol):
    """A tree of files laid out as the ISDC archive (scw/, idx/). Paths are relative, with forward slashes.

    The texts of its errors reach callers: they name the path of the file, never where the archive itself is.
    """

    at_once: int
    """How many files are best asked for side by side: what each answer waits for on the way, others use."""

    @property
    def url(self) -> str:
        """Where it is, for operators; never with credentials."""

    def stamp(self, path: str) -> str:
        """Fingerprint of the version of a file's data, 16 hexadecimal digits; it changes when the file does.

        Raises:
            MissingFile: the archive has no such file.
            BadInput: reason ``NoFileVersion``; nothing tells one version of the file from another.
            ArchiveUnavailable: the archive did not answer.
        """

    def read(self, path: str) -> bytes:
        """Bytes of a small file; raises as `stamp`."""

    def head(self, path: str, size: int) -> bytes:
        """First bytes of a file of any size, at most *size* of them; raises as `stamp`."""

    def fetch(self, path: str, into: Path) -> Path:
        """Put a file into the directory `into` under its own name and return its path; raises as `stamp`.

        The file appears whole or not at all. It may be the archive's own file under a second name: never change it or
        its mode. The call blocks for as long as the copy takes.
        """


def fingerprint(*facts: str | bytes) -> str:
    """Hash facts about a file into a stamp of 16 hexadecimal digits."""
    digest = sha256()
    for fact in facts:
        part = fact.encode() if isinstance(fact, str) else fact
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def joined_stamp(stamps: Iterable[str]) -> str:
    """Stamp of several files together; that of a single file is its own."""
    first, *others = stamps
    return fingerprint(first, *others) if others else first


def side_by_side(archive: Archive, ask: Callable[[_Item], _Answer], items: Iterable[_Item]) -> Iterator[_Answer]:
    """Yield what *ask* returns for each item, in order, asking the archive as often at once as it likes.

    What *ask* raises is raised here, at its item; items after it may have been asked for already.
    """
    if archive.at_once == 1:
        yield from map(ask, items)
        return
    pool = ThreadPoolExecutor(archive.at_once, thread_name_prefix="archive")
    asked: deque[Future[_Answer]] = deque()
    try:
        for item in items:
            asked.append(pool.submit(ask, item))
            # A few more than are asked at once, so that nobody idles; not all, there may be 100 000.
            if len(asked) > 2 * archive.at_once:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def unavailable(archive: str, cause: str, detail: object) -> ArchiveUnavailable:
    """Build the error of an archive that cannot be reached now, and log where it is.

    Args:
        archive: its address, for the log.
        cause: a word or two, for the caller.
        detail: all that is known, for the log.
    """
    _log.warning("the archive %s did not answer: %s (%s)", archive, cause, detail)
    return ArchiveUnavailable("ArchiveUnavailable", f"the archive did not answer ({cause}); it is tried again")


def write_whole(target: Path, chunks: Iterable[bytes]) -> Path:
    """Write a file under a temporary name in its directory and rename it when it is complete; readable by all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as part:
        partial = Path(part.name)
        try:
            for chunk in chunks:
                part.write(chunk)
            part.flush()
            os.fchmod(part.fileno(), 0o644)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return target
