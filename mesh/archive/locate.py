"""From an address to the archive behind it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mesh.archive.access import Archive
from mesh.archive.directory import DirectoryArchive
from mesh.archive.web import WebArchive


def open_archive(address: str | Path) -> Archive:
    """Open the archive at a directory, or at a file://, http://, https:// or s3:// address.

    Nothing is read yet: an archive that is out of reach shows with its first use.

    Raises:
        ValueError: no such directory, or an address of another kind.
    """
    text = str(address)
    scheme = urlsplit(text).scheme if "://" in text else ""
    match scheme:
        case "http" | "https":
            return WebArchive(text)
        case "s3":
            from mesh.archive.s3 import open_s3  # noqa: PLC0415 - the S3 client is not part of every installation

            return open_s3(text)
        case "" | "file":
            directory = Path(unquote(urlsplit(text).path) if scheme else text)
            if not directory.is_dir():
                raise ValueError(f"there is no archive at {directory}: it is not a directory")
            return DirectoryArchive(directory)
    raise ValueError(f"'{text}' is no archive: give a directory, or an http://, https:// or s3:// address")
