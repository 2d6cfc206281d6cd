"""Refusals of the addresses of the Virtual Observatory: the same as everywhere, in the words of DALI."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.own_words import Refused, serve_in_words
from gateway.vo import PREFIX, votable

_STATUS = {410: 404, 413: 400, 415: 400, 422: 400}
"""A job that was deleted is not there (UWS 1.1), and a wrong parameter is a bad request (DALI 1.1)."""


class VoWords:
    """ASGI middleware that turns problem documents below `/vo` into VOTables that say what was wrong.

    Args:
        app: what is behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            await serve_in_words(self._app, _in_words, scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _in_words(refused: Refused) -> Response:
    document = votable.error_document(refused.detail)
    status = _STATUS.get(refused.status, refused.status)
    return Response(document, status, dict(refused.headers), votable.MEDIA_TYPE)
