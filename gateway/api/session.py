"""Who I am; and signing a browser in and out with a cookie."""

import time

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, Field

from gateway.api.documents import PREFIX
from gateway.api.fronted import Fronted, note
from gateway.auth.access_file import OpenId
from gateway.auth.credential import COOKIE, COOKIES, SECURE_COOKIE
from gateway.auth.identify import Identity
from gateway.auth.sessions import Session, write_session
from gateway.calling import Calling, Identified, Traced
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from mesh.clock import instant_at
from mesh.contracts import Lane
from mesh.intake import Scope

router = APIRouter(prefix=PREFIX, tags=["session"])


class SessionDocument(BaseModel):
    """Who calls, and what they may."""

    name: str = Field(description="of a caller without account: anonymous@ and digits")
    accounts: bool = Field(description="whether this mesh asks callers who they are")
    anonymous: bool
    roles: tuple[str, ...]
    scopes: tuple[Scope, ...]
    lanes: tuple[Lane, ...]
    expires: str | None = Field(description="when the token or the session ends, UTC; null: it has no end")


@router.get("/session")
def session(identity: Identified, parts: Given) -> SessionDocument:
    """Tell who I am on this mesh, and what I may."""
    return _document(identity, parts)


class IssuerDocument(BaseModel):
    """A provider at which `odamesh login` signs in."""

    name: str
    url: str
    client_id: str


@router.get("/issuers")
def issuers(front: Fronted) -> list[IssuerDocument]:
    """List the providers at which a program can sign in with a code (RFC 8628)."""
    return [
        IssuerDocument(name=name, url=issuer.url, client_id=issuer.client_id)
        for name, issuer in front.access().issuers.items()
        if isinstance(issuer, OpenId) and issuer.client_id
    ]


@router.post(
    "/session",
    status_code=status.HTTP_201_CREATED,
    responses={401: {"model": Problem, "description": "no token, or one that does not count"}},
)
def sign_in(
    *, request: Request, response: Response, identity: Identified, parts: Given, front: Fronted, trace: Traced
) -> SessionDocument:
    """Sign a browser in: with a token in the header, the answer sets a cookie, which no script reads."""
    if identity.caller.anonymous or identity.cookie:
        detail = "Send the token to sign in with: Authorization: Bearer ..."
        raise Refusal("not-signed-in", detail, headers={"WWW-Authenticate": 'Bearer realm="odamesh"'})
    access = front.access()
    end = min(time.time() + 3600 * access.session_hours, identity.expires or float("inf"))
    caller = identity.caller
    written = write_session(
        Session(caller.name, identity.told_roles, caller.scopes, identity.token_id, end), access.signing
    )
    secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        written,
        max_age=max(0, int(end - time.time())),
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    note(parts, caller, "sign-in", trace)
    return _document(Identity(caller, expires=end), parts)


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
def sign_out(response: Response, parts: Given, caller: Calling, trace: Traced) -> None:
    """Sign a browser out."""
    for name in COOKIES:
        response.delete_cookie(name, secure=name == SECURE_COOKIE, httponly=True, samesite="strict")
    note(parts, caller, "sign-out", trace)


def _document(identity: Identity, parts: Parts) -> SessionDocument:
    caller = identity.caller
    return SessionDocument(
        name=caller.name,
        accounts=parts.front is not None,
        anonymous=caller.anonymous,
        roles=tuple(sorted(caller.roles)),
        scopes=tuple(sorted(caller.scopes)),
        lanes=tuple(sorted(caller.lanes)),
        expires=None if identity.expires is None else instant_at(identity.expires),
    )
