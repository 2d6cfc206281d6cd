"""Fetches sky maps of which a notice gives only the address: from hosts that an operator allows, and from no others.

A notice comes from outside, so its address may be anything: it must not have the mesh ask servers that only the mesh
can reach (server-side request forgery), nor fill its memory, nor hold it up. The address that was checked is the one
that is connected to; redirects are not followed.
"""

import ssl
import time
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit, urlunsplit

import httpx

from mesh.alerts.errors import NoticeRefused
from mesh.alerts.sky_map import TakenMap, take
from mesh.errors import MeshError
from mesh.public_address import Network, NotPublic, resolve

MOST_BYTES = 64 * 1024 * 1024
"""Of a file as it is sent; what it unpacks to, its headers tell."""
_SECONDS = 20.0
_PAUSE_SECONDS = 5.0
"""Longest wait for a connection, and between two pieces of a file."""
_HTTPS = 443
_AGAIN = frozenset({404, 408, 425, 429})
"""Answers of a host that may have the map later: some announce it before it is there."""

Resolve = Callable[[str, int], str]


class MapNotAvailable(MeshError):
    """A map was not fetched.

    Args:
        text: why, for a person.
        again: whether a later try may bring it.
    """

    def __init__(self, text: str, *, again: bool) -> None:
        super().__init__(text)
        self.again = again


class MapFetcher:
    """Fetches maps.

    Args:
        hosts: names that are allowed, with ``:port`` where that is not 443.
        networks: private networks in which they may be.
        find: returns the address of a host; raises `NotPublic` and OSError.
        trust: certificates that count; None: those of the system.
        seconds: within which a file must be there.
    """

    def __init__(
        self,
        hosts: Collection[str],
        networks: Sequence[Network] = (),
        *,
        find: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._find = find or (lambda host, port: resolve(host, port, networks, secure=True))
        self._trust = trust
        self._seconds = seconds

    def fetch(self, url: str) -> TakenMap:
        """Return a map that an address leads to; it may take as long as is allowed.

        Raises:
            MapNotAvailable: it is not fetched, and why.
        """
        host, port, path = self._allowed(url)
        try:
            address = self._find(host, port)
        except NotPublic as error:
            raise MapNotAvailable(f"{host} is no host of the internet: {error}", again=False) from error
        except OSError as error:
            raise MapNotAvailable(f"{host} is not found", again=True) from error
        try:
            content = self._read(host, port, address, path)
        except httpx.HTTPError as error:
            raise MapNotAvailable(f"{host} did not send it ({type(error).__name__})", again=True) from error
        try:
            taken = take(content, url)
        except NoticeRefused as error:
            raise MapNotAvailable(error.text, again=False) from error
        if taken.reference is None:
            raise MapNotAvailable(taken.remark.removeprefix("map not available: "), again=False)
        return taken

    def _allowed(self, url: str) -> tuple[str, int, str]:
        """Return host, port, and the path with its query."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port or _HTTPS
        except ValueError:
            raise MapNotAvailable("its address cannot be read", again=False) from None
        if parts.scheme != "https" or not host or parts.username is not None:
            raise MapNotAvailable("its address does not begin with https://host/", again=False)
        if (host if port == _HTTPS else f"{host}:{port}") not in self._hosts:
            text = f"the host {host[:80]} is not among those that are allowed (ODAMESH_TRIGGERS_MAP_HOSTS)"
            raise MapNotAvailable(text, again=False)
        return host, port, urlunsplit(("", "", parts.path or "/", parts.query, ""))

    def _read(self, host: str, port: int, address: str, path: str) -> bytes:
        place = f"[{address}]" if ":" in address else address
        name = host if port == _HTTPS else f"{host}:{port}"
        ends = time.monotonic() + self._seconds
        found = bytearray()
        with (
            httpx.Client(verify=self._trust or True, timeout=_PAUSE_SECONDS, trust_env=False) as client,
            client.stream(
                "GET",
                f"https://{place}:{port}{path}",
                headers={"Host": name, "Accept-Encoding": "identity"},
                # The certificate must be that of the name, although its address is connected to.
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                again = answer.status_code in _AGAIN or answer.is_server_error
                raise MapNotAvailable(f"{host} answered with status {answer.status_code}", again=again)
            for piece in answer.iter_raw():
                found += piece
                if len(found) > MOST_BYTES:
                    raise MapNotAvailable(f"it has more than {MOST_BYTES} bytes", again=False)
                if time.monotonic() > ends:
                    raise MapNotAvailable(f"{host} did not send it within {self._seconds:g} s", again=True)
        return bytes(found)
