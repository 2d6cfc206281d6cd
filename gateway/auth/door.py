"""The door: before anything else of a request is read, finds out who calls and counts it; takes the credential out."""

from collections.abc import Callable
from functools import lru_cache

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth.credential import COOKIES, Credential, take
from gateway.auth.errors import IssuerUnavailable, NotSignedIn
from gateway.auth.identify import Identify, Identity
from gateway.auth.pace import Pace
from gateway.problem import KINDS, answer, refused, unavailable
from gateway.web.addresses import shows_nothing_of_callers
from mesh.clock import utc_now
from mesh.contracts import TrailEntry
from mesh.errors import StoreUnavailable
from mesh.intake import Caller
from mesh.intake.errors import TooFast

_ASKS_NOBODY = frozenset({"/livez", "/readyz"})
_NOT_COUNTED = frozenset({"/metrics"})
_FOR_VISITORS = frozenset({"/", "/docs", "/api/v1", "/api/v1/openapi.json", "/api/v1/issuers"})
"""What everybody may read, also where callers without account are not let in."""
_SIGNED = "/api/v1/alerts"
"""Where a signature over the body says who calls; the endpoint looks at it, as the body comes later."""
_BELOW_FOR_VISITORS = ("/docs/", "/api/v1/problems/", "/r/")
"""A permanent link is looked at behind the door: one that is signed needs no account."""
_CHALLENGE = 'Bearer realm="odamesh"'


class Door:
    """ASGI middleware that puts who calls into the request's state, as ``identity``.

    Args:
        app: what is behind.
        identify: finds out who calls.
        pace: counts requests.
        note: keeps what was refused.
    """

    def __init__(self, app: ASGIApp, identify: Identify, pace: Pace, note: Callable[[TrailEntry], None]) -> None:
        self._app = app
        self._identify = identify
        self._pace = pace
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] != "http" or scope["path"] in _ASKS_NOBODY:
            if scope["type"] == "http":
                take(scope)
            await self._app(scope, receive, send)
            return
        credential = take(scope)
        address = scope["client"][0] if scope.get("client") else ""
        request = Request(scope)
        fields: dict[str, str] = {}
        refusal: Response | None = None
        try:
            identity = await self._who(credential, address, scope)
            if scope["path"] not in _NOT_COUNTED and not _is_signed(credential, scope):
                fields = self._pace.request(identity.caller)
        except NotSignedIn as error:
            if self._pace.refused(address):
                self._note(_entry(request, error, address))
            refusal = _not_signed_in(request, error, credential)
        except TooFast as error:
            refusal = refused(request, error)
        except (StoreUnavailable, IssuerUnavailable) as error:
            refusal = unavailable(request, error)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        scope["state"]["identity"] = identity

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in fields.items():
                    headers.setdefault(name, value)
                # What one caller may see, no cache on the way may show another.
                headers.setdefault("Cache-Control", "private")
                # The address of a page may hold a token.
                headers.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        await self._app(scope, receive, send_with_fields)

    async def _who(self, credential: Credential | None, address: str, scope: Scope) -> Identity:
        path = scope["path"]
        if _is_signed(credential, scope):
            self._pace.check_guesses(address)
            return Identity(self._identify.anonymous(address, self._identify.access()))
        visiting = path in _FOR_VISITORS or path.startswith(_BELOW_FOR_VISITORS) or shows_nothing_of_callers(path)
        if credential is None and visiting:
            return Identity(self._identify.anonymous(address, self._identify.access()))
        return await self._identify(credential, address)


class OpenDoor:
    """ASGI middleware of a mesh that asks nobody who they are: everybody may do everything.

    A credential that somebody sends all the same is taken out and not looked at.

    Args:
        app: what is behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            take(scope)
            address = scope["client"][0] if scope.get("client") else ""
            scope.setdefault("state", {})["identity"] = _anybody_at(address)
        await self._app(scope, receive, send)


@lru_cache(maxsize=1000)
def _anybody_at(address: str) -> Identity:
    return Identity(Caller.anybody().model_copy(update={"address": address}))


def _is_signed(credential: Credential | None, scope: Scope) -> bool:
    signed = any(name == b"webhook-signature" for name, _ in scope["headers"])
    return credential is None and signed and scope["method"] == "POST" and scope["path"] == _SIGNED


def _entry(request: Request, error: NotSignedIn, address: str) -> TrailEntry:
    return TrailEntry(
        at=utc_now(),
        caller=error.name or "unknown",
        deed="refused",
        detail=f"{error.kind} credential for {request.method} {request.url.path}",
        address=address,
        request_id=request.scope.get("state", {}).get("request_id", ""),
    )


def _not_signed_in(request: Request, error: NotSignedIn, credential: Credential | None) -> Response:
    challenge = _CHALLENGE if credential is None else f'{_CHALLENGE}, error="invalid_token"'
    response = answer(request, KINDS["not-signed-in"], str(error), headers={"WWW-Authenticate": challenge})
    if credential is not None and credential.cookie:
        # A browser goes on without it, as a caller whom nobody knows.
        for name in COOKIES:
            response.delete_cookie(name, secure=name.startswith("__"), httponly=True, samesite="strict")
    return response
