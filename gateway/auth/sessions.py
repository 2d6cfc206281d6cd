"""Sessions of browsers: a signed cookie (JSON Web Token, HS256) that only this mesh makes and reads.

``EventSource`` sends no header, so a page needs a cookie. It is HttpOnly and SameSite=Strict: no script reads it, and
no other site has it sent.
"""

import time
from typing import NamedTuple

import jwt

from gateway.auth.access_file import Signing
from gateway.auth.errors import NotSignedIn
from mesh.intake import Scope

_OURS = "odamesh"
_AUDIENCE = "odamesh-session"
_ALGORITHM = "HS256"


class Session(NamedTuple):
    """What a cookie says."""

    name: str
    told_roles: frozenset[str]
    """Of the issuer of the token with which it began; those of the account are looked up."""
    scopes: frozenset[Scope]
    token_id: str
    """The API token with which it began, which ends it when it is revoked; empty: another credential."""
    expires: float
    """Seconds since 1970."""


def write_session(session: Session, signing: Signing) -> str:
    """Return the value of the cookie of a session."""
    claims = {
        "iss": _OURS,
        "aud": _AUDIENCE,
        "sub": session.name,
        "roles": sorted(session.told_roles),
        "scopes": sorted(session.scopes),
        "token": session.token_id,
        "iat": int(time.time()),
        "exp": int(session.expires),
    }
    return jwt.encode(claims, signing.keys[0], algorithm=_ALGORITHM)


def read_session(text: str, signing: Signing) -> Session:
    """Return what a cookie says.

    Raises:
        NotSignedIn: it has expired, or this mesh has not made it.
    """
    for key in signing.keys:
        try:
            claims = jwt.decode(
                text,
                key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_OURS,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError:
            break
        return Session(
            name=claims["sub"],
            told_roles=frozenset(claims["roles"]),
            scopes=frozenset(Scope(scope) for scope in claims["scopes"]),
            token_id=claims["token"],
            expires=float(claims["exp"]),
        )
    raise NotSignedIn("Your session has ended: sign in again.", "session")
