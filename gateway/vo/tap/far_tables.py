"""Fetches the tables of a query that are named by an address (TAP 1.1, section 2.7.6): public ones, of some size."""

import ssl
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpcore

from gateway.vo.parameters import as_text
from mesh.errors import MeshError
from mesh.public_address import Network, NotPublic
from mesh.public_network import PublicNetwork

_SECONDS = 10.0
_AT_ONCE = 4
_OK = 200
_FIELDS = (("Accept-Encoding", "identity"), ("User-Agent", "odamesh"))


class NotFetched(MeshError):
    """A table was not fetched; the text says why."""


class FarTables:
    """Fetches tables.

    Whoever asks could otherwise have the gateway call servers that only the gateway can reach: an address must be
    public, the one that was checked is connected to, and redirects are not followed.

    Args:
        networks: private networks from which tables may come.
        trusted: whose certificates count; None: those of the system.
        seconds: within which a table must be there.
    """

    def __init__(
        self, networks: Sequence[Network] = (), *, trusted: ssl.SSLContext | None = None, seconds: float = _SECONDS
    ) -> None:
        self._networks = networks
        self._trusted = trusted
        self._seconds = seconds
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def fetch(self, url: str, most: int) -> str:
        """Return a table as parameters hold it; it may take as long as is allowed.

        Args:
            url: where it is.
            most: bytes that it may have.

        Raises:
            NotFetched: it is not fetched, and why.
        """
        host = _host_of(url)
        if not self._turns.acquire(timeout=self._seconds):
            raise NotFetched("many tables are being fetched: come again in a moment")
        try:
            return as_text(self._read(urlsplit(url).geturl(), most))  # its scheme in lower case
        except NotPublic:
            raise NotFetched(f"{host} is no server that everybody can reach") from None
        except httpcore.TimeoutException:
            raise NotFetched(f"{host} did not send it within {self._seconds:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise NotFetched(f"{host} did not send it ({type(error).__name__})") from None
        finally:
            self._turns.release()

    def _read(self, url: str, most: int) -> bytes:
        # A table goes nowhere that is not public, so that it may come without TLS as well.
        network = PublicNetwork(self._networks, time.monotonic() + self._seconds, secure=True)
        found = bytearray()
        with (
            httpcore.ConnectionPool(
                ssl_context=self._trusted or ssl.create_default_context(), network_backend=network, max_connections=1
            ) as pool,
            pool.stream("GET", url, headers=list(_FIELDS)) as answer,
        ):
            if answer.status != _OK:
                raise NotFetched(f"{_host_of(url)} answered with status {answer.status}")
            for piece in answer.iter_stream():
                found += piece
                if len(found) > most:
                    raise NotFetched(f"it has more than {most} bytes: send fewer rows")
        return bytes(found)


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or not url.isascii() or " " in url or parts.username is not None:
        raise NotFetched(f"{url[:80]!r} is no address of a table")
    return host[:80]
