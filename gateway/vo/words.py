"""Refusals of the addresses of the Virtual Observatory: the same as everywhere, in the words of DALI."""

import json

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problem import MEDIA_TYPE
from gateway.vo import PREFIX, votable

_STATUS = {410: 404, 413: 400, 415: 400, 422: 400}
"""A job that was deleted is not there (UWS 1.1), and a wrong parameter is a bad request (DALI 1.1)."""
_LEFT_OUT = frozenset({b"content-type", b"content-length"})


class VoWords:
    """ASGI middleware that turns problem documents below `/vo` into VOTables that say what was wrong.

    Args:
        app: what is behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self._app(scope, receive, send)
            return
        problem: Message | None = None
        body = b""

        async def send_in_words(message: Message) -> None:
            nonlocal problem, body
            if message["type"] == "http.response.start" and _is_problem(message):
                problem = message
            elif problem is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _in_words(problem, body)(scope, receive, send)

        await self._app(scope, receive, send_in_words)


def _is_problem(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(MEDIA_TYPE.encode()) for name, value in message["headers"]
    )


def _in_words(problem: Message, body: bytes) -> Response:
    status = int(problem["status"])
    kept = {name.decode(): value.decode() for name, value in problem["headers"] if name.lower() not in _LEFT_OUT}
    document = votable.error_document(str(json.loads(body)["detail"]))
    return Response(document, _STATUS.get(status, status), kept, votable.MEDIA_TYPE)
