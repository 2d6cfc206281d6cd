"""Before the addresses of the protocol: a base address with a path, and refusals of others in the protocol's words."""

import json
from collections.abc import Collection

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.oda.answers import refused
from gateway.problem import MEDIA_TYPE

_STATUS = {401: 403, 429: 503}
"""The client gives up at what is on the left; what is on the right it understands."""
_UNDERSTOOD = frozenset({400, 403, 500, 502, 503, 504})
_KEPT = (b"retry-after", b"connection")


BASE = "/dispatch-data"
"""Path that the base address of the public service has; ours may have it too."""


class OdaWords:
    """ASGI middleware that turns problem documents of some addresses into answers of the protocol.

    The addresses are also known below `BASE`; the request's ``state`` then has that as ``oda_base``.

    Args:
        app: what is behind.
        paths: the addresses.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].removeprefix(BASE) in self._paths:
            path = scope["path"].removeprefix(BASE)
            scope["state"]["oda_base"] = "" if path == scope["path"] else BASE
            scope["path"], scope["raw_path"] = path, path.encode()
        else:
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


def _in_words(problem: Message, body: bytes) -> JSONResponse:
    status = int(problem["status"])
    headers = {name.decode(): value.decode() for name, value in problem["headers"] if name.lower() in _KEPT}
    content = refused(str(json.loads(body)["detail"]), session_id="")
    told = status if status in _UNDERSTOOD else _STATUS.get(status, 400)
    return JSONResponse(content, status_code=told, headers=headers)
