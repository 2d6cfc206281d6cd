"""Refuses what a page of another site has a browser send (cross-site request forgery)."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problem import KINDS, answer

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


class CrossSiteCheck:
    """ASGI middleware for requests that change something: by their method, or by their address where a GET begins work.

    A browser says from where a page comes, in ``Sec-Fetch-Site`` or ``Origin``; programs say neither and pass. This
    holds for a mesh that asks nobody who they are as well: there a page could use that the browser is on the same
    machine.

    Args:
        app: what is behind.
        hosts: names of this gateway, for where a proxy calls it by another. ``localhost`` does not count: on the same
            machine other pages may have it, on other ports.
        working: addresses that begin work whatever the method. A browser follows a link to them from anywhere, and from
            a neighbouring host it sends the cookie along.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, working: Collection[str] = ()) -> None:
        self._app = app
        self._working = frozenset(working)
        self._hosts = {host.lower() for host in hosts or ()} - {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] == "http" and self._changes(scope) and not self._is_own(Request(scope)):
            detail = (
                "A page of another site has sent this; only pages of this gateway, and programs, may change something."
            )
            await answer(Request(scope), KINDS["cross-site"], detail)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _changes(self, scope: Scope) -> bool:
        return scope["method"] not in _READS or scope["path"] in self._working

    def _is_own(self, request: Request) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None and site not in _OWN:
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return True
        try:
            parts = urlsplit(origin)
            host = parts.hostname or ""
        except ValueError:
            return False
        return parts.netloc.lower() == request.headers.get("host", "").lower() or host in self._hosts
