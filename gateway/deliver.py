"""Brings a file of a product to a caller: by a link into the store, or as a stream through the gateway."""

import mimetypes
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.responses import Response

from gateway.records import ProductStore

Way = Literal["link", "stream"]

BLOCK_BYTES = 256 * 1024
_SHOWN = frozenset({"image/png", "text/plain", "application/json"})
"""What a browser shows itself; everything else it saves."""
_PLAIN = {
    ".fits": "application/fits",
    ".txt": "text/plain",
    ".json": "application/json",
    # Else it is said to be what is inside, which only a file that is sent compressed is.
    ".gz": "application/gzip",
    ".tgz": "application/gzip",
}
_RANGE = re.compile(r"bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})")


class Deliver:
    """Delivers files.

    Args:
        products: by key.
        way: ``link`` leads to the store, which the caller must reach; ``stream`` reads the file for the caller.
        seconds: how long a link works.
    """

    def __init__(self, products: ProductStore, way: Way, seconds: int) -> None:
        self._products = products
        self._way = way
        self._seconds = seconds

    def file(self, key: str, name: str, request: Request) -> Response:
        """Return the answer that brings one file of a product, or a part of it (RFC 9110, section 14).

        A HEAD is answered here in any way: a link into the store works for GET alone.

        Raises:
            NotFound: there is no such product, or it has no such file.
        """
        if self._way == "link" and request.method == "GET":
            return RedirectResponse(self._products.link(key, name, self._seconds, disposition(name)), status_code=302)
        file = self._products.file(key, name)

        def read(part: Part) -> Iterator[bytes]:
            return self._products.blocks(key, name, BLOCK_BYTES, offset=part.first, length=part.length)

        tag = file.sha256 or f"{key}/{quote(name)}"
        return in_parts(request, name, file.size, tag, read)


class Part(NamedTuple):
    """Bytes of a file."""

    first: int
    length: int


def in_parts(request: Request, name: str, size: int, tag: str, read: Callable[[Part], Iterator[bytes]]) -> Response:
    """Return the answer that brings a file, or a part of it (RFC 9110, section 14).

    Args:
        request: that asks for it.
        name: of the file.
        size: its bytes.
        tag: another one for another content.
        read: brings some of its bytes, at least one.
    """
    quoted = f'"{tag}"'
    headers = {"Content-Disposition": disposition(name), "ETag": quoted, "Accept-Ranges": "bytes"}
    if _matches(request.headers.get("if-none-match", ""), quoted):
        return Response(status_code=304, headers=headers)
    part = _part(request, quoted, size)
    if part is None:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    whole = part == Part(0, size)
    if not whole:
        headers["Content-Range"] = f"bytes {part.first}-{part.first + part.length - 1}/{size}"
    headers["Content-Length"] = str(part.length)
    # Without a part to read the store is asked for nothing: of length 0 it would bring everything.
    blocks = read(part) if request.method != "HEAD" and part.length else iter(())
    return StreamingResponse(blocks, status_code=200 if whole else 206, media_type=media_type(name), headers=headers)


def disposition(name: str) -> str:
    """Return the ``Content-Disposition`` of a file: shown or saved, under its own name (RFC 6266)."""
    way = "inline" if media_type(name) in _SHOWN else "attachment"
    return f"{way}; filename*=UTF-8''{quote(name, safe='')}"


def media_type(name: str) -> str:
    """Return the media type of a file by the ending of its name."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return _PLAIN.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _part(request: Request, tag: str, size: int) -> Part | None:
    """Return the bytes that a request asks for; None: the file does not have them.

    What is no single range of bytes, or belongs to another version of the file, asks for all of it.
    """
    whole = Part(0, size)
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if request.method != "GET" or asked is None or request.headers.get("if-range", tag).strip() != tag:
        return whole
    begin, end = asked[1], asked[2]
    if not begin and not end:
        return whole
    if not begin:
        length = min(int(end), size)
        return Part(size - length, length) if length else None
    first, last = int(begin), min(int(end), size - 1) if end else size - 1
    if end and int(end) < int(begin):
        return whole
    return Part(first, last - first + 1) if first < size else None


def _matches(listed: str, tag: str) -> bool:
    return listed.strip() == "*" or tag in [entry.strip().removeprefix("W/") for entry in listed.split(",")]
