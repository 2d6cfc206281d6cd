"""API tokens: a text that is shown once, and the document by which it is known again."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Collection
from typing import NamedTuple

from mesh.clock import instant_at, utc_now
from mesh.contracts import ApiToken

_TEXT = re.compile(r"odm_([0-9a-f]{20})_([A-Za-z0-9_-]{43})")
_OWNER_DIGITS = 10
_SECRET_BYTES = 32


class NewToken(NamedTuple):
    """A token at the only moment at which it is known."""

    text: str
    document: ApiToken


def owner_digits(user: str) -> str:
    """Return the digits with which the ids of a user's tokens begin, so that they can be listed."""
    return hashlib.sha256(user.encode()).hexdigest()[:_OWNER_DIGITS]


def new_token(user: str, scopes: Collection[str], *, label: str = "", days: float | None = None) -> NewToken:
    """Make a token.

    Args:
        user: whose it is.
        scopes: what may be done with it.
        label: what its user calls it.
        days: how long it works; None: until it is revoked.
    """
    token_id = owner_digits(user) + secrets.token_hex(5)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    expires = None if days is None else instant_at(time.time() + 86_400 * days)
    document = ApiToken(
        token_id=token_id,
        user=user,
        sha256=_digest(secret),
        scopes=tuple(sorted(scopes)),
        label=label,
        created=utc_now(),
        expires=expires,
    )
    return NewToken(f"odm_{token_id}_{secret}", document)


def token_id_of(text: str) -> str | None:
    """Return the id in the text of a token; None for what has another form."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else None


def is_the_text_of(text: str, token: ApiToken) -> bool:
    """Say whether a text is that of a stored token; takes the same time wherever they differ."""
    found = _TEXT.fullmatch(text)
    return found is not None and hmac.compare_digest(_digest(found[2]), token.sha256)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
