"""A receiver of alarms: a small web server that keeps what Alertmanager posts to it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class _Told:
    when: float
    """Of the monotonic clock."""
    name: str
    status: str
    """``firing`` or ``resolved``, of one series of the alarm."""
    raised: bool
    """Whether any series of the alarm was raised then."""


class Receiver:
    """What was received.

    Args:
        url: where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._told: list[_Told] = []
        self._firing: set[tuple[str, str]] = set()
        self._changed = threading.Condition()

    def take(self, message: dict[str, Any]) -> None:
        """Keep the alarms of one message of Alertmanager."""
        with self._changed:
            for alarm in message["alerts"]:
                name, status = alarm["labels"]["alertname"], alarm["status"]
                series = (name, alarm["fingerprint"])
                (self._firing.add if status == "firing" else self._firing.discard)(series)
                self._told.append(_Told(time.monotonic(), name, status, self._is_raised(name)))
            self._changed.notify_all()

    def told(self, since: float = 0.0) -> list[tuple[str, str]]:
        """Return name and status (``firing`` or ``resolved``) of what came after an instant of the monotonic clock."""
        with self._changed:
            return [(one.name, one.status) for one in self._told if one.when >= since]

    def raised(self, name: str) -> bool:
        """Whether an alarm is raised, as far as was told."""
        with self._changed:
            return self._is_raised(name)

    def when_raised(self, name: str, since: float) -> float | None:
        """Return when an alarm was told of first after an instant; None: not yet."""
        return self._first(name, since, raised=True)

    def when_over(self, name: str, since: float) -> float | None:
        """Return when it was told first after an instant that no series of an alarm is raised any more."""
        return self._first(name, since, raised=False)

    def wait(self, name: str, *, since: float, seconds: float) -> float | None:
        """Wait until an alarm is raised; returns how many seconds after *since*, or None when it was not in time."""
        with self._changed:
            self._changed.wait_for(lambda: self.when_raised(name, since), since + seconds - time.monotonic())
            when = self.when_raised(name, since)
        return None if when is None else when - since

    def _first(self, name: str, since: float, *, raised: bool) -> float | None:
        with self._changed:
            found = (one.when for one in self._told if (one.name, one.raised) == (name, raised) and one.when >= since)
            return next(found, None)

    def _is_raised(self, name: str) -> bool:
        return any(name == firing for firing, _ in self._firing)


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
