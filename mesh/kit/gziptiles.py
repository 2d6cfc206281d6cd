"""Takes the time of day out of compressed images.

Tiles that are packed with gzip, which is also how tiles that cannot be quantized are kept (FITS standard 4.0, section
10.1.3), begin with a gzip header, and that holds the time of packing (RFC 1952, MTIME).
"""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from astropy.io import fits

_MAGIC = b"\x1f\x8b"
_MTIME = slice(4, 8)
_COMPRESSED = b"ZIMAGE  ="
"""The keyword that every compressed image has (section 10.1.1)."""


def without_times(content: bytes) -> bytes:
    """Return a FITS file whose gzip tiles say no time; all else, and the pixels, stay as they are."""
    if _COMPRESSED not in content:
        return content
    starts: list[int] = []
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        for hdu in hdus:
            if hdu.header.get("ZIMAGE", False):
                starts += _gzip_tiles(hdu, content)
    changed = bytearray(content)
    for start in starts:
        if changed[start : start + len(_MAGIC)] == _MAGIC:
            changed[start + _MTIME.start : start + _MTIME.stop] = bytes(_MTIME.stop - _MTIME.start)
    return bytes(changed)


def _gzip_tiles(hdu: Any, content: bytes) -> Iterator[int]:
    """Yield where in the file the gzip tiles of a compressed image begin."""
    header, begin = hdu.header, hdu.fileinfo()["datLoc"]
    rows = np.frombuffer(content, hdu.columns.dtype.newbyteorder(">"), header["NAXIS2"], begin)
    heap = begin + header.get("THEAP", header["NAXIS1"] * header["NAXIS2"])
    packed = ["GZIP_COMPRESSED_DATA"]
    if str(header["ZCMPTYPE"]).startswith("GZIP"):
        packed.append("COMPRESSED_DATA")
    for name in packed:
        if name in (rows.dtype.names or ()):
            # Each row: number of elements, and their place in the heap.
            yield from (heap + int(place) for number, place in rows[name] if number)
