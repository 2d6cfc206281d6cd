"""A TCP proxy between a service and a server, to cut the network in the middle of a message."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Proxy:
    """Forwards one loopback port to another until it is cut.

    Args:
        host: of the server.
        port: of the server.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._refusing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, refuse: bool = False) -> None:
        """Break every connection; with *refuse*, new ones too until `heal`."""
        with self._lock:
            self._refusing = refuse
            for end in self._sockets:
                _close(end)
            self._sockets.clear()

    def heal(self) -> None:
        """Accept connections again."""
        self._refusing = False

    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._sockets) // 2

    def close(self) -> None:
        """End for good."""
        _close(self._listener)
        self.cut(refuse=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                _close(client)
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_forward, args=(source, sink), daemon=True).start()


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """Run a proxy for the duration of the block."""
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()


def _forward(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(source)
    _close(sink)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
