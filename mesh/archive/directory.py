"""An archive in a directory of this machine."""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IROTH

from mesh.archive.access import CHUNK, MissingFile, fingerprint, unavailable, write_whole

_PROBE = 64 * 1024


class DirectoryArchive:
    """An archive in a directory; fetching makes a hard link where the file system allows it.

    Args:
        root: directory with scw/ and idx/.
    """

    at_once = 1

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._stamps: dict[tuple[str, int, int], str] = {}

    @property
    def url(self) -> str:
        """The directory."""
        return str(self._root)

    def stamp(self, path: str) -> str:
        """Hash the size and the first and last 64 KiB; remembered while size and modification time stay."""
        try:
            with self._file(path).open("rb") as file:
                state = os.fstat(file.fileno())
                key = (path, state.st_size, state.st_mtime_ns)
                if key not in self._stamps:
                    head = file.read(_PROBE)
                    file.seek(max(state.st_size - _PROBE, 0))
                    self._stamps[key] = fingerprint(str(state.st_size), head, file.read(_PROBE))
        except OSError as error:
            raise self._failure(path, error) from error
        return self._stamps[key]

    def read(self, path: str) -> bytes:
        """Read a file."""
        try:
            return self._file(path).read_bytes()
        except OSError as error:
            raise self._failure(path, error) from error

    def head(self, path: str, size: int) -> bytes:
        """Read the beginning of a file."""
        try:
            with self._file(path).open("rb") as file:
                return file.read(size)
        except OSError as error:
            raise self._failure(path, error) from error

    def fetch(self, path: str, into: Path) -> Path:
        """Link the file, or copy it when it lies on another file system or not everybody may read it."""
        try:
            source = self._file(path).resolve(strict=True)
            readable = bool(source.stat().st_mode & S_IROTH)
        except OSError as error:
            raise self._failure(path, error) from error
        into.mkdir(parents=True, exist_ok=True)
        target = into / Path(path).name
        if readable:
            target.unlink(missing_ok=True)
            try:
                os.link(source, target)
            except OSError:
                pass  # another file system, or links to this file are forbidden: copy
            else:
                return target
        return write_whole(target, self._chunks(path, source))

    def _file(self, path: str) -> Path:
        """Absolute path of a file."""
        return self._root / path

    def _chunks(self, path: str, source: Path) -> Iterator[bytes]:
        """Yield the bytes of a file in pieces."""
        try:
            with source.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise self._failure(path, error) from error

    def _failure(self, path: str, error: OSError) -> Exception:
        """Tell a file that is not there from an archive that is out of reach."""
        if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError) and self._root.is_dir():
            return MissingFile(path)
        return unavailable(self.url, error.strerror or type(error).__name__, error)
