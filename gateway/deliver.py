"""Brings a file of a product to a caller: by a link into the store, or as a stream through the gateway."""

import mimetypes
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.responses import Response

from gateway.records import ProductStore

Way = Literal["link", "stream"]

_BLOCK_BYTES = 256 * 1024
_SHOWN = frozenset({"image/png", "text/plain", "application/json"})
"""What a browser shows itself; everything else it saves."""
_PLAIN = {".fits": "application/fits", ".txt": "text/plain", ".json": "application/json"}


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

    def file(self, key: str, name: str) -> Response:
        """Return the answer that brings one file of a product.

        Raises:
            NotFound: there is no such product, or it has no such file.
        """
        if self._way == "link":
            return RedirectResponse(self._products.link(key, name, self._seconds, disposition(name)), status_code=302)
        blocks: Iterator[bytes] = self._products.blocks(key, name, _BLOCK_BYTES)
        headers = {"Content-Disposition": disposition(name), "ETag": f'"{key}/{quote(name)}"'}
        return StreamingResponse(blocks, media_type=_media_type(name), headers=headers)


def disposition(name: str) -> str:
    """Return the ``Content-Disposition`` of a file: shown or saved, under its own name (RFC 6266)."""
    way = "inline" if _media_type(name) in _SHOWN else "attachment"
    return f"{way}; filename*=UTF-8''{quote(name, safe='')}"


def _media_type(name: str) -> str:
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return _PLAIN.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
