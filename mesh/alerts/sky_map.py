"""Sky maps inside of messages: their bytes are kept as they came, and only their headers are looked at.

A header tells how much a map holds, so that one that is too large is refused before anybody unpacks it. What the header
does not tell, who unpacks the map must count.
"""

import base64
import binascii
import hashlib
import re
import zlib
from typing import Any, NamedTuple

from mesh.alerts.errors import TooLarge
from mesh.contracts.notice import MapReference

MOST_PIXELS = 64 * 1024 * 1024
MOST_BYTES = 512 * 1024 * 1024
_HEADER_BYTES = 256 * 1024
_BLOCK, _CARD = 2880, 80
_GZIP = b"\x1f\x8b"
_REPEAT = re.compile(r"\s*'\s*(\d*)")


class TakenMap(NamedTuple):
    """A map that was taken out of a message.

    Args:
        reference: of what is kept; None where it is no map.
        content: its bytes.
        remark: why it is none.
    """

    reference: MapReference | None
    content: bytes = b""
    remark: str = ""


def take_base64(value: Any, url: str = "") -> TakenMap:
    """Take a map out of JSON.

    Raises:
        TooLarge: it holds more than is analysed.
    """
    if not isinstance(value, str):
        return TakenMap(None, remark="map not available: it is not sent as base64 text")
    try:
        content = _decoded(value.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return TakenMap(None, remark="map not available: its base64 text is damaged")
    return take(content, url)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        # Some senders break the lines of the text; to look for that first would cost most of the time.
        return base64.b64decode(b"".join(text.split()), validate=True)


def take(content: bytes, url: str = "") -> TakenMap:
    """Take a map as bytes.

    Raises:
        TooLarge: it holds more than is analysed.
    """
    try:
        head = zlib.decompressobj(31).decompress(content, _HEADER_BYTES) if content[:2] == _GZIP else content
    except zlib.error:
        return TakenMap(None, remark="map not available: its compressed data are damaged")
    if not head.startswith(b"SIMPLE  ="):
        return TakenMap(None, remark="map not available: it is no FITS file")
    _check_extent(head[:_HEADER_BYTES])
    digest = hashlib.sha256(content).hexdigest()
    return TakenMap(MapReference(sha256=digest, size=len(content), url=url), content)


def _check_extent(head: bytes) -> None:
    """Refuse a map whose headers tell of too much; stops at the first header that is not there whole."""
    place = 0
    while place < len(head):
        cards: dict[str, str] = {}
        while b"END".ljust(_CARD) not in _cards(head[place : place + _BLOCK]):
            cards |= _named(head[place : place + _BLOCK])
            place += _BLOCK
            if place >= len(head):
                return
        cards |= _named(head[place : place + _BLOCK])
        place += _BLOCK
        axes = [_integer(cards, f"NAXIS{axis + 1}") for axis in range(min(_integer(cards, "NAXIS"), 9))]
        size = abs(_integer(cards, "BITPIX")) // 8 if axes else 0
        for axis in axes:
            size *= max(0, axis)
        repeat = _REPEAT.match(cards.get("TFORM1", ""))
        pixels = (axes[1] if len(axes) > 1 else 0) * int(repeat[1] or 1 if repeat else 1)
        size += max(0, _integer(cards, "PCOUNT"))
        if pixels > MOST_PIXELS or size > MOST_BYTES:
            text = (
                f"the sky map holds {pixels} pixels, {size} bytes: at most {MOST_PIXELS} pixels and {MOST_BYTES} bytes"
            )
            raise TooLarge(f"{text} are analysed; send it as a multi-order map, or with larger pixels")
        place += -(-size // _BLOCK) * _BLOCK


def _cards(block: bytes) -> list[bytes]:
    return [block[start : start + _CARD] for start in range(0, len(block), _CARD)]


def _named(block: bytes) -> dict[str, str]:
    # Of what stands behind a header without an end nearly nothing is a card: to decode it all took a third of a post.
    cards = (card.decode("ascii", "replace") for card in _cards(block) if card[8:10] == b"= ")
    return {card[:8].strip(): card[10:].partition(" /")[0] for card in cards}


def _integer(cards: dict[str, str], name: str) -> int:
    try:
        return int(cards.get(name, "0").strip()[:20] or 0)
    except ValueError:
        return 0
