"""Before the addresses of the protocol: a base address with a path, and refusals of others in the protocol's words."""

from collections.abc import Collection

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.oda.answers import refused
from gateway.own_words import Refused, serve_in_words

_STATUS = {401: 403, 429: 503}
"""The client gives up at what is on the left; what is on the right it understands."""
_UNDERSTOOD = frozenset({400, 403, 500, 502, 503, 504})
_KEPT = frozenset({"retry-after", "connection"})

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
        await serve_in_words(self._app, _in_words, scope, receive, send)


def _in_words(told: Refused) -> JSONResponse:
    headers = {name: value for name, value in told.headers.items() if name in _KEPT}
    status = told.status if told.status in _UNDERSTOOD else _STATUS.get(told.status, 400)
    return JSONResponse(refused(told.detail, session_id=""), status_code=status, headers=headers)
