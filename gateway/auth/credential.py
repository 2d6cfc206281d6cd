"""Takes a caller's credential out of a request, so that nothing behind it can log, store or repeat it."""

import base64
import binascii
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import unquote_plus

from starlette.types import Scope

COOKIE = "odamesh"
SECURE_COOKIE = "__Host-odamesh"
"""Where the gateway is reached by https; browsers keep it for this host and path alone."""
COOKIES = (SECURE_COOKIE, COOKIE)
_LONGEST = 16_384


class Credential(NamedTuple):
    """What a caller shows."""

    text: str
    cookie: bool = False
    """Whether a browser sent it by itself."""

    def __repr__(self) -> str:
        """Tell nothing of it."""
        return "Credential(...)"


def take(scope: Scope) -> Credential | None:
    """Return the credential of a request, and leave none in it.

    Taken in this order: the header ``Authorization`` with ``Bearer``, or with ``Basic`` and the token as the password;
    the query parameter ``token``; the cookie of a session.
    """
    header = b""
    cookies, kept = [], []
    for name, value in scope["headers"]:
        if name == b"authorization":
            header = value
        elif name == b"cookie":
            cookies.append(value)
        else:
            kept.append((name, value))
    scope["headers"] = kept
    query = _take_from_query(scope)
    text = _of_header(header) or query
    if text:
        return Credential(text[:_LONGEST])
    session = _of_cookie(b"; ".join(cookies))
    return Credential(session[:_LONGEST], cookie=True) if session else None


def _take_from_query(scope: Scope) -> str:
    found = ""
    kept = []
    for part in scope.get("query_string", b"").split(b"&"):
        name, _, value = part.partition(b"=")
        if unquote_plus(name.decode("latin-1")).lower() == "token":
            found = unquote_plus(value.decode("latin-1")).strip()
        else:
            kept.append(part)
    scope["query_string"] = b"&".join(kept)
    # A client of the predecessor sends NUL for "not given".
    return "" if found in {"\0", "None"} else found


def _of_header(header: bytes) -> str:
    kind, _, value = header.decode("latin-1").strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            pair = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value.strip()  # refused as a token that is none
        user, _, password = pair.partition(":")
        return password or user
    return header.decode("latin-1")


def _of_cookie(header: bytes) -> str:
    if COOKIE.encode() not in header:
        return ""
    try:
        found = SimpleCookie(header.decode("latin-1"))
    except CookieError:
        return ""
    for name in COOKIES:
        if name in found:
            return found[name].value
    return ""
