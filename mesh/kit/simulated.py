"""Whether inputs are simulated: their headers say so with the card SIMULATD, and what is made of them says so too."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path

CARD = "SIMULATD"
_MARK = f"{CARD:8s}= ".encode()
_SIZE = 80
_LOOKED_AT = 20 * 2880
"""Bytes: the headers of the primary HDU, which has no data in such files, and of the first extension."""
_GZIP = b"\x1f\x8b"
_BROKEN = (OSError, EOFError, zlib.error)


def simulation_of(paths: Iterable[Path]) -> str:
    """Return what the first FITS file that is simulated says of that; empty where none is."""
    for path in paths:
        if path.name.endswith((".fits", ".fits.gz", ".pevt.gz", ".pevt")):
            found = _card(_head(path))
            if found:
                return found
    return ""


def _head(path: Path) -> bytes:
    """Return the start of a file; of a damaged one what can be read: what is wrong with it, its reader says."""
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            if not packed:
                return file.read(_LOOKED_AT)
            with gzip.open(file) as stream:
                return stream.read(_LOOKED_AT)
    except _BROKEN:
        return b""


def _card(head: bytes) -> str:
    for start in range(0, len(head) - _SIZE + 1, _SIZE):
        if head.startswith(_MARK, start):
            text = head[start + len(_MARK) : start + _SIZE].decode("ascii", "replace").strip()
            return text[1:].partition("'")[0].strip() if text.startswith("'") else "simulated"
    return ""
