"""Gives every request an id, a line in the log and its part in the metrics."""

import random
import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics

_log = structlog.get_logger("gateway.access")
_HEADER = b"x-request-id"
_SAFE = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_TRACE = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Probes are counted, not logged."""


class AccessLog:
    """ASGI middleware around the application; it does not touch bodies, so streams stay streams."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"], state["traceparent"] = request_id, _traceparent(scope)
        status = 500
        started = time.monotonic()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode("ascii"))]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                _record(scope, status, time.monotonic() - started)


def _request_id(scope: Scope) -> str:
    """Return the caller's id if it is harmless in a log, else a new one."""
    given = _header(scope, _HEADER)
    return given if given and _SAFE.match(given) else _digits(128)


def _traceparent(scope: Scope) -> str:
    """Return what goes along with messages (W3C Trace Context): a step in the caller's trace, or in a new one."""
    given = _TRACE.match(_header(scope, b"traceparent"))
    return f"00-{given[1] if given else _digits(128)}-{_digits(64)}-01"


def _digits(bits: int) -> str:
    """Return hexadecimal digits that tell requests apart; they hide nothing, and the system's take a call each."""
    return f"{random.getrandbits(bits):0{bits // 4}x}"


def _header(scope: Scope, wanted: bytes) -> str:
    return next((str(value, "latin-1") for name, value in scope["headers"] if name == wanted), "")


def _record(scope: Scope, status: int, seconds: float) -> None:
    # The route's template, not the address: job ids must not become label values.
    route = getattr(scope.get("route"), "path", "unknown")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
    if scope["path"] not in _QUIET:
        _log.info(
            "request", method=scope["method"], path=scope["path"], status=status, milliseconds=round(1000 * seconds, 1)
        )
