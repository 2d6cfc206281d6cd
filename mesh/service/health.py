"""``/livez``, ``/readyz`` and ``/metrics`` of one service process, on loopback."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
import eventlet.wsgi

from mesh import process_metrics
from mesh.broker.session import Session
from mesh.instruments import instrument_faults

_JSON = "application/json"


class Readiness:
    """Whether this process takes work.

    Args:
        session: its consumers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def problems(self) -> list[str]:
        """Return why the process is not ready; empty when it is."""
        if self._session.draining:
            return ["draining"]
        if self._session.waits_for:
            return [self._session.waits_for]
        attached = self._session.attached
        if not attached:
            return ["starting"]
        unread: dict[str, list[str]] = {}
        for queue, there in attached.items():
            if not there:
                unread.setdefault(self._session.lost.get(queue, ""), []).append(queue)
        return [f"no consumer on {', '.join(queues)}{': ' * bool(why)}{why}" for why, queues in unread.items()]


class HealthServer:
    """Answers on one port.

    Args:
        readiness: what ``/readyz`` says.
        host: address to bind.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, readiness: Readiness, host: str, port: int) -> None:
        self._readiness = readiness
        self._socket = eventlet.listen((host, port))
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        """Answer from now on."""
        eventlet.spawn_n(eventlet.wsgi.server, self._socket, self._answer, log_output=False)

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, media_type, body = health_page(self._readiness, environ["PATH_INFO"], environ.get("HTTP_ACCEPT", ""))
        start(status, [("Content-Type", media_type), ("Content-Length", str(len(body)))])
        return [body]


def health_page(readiness: Readiness, path: str, accept: str = "") -> tuple[str, str, bytes]:
    """Return status, media type and body of one page, in a format that the reader accepts."""
    match path:
        case "/livez":
            return "200 OK", _JSON, _status("alive", [])
        case "/readyz":
            problems = readiness.problems()
            if problems:
                return "503 Service Unavailable", _JSON, _status("not ready", problems)
            return "200 OK", _JSON, _status("ready", [])
        case "/metrics":
            return "200 OK", *process_metrics.page(accept)
        case _:
            return "404 Not Found", _JSON, _status("no such page", ["/livez", "/readyz", "/metrics"])


def _status(word: str, reasons: list[str]) -> bytes:
    body: dict[str, Any] = {"status": word, "reasons": reasons}
    if faults := instrument_faults():
        body["left_out"] = dict(faults)
    return json.dumps(body).encode()
