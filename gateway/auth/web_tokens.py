"""Tokens of issuers (JSON Web Tokens, RFC 7519): from a text to who calls."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jwt

from gateway.auth.access_file import Access, OpenId, SharedSecret
from gateway.auth.errors import NotSignedIn
from gateway.auth.issuer_keys import IssuerKeys
from mesh.accounts.roles import OPERATOR
from mesh.intake.caller import is_anonymous
from mesh.intake.wish import USER

_LEEWAY_SECONDS = 30
_MOST_ROLES = 50
_ROLE = re.compile(r"[\w .:/@-]{1,64}")
_USER = re.compile(USER)
_CANNOT_BE_READ = "The token cannot be read: it is neither an API token of this mesh nor a token of an issuer."


class Told(NamedTuple):
    """What a token says."""

    name: str
    roles: frozenset[str]
    expires: float
    """Seconds since 1970."""
    issuer: str
    """Its name in the access file."""
    claims: Mapping[str, Any]


class WebTokens:
    """Reads tokens; any thread may use it. It may wait for an issuer that tells its keys.

    Raises `NotSignedIn` for a token that does not count and `gateway.auth.errors.IssuerUnavailable`.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], IssuerKeys] = {}

    def read(self, text: str, access: Access) -> Told:
        """Return who calls with a token.

        Args:
            text: the token.
            access: the issuers that count now.
        """
        try:
            header = jwt.get_unverified_header(text)
            told: Mapping[str, Any] = jwt.decode(text, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotSignedIn(_CANNOT_BE_READ, "malformed") from error
        name, issuer = _issuer_of(told.get("iss"), access)
        claims = self._verified(text, header, issuer)
        return Told(_name(claims, name, issuer), _roles(claims, issuer), float(claims["exp"]), name, claims)

    def _verified(self, text: str, header: Mapping[str, Any], issuer: SharedSecret | OpenId) -> Mapping[str, Any]:
        if isinstance(issuer, SharedSecret):
            keys: list[Any] = list(issuer.keys)
            algorithms: Iterable[str] = ("HS256",)
            told_by = issuer.issuer
        else:
            known = self._keys.setdefault((issuer.url, issuer.keys_url), IssuerKeys(issuer))
            key_id = header.get("kid")
            found = known.key(key_id if isinstance(key_id, str) else None)
            keys, algorithms, told_by = [found] if found else [], issuer.algorithms, issuer.url
        failed: jwt.PyJWTError | None = None
        for key in keys:
            try:
                return jwt.decode(
                    text,
                    key,
                    algorithms=list(algorithms),
                    audience=list(issuer.audience) or None,
                    issuer=told_by or None,
                    leeway=_LEEWAY_SECONDS,
                    options={"require": ["exp"], "verify_aud": bool(issuer.audience)},
                )
            except jwt.PyJWTError as error:
                failed = error
                if not isinstance(error, jwt.InvalidSignatureError):
                    break  # signed with this key, and refused for something else
        raise _refusal(failed)


def _issuer_of(told: Any, access: Access) -> tuple[str, SharedSecret | OpenId]:
    for name, issuer in access.issuers.items():
        expected = issuer.issuer if isinstance(issuer, SharedSecret) else issuer.url
        if expected == (told or ""):
            return name, issuer
    known = ", ".join(access.issuers) or "none"
    raise NotSignedIn(f"The token is of an issuer whom this mesh does not know; it knows: {known}.", "issuer")


def _refusal(error: jwt.PyJWTError | None) -> NotSignedIn:
    match error:
        case jwt.ExpiredSignatureError():
            return NotSignedIn("The token has expired: get a new one where this one came from.", "expired")
        case jwt.InvalidAudienceError():
            return NotSignedIn("The token is not for this mesh (its audience is another).", "audience")
        case jwt.ImmatureSignatureError():
            return NotSignedIn("The token does not count yet: is a clock wrong?", "early")
        case jwt.MissingRequiredClaimError():
            return NotSignedIn("The token says nowhere when it ends (claim exp).", "endless")
        case _:
            return NotSignedIn("The token is not signed by its issuer with a key that counts now.", "signature")


def _name(claims: Mapping[str, Any], issuer_name: str, issuer: SharedSecret | OpenId) -> str:
    """Return the name of the caller on this mesh; no two issuers can give the same one."""
    told = _at(claims, issuer.name_claim)
    if not isinstance(told, str) or not told.strip():
        raise NotSignedIn(f"The token does not say who it is for (claim {issuer.name_claim}).", "nameless")
    if issuer.name_claim == "email" and isinstance(issuer, OpenId) and claims.get("email_verified") is not True:
        raise NotSignedIn("The issuer has not verified this e-mail address.", "unverified")
    name = told.strip()
    _, at, domain = name.rpartition("@")
    as_it_is = bool(at) and ("*" in issuer.domains or domain.lower() in issuer.domains)
    full = name if as_it_is else f"{name}@{issuer_name}"
    if not _USER.fullmatch(full) or is_anonymous(full):
        # A name that no user can have here: digits that stand for it alone.
        full = f"{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:24]}@{issuer_name}"
    return full


def _roles(claims: Mapping[str, Any], issuer: SharedSecret | OpenId) -> frozenset[str]:
    told = _at(claims, issuer.roles_claim)
    words = told.split(",") if isinstance(told, str) else told if isinstance(told, list) else []
    names = [word.strip() for word in words[:_MOST_ROLES] if isinstance(word, str)]
    ours = {issuer.roles.get(name, name) for name in names if _ROLE.fullmatch(name)}
    return frozenset(ours if issuer.operators else ours - {OPERATOR})


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its name, or by a path of names with dots between."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
