"""What an archive offers: the version of a file, its bytes, and a copy of it; and how each of them fails."""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from mesh.errors import ArchiveUnavailable, BadInput

CHUNK = 1 << 20


class MissingFile(BadInput):
    """The archive has no such file; trying again cannot help."""

    def __init__(self, path: str, archive: str) -> None:
        super().__init__("NoScWData", f"{path} is not in the archive {archive}")
        self.path = path


class Archive(Protocol):
    """A tree of files laid out as the ISDC archive (scw/, idx/). Paths are relative, with forward slashes."""

    @property
    def url(self) -> str:
        """Where it is, for messages; never with credentials."""

    def stamp(self, path: str) -> str:
        """Fingerprint of the version of a file's data, 16 hexadecimal digits; it changes when the file does.

        Raises:
            MissingFile: the archive has no such file.
            ArchiveUnavailable: the archive did not answer.
        """

    def read(self, path: str) -> bytes:
        """Bytes of a small file; raises as `stamp`."""

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


def unavailable(archive: str, cause: object) -> ArchiveUnavailable:
    """Build the error of an archive that cannot be reached now."""
    return ArchiveUnavailable(
        "ArchiveUnavailable", f"the archive {archive} did not answer ({cause}); it is tried again"
    )


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
