"""Compresses answers for those who take gzip, in the thread that writes them: the event loop has others to serve."""

import zlib
from collections.abc import Iterable, Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_LEAST_BYTES = 1024
_LEVEL = 1
"""Arrays in base64 lose a quarter or more at once, and little more however long it takes."""
_GZIP = 31
_HEADERS = {"Vary": "Accept-Encoding"}


def takes_gzip(request: Request) -> bool:
    """Whether the caller takes gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, str] = {}
    for entry in ",".join(request.headers.getlist("Accept-Encoding")).lower().split(","):
        name, _, weight = entry.partition(";")
        weights[name.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}


def json_answer(request: Request, content: bytes, status: int = 200) -> Response:
    """Return a whole answer, compressed where that is taken and worth it."""
    headers = dict(_HEADERS)
    if len(content) >= _LEAST_BYTES and takes_gzip(request):
        packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
        content = packer.compress(content) + packer.flush()
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, media_type="application/json", headers=headers)


def json_stream(request: Request, blocks: Iterator[bytes]) -> Response:
    """Return an answer that is never held as a whole, compressed where that is taken."""
    headers = dict(_HEADERS)
    if takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        blocks = _packed(blocks)
    return StreamingResponse(blocks, media_type="application/json", headers=headers)


def _packed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()
