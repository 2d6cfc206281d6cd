"""An archive behind http or https."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from mesh.archive.access import CHUNK, MissingFile, fingerprint, unavailable, write_whole
from mesh.errors import BadInput

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_GONE = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


class WebArchive:
    """An archive behind http or https.

    Args:
        url: address of the directory with scw/ and idx/; user and password in it are sent and never shown.
    """

    at_once = 16

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        account = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        # Whoever logs or raises has an address without the password.
        self._base = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
        # Files are taken as stored: a server that unpacks .gz on the way would change them.
        self._client = httpx.Client(
            auth=account,
            timeout=_TIMEOUT,
            follow_redirects=True,
            headers={"Accept-Encoding": "identity", "User-Agent": "odamesh"},
        )

    @property
    def url(self) -> str:
        """The address, without credentials."""
        return self._base

    def stamp(self, path: str) -> str:
        """Hash what the server says of the file: entity tag, else time of change, and length."""
        with self._answer("HEAD", path) as answer:
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified", "")
            if not tag:
                # The length alone: another file of the same length would be taken for this one.
                text = (
                    f"the archive's server tells neither the ETag nor the Last-Modified of {path}, so nobody could see "
                    "that its data changed; its operator must have the server send one of them"
                )
                raise BadInput("NoFileVersion", text)
            return fingerprint(tag.removeprefix("W/"), answer.headers.get("Content-Length", ""))

    def read(self, path: str) -> bytes:
        """Read a file."""
        with self._answer("GET", path) as answer:
            return b"".join(answer.iter_raw(CHUNK))

    def head(self, path: str, size: int) -> bytes:
        """Read the beginning of a file; the rest of the answer is not waited for."""
        with self._answer("GET", path) as answer:
            return next(answer.iter_raw(size), b"")

    def fetch(self, path: str, into: Path) -> Path:
        """Download the file."""
        with self._answer("GET", path) as answer:
            return write_whole(into / Path(path).name, answer.iter_raw(CHUNK))

    @contextmanager
    def _answer(self, method: str, path: str) -> Iterator[httpx.Response]:
        """Send one request; every failure until the body is read becomes an error of the archive."""
        try:
            with self._client.stream(method, f"{self._base}/{quote(path)}") as answer:
                if answer.status_code in _GONE:
                    raise MissingFile(path)
                if not answer.is_success:
                    raise unavailable(self.url, f"{path}: status {answer.status_code}", answer.reason_phrase)
                yield answer
        except httpx.TransportError as error:
            raise unavailable(self.url, f"{path}: {type(error).__name__}", error) from error
