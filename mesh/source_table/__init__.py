"""Lists of sources as other programs write them: FITS, VOTable, ECSV, CSV, regions of DS9; standard library alone.

The client reads files with it and the gateway what comes over HTTP, so that both take the same.
"""

import zlib

from mesh.source_table.columns import Source, SourceTableError
from mesh.source_table.delimited import read_delimited
from mesh.source_table.fits import read_fits
from mesh.source_table.regions import is_regions, read_regions
from mesh.source_table.votable import read_votable

__all__ = ["Source", "SourceTableError", "read_sources"]

_LARGEST = 64 * 1024 * 1024
"""Bytes of a list once unpacked: a full reference catalogue has 12 MB."""
_GZIP = b"\x1f\x8b"


def read_sources(data: bytes) -> list[Source]:
    """Return the sources of a file, whose format its content tells; the same source in several rows once.

    Args:
        data: a FITS table (also gzipped), a VOTable, ECSV, CSV or another delimited text with a line of headings, or
            regions of DS9. Columns are known by their usual names; positions are J2000 (ICRS or FK5), in degrees, in
            the unit of their column, or sexagesimal.

    Raises:
        SourceTableError: none of these, or a row without a name or a position; says which and what to do.
    """
    if data.startswith(_GZIP):
        data = _unpacked(data)
    if data.startswith(b"SIMPLE  ="):
        found = read_fits(data)
    else:
        text = _text(data)
        start = text.lstrip()[:400].lower()
        if start.startswith("<?xml") or "<votable" in start:
            found = read_votable(text)
        elif is_regions(text):
            found = read_regions(text)
        else:
            found = read_delimited(text)
    if not found:
        raise SourceTableError("it lists no source")
    return list(dict.fromkeys(found))


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, _LARGEST)
    except zlib.error as error:
        raise SourceTableError(f"it is gzipped and damaged ({error})") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise SourceTableError(f"it is gzipped and cut short, or larger than {_LARGEST >> 20} MB")
    return content


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceTableError("it is neither FITS nor a text in UTF-8: save it as one of these") from error
