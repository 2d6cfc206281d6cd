"""What a request must be before anything of it is read: for this host, and of a length that has an end."""

import asyncio
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problem import KINDS, answer

_SLASHES = re.compile("/{2,}")
BODY_SECONDS = 30.0
"""A body may come in pieces, each within this time."""


class HostCheck:
    """ASGI middleware that answers under known names only.

    A page in a browser may name a host of its own that leads to this one (DNS rebinding), and so reach a gateway that
    listens where only its users should come from. Such a request carries the page's name. Addresses in numbers cannot
    be rebound.

    Args:
        app: what is behind.
        hosts: names of this gateway; None: every name.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] == "http" and self._hosts is not None:
            host = _host(scope)
            if host not in self._hosts and not _is_number(host):
                detail = "This gateway has no such name; its operator lists its names in ODAMESH_GATEWAY_HOSTS."
                await answer(Request(scope), KINDS["unknown-host"], detail)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PathPrefix:
    """ASGI middleware for a gateway that a proxy serves below a path, whether or not the proxy takes that path off.

    Addresses in answers begin with the path. It is the outermost one: all others see addresses as without a proxy.

    Args:
        app: what is behind.
        prefix: the path, e.g. ``/odamesh``.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            path = str(scope["path"])
            if path == self._prefix or path.startswith(f"{self._prefix}/"):
                path = path.removeprefix(self._prefix) or "/"
            scope = {**scope, "path": path, "raw_path": quote(path).encode("ascii"), "root_path": self._prefix}
        await self._app(scope, receive, send)


class SingleSlashes:
    """ASGI middleware that takes several slashes in a path for one: clients join a base address and a path with one.

    Args:
        app: what is behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and "//" in scope["path"]:
            scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
            scope["raw_path"] = quote(scope["path"]).encode("ascii")
        await self._app(scope, receive, send)


class BodyLimit:
    """ASGI middleware that reads no more of a body than a request may have, and waits for it no longer than it may.

    Args:
        app: what is behind.
        limit: bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not announced.isdigit() or len(announced) > 18 or int(announced) > self._limit:
            detail = f"The body is longer than {self._limit} bytes; ask in several requests."
            refusal = answer(Request(scope), KINDS["too-large"], detail, headers={"Connection": "close"})
            await refusal(scope, receive, send)
            return
        left, whole = self._limit, False

        async def receive_so_much() -> Message:
            nonlocal left, whole
            if whole:
                # From here on it is the end of the connection that is waited for.
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), BODY_SECONDS)
            except TimeoutError:
                detail = f"Nothing of the body has come for {BODY_SECONDS:g} s; send it again, whole."
                raise HTTPException(408, detail, {"Connection": "close"}) from None
            whole = not message.get("more_body")
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"The body is longer than {self._limit} bytes.", {"Connection": "close"})
            return message

        await self._app(scope, receive_so_much, send)


def _host(scope: Scope) -> str:
    """Return the name that the caller used, without the port."""
    text = next((str(value, "latin-1") for name, value in scope["headers"] if name == b"host"), "").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
