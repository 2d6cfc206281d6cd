"""Signatures of links: HMAC-SHA256 over request, owner and last day, with the keys that sign sessions.

They rotate with those keys: a link counts until the key that signed it is gone, its last day is over, or its
owner takes it back.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

_PURPOSE = "odamesh-link/1"
_BYTES = 16
"""Of the code that are kept: 128 bits (RFC 2104, section 5)."""


class Grant(NamedTuple):
    """What a signature says."""

    owner: str
    """Whose request and products may be seen."""
    until: str = ""
    """Last day, UTC, ``2027-01-31``; empty: there is none."""


def signed_query(request_key: str, grant: Grant, keys: Sequence[str]) -> str:
    """Return the query of a signed link.

    Args:
        request_key: the whole key.
        grant: what to say.
        keys: the first one signs.
    """
    return query_of(grant, _code(request_key, grant, keys[0]))


def query_of(grant: Grant, signature: str) -> str:
    """Return the query that carries a signature."""
    last = {"until": grant.until} if grant.until else {}
    return urlencode({"by": grant.owner, **last, "sig": signature})


def is_signed(request_key: str, grant: Grant, signature: str, keys: Sequence[str]) -> bool:
    """Say whether one of the keys made a signature."""
    written = signature.encode("utf-8", "replace")
    return any(hmac.compare_digest(_code(request_key, grant, key).encode(), written) for key in keys)


def is_over(grant: Grant, now: datetime | None = None) -> bool:
    """Say whether the last day is over; what is no day is over."""
    if not grant.until:
        return False
    try:
        last = datetime.strptime(grant.until, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return True
    return (now or datetime.now(UTC)).date() > last.date()


def _code(request_key: str, grant: Grant, key: str) -> str:
    text = "\n".join((_PURPOSE, request_key, grant.owner, grant.until))
    code = hmac.digest(key.encode(), text.encode("utf-8", "replace"), "sha256")[:_BYTES]
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode("ascii")
