"""Gives every request an id, a place in a trace, a line in the log and its part in the metrics."""

import random
import re
import time

import structlog
from opentelemetry.trace import Span
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import metrics
from mesh import tracing

_log = structlog.get_logger("gateway.access")
_HEADER = b"x-request-id"
_SAFE = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
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
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = time.monotonic()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode("ascii"))]
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            tracing.request(_place(scope), scope["method"]) as span,
        ):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                _record(scope, status, time.monotonic() - started)
                _describe(span, scope, status, request_id)


def _request_id(scope: Scope) -> str:
    """Return the caller's id if it is harmless in a log, else a new one."""
    given = _header(scope, _HEADER)
    return given if given and _SAFE.match(given) else _digits(128)


def _place(scope: Scope) -> dict[str, str]:
    """Return the caller's place in a trace, as the caller says it."""
    return {tracing.HEADER: _header(scope, tracing.HEADER.encode())}


def _digits(bits: int) -> str:
    """Return hexadecimal digits that tell requests apart; they hide nothing, and the system's take a call each."""
    return f"{random.getrandbits(bits):0{bits // 4}x}"


def _header(scope: Scope, wanted: bytes) -> str:
    return next((str(value, "latin-1") for name, value in scope["headers"] if name == wanted), "")


def _route(scope: Scope) -> tuple[str, str]:
    """Return method and template of the address, not the address: job ids must not become label values."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return method, getattr(scope.get("route"), "path", "unknown")


def _describe(span: Span, scope: Scope, status: int, request_id: str) -> None:
    """Say in the trace what the request was; no argument of it, because some clients put their token there."""
    if not span.is_recording():
        return
    method, route = _route(scope)
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("odamesh.request_id", request_id)


def _record(scope: Scope, status: int, seconds: float) -> None:
    method, route = _route(scope)
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds, tracing.exemplar())
    if scope["path"] not in _QUIET:
        _log.info(
            "request", method=scope["method"], path=scope["path"], status=status, milliseconds=round(1000 * seconds, 1)
        )
