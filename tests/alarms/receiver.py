"""A receiver of alarms: a small web server that keeps what Alertmanager posts to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What was received.

    Args:
        url: where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._told: list[tuple[float, str, str]] = []
        self._changed = threading.Condition()

    def take(self, message: dict[str, Any]) -> None:
        """Keep the alarms of one message of Alertmanager."""
        with self._changed:
            for alarm in message["alerts"]:
                self._told.append((time.monotonic(), alarm["labels"]["alertname"], alarm["status"]))
            self._changed.notify_all()

    def told(self, since: float = 0.0) -> list[tuple[str, str]]:
        """Return name and status (``firing`` or ``resolved``) of what came after an instant of the monotonic clock."""
        with self._changed:
            return [(name, status) for when, name, status in self._told if when >= since]

    def wait(self, name: str, status: str, *, since: float, seconds: float) -> float | None:
        """Wait until an alarm is told; returns how many seconds after *since*, or None when it was not in time."""
        with self._changed:
            while True:
                for when, told, how in self._told:
                    if when >= since and (told, how) == (name, status):
                        return when - since
                left = since + seconds - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port of loopback for the duration of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
