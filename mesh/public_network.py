"""Connections of httpcore that lead to public addresses alone, and end at a time."""

import ssl
import time
from collections.abc import Iterable, Sequence

import httpcore

from mesh.public_address import Network, resolve


class PublicNetwork(httpcore.SyncBackend):
    """Connects to public addresses alone, and reads no longer than until a time.

    Without an end to the whole, a server that sends a byte now and then would hold its thread for ever.

    Args:
        allowed: private networks that are let through.
        end: on the monotonic clock, seconds.
        secure: whether the address asks for TLS.
    """

    def __init__(self, allowed: Sequence[Network], end: float, *, secure: bool) -> None:
        self._allowed = allowed
        self._end = end
        self._secure = secure

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the address that was checked; TLS still asks for the certificate of the name."""
        address = resolve(host, port, self._allowed, secure=self._secure)
        stream = super().connect_tcp(address, port, _left(self._end), local_address, socket_options)
        return _Bounded(stream, self._end)


class _Bounded(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(end: float) -> float:
    """Return the seconds that are left.

    Raises:
        httpcore.ReadTimeout: none are.
    """
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout
    return seconds
