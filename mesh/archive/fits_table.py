"""Reads headers and scalar columns of FITS binary tables with the standard library alone.

The services that plan and fetch never load the science stack; all they need of FITS is one index table and a few
keywords. Source: FITS standard 4.0, sections 4 (headers) and 7.3 (binary tables).
"""

import gzip
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

_BLOCK = 2880
_CARD = 80
_GZIP = b"\x1f\x8b"
_CODES = {"B": "B", "I": "h", "J": "i", "K": "q", "E": "f", "D": "d"}
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}

Value = str | int | float | bool
Header = Mapping[str, Value]


class FitsError(ValueError):
    """The file is not FITS, is cut short, or has columns of a kind that is not read here."""


def unpacked(data: bytes) -> bytes:
    """Return the bytes of a file, decompressed if they are compressed, whatever the file is called.

    Raises:
        FitsError: the compressed data are damaged.
    """
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FitsError(f"the compressed data are damaged ({error})") from error


def unpacked_start(data: bytes) -> bytes:
    """Return as much as can be decompressed of the first bytes of a file; of one that is not compressed, all of them.

    Raises:
        FitsError: the compressed data are damaged.
    """
    if not data.startswith(_GZIP):
        return data
    try:
        return zlib.decompressobj(wbits=31).decompress(data)
    except zlib.error as error:
        raise FitsError(f"the compressed data are damaged ({error})") from error


def first_headers(data: bytes) -> list[Header]:
    """Return the headers that the first bytes of a FITS file hold whole, at least one.

    Raises:
        FitsError: the first one is not there whole.
    """
    found: list[Header] = []
    try:
        found.extend(headers(BytesIO(data)))
    except FitsError:
        if not found:
            raise
    if not found:
        raise FitsError("the file is empty")
    return found


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read, decompressed if it is compressed, whatever it is called."""
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        with gzip.open(file) if packed else nullcontext(file) as stream:
            yield cast(BinaryIO, stream)


def headers(stream: BinaryIO) -> Iterator[Header]:
    """Yield the header of each unit in turn; before the next one the data are skipped.

    While a header is the current one, the stream stands at the start of its data.

    Raises:
        FitsError: the stream is not FITS or ends inside a header.
    """
    while (header := _header(stream)) is not None:
        yield header
        _skip(stream, _data_bytes(header))


def table_columns(stream: BinaryIO, header: Header, names: tuple[str, ...]) -> list[tuple[Value, ...]]:
    """Read some columns of the binary table at whose data the stream stands, row by row.

    Args:
        stream: standing at the data of the table.
        header: header of that table.
        names: columns wanted, scalars or strings, in the order of the result.

    Raises:
        FitsError: a column is missing or no scalar, or the data end early.
    """
    width, rows = _integer(header, "NAXIS1"), _integer(header, "NAXIS2")
    offset = 0
    fields: dict[str, tuple[int, str, Value]] = {}
    for number in range(1, _integer(header, "TFIELDS") + 1):
        written = str(header.get(f"TFORM{number}", "")).strip()
        form = re.fullmatch(r"(\d*)([LXBIJKAEDCMPQ]).*", written)
        if form is None:
            raise FitsError(f"TFORM{number} = '{written}' is no binary table format")
        count, code = int(form[1] or 1), form[2]
        layout = f">{count}s" if code == "A" else f">{_CODES[code]}" if count == 1 and code in _CODES else ""
        # Names are the same in small and large letters; a column without one is nobody's.
        fields[str(header.get(f"TTYPE{number}", "")).strip().upper()] = (
            offset,
            layout,
            header.get(f"TZERO{number}", 0),
        )
        offset += (count + 7) // 8 if code == "X" else count * _BYTES[code]
    for name in names:
        if name.upper() not in fields or not fields[name.upper()][1]:
            raise FitsError(f"the table has no scalar column {name}")
    wanted = [fields[name.upper()] for name in names]
    data = stream.read(width * rows)
    if len(data) < width * rows:
        raise FitsError(f"the table ends after {len(data)} of {width * rows} bytes")
    return [
        tuple(_value(data, row * width + start, layout, zero) for start, layout, zero in wanted) for row in range(rows)
    ]


def _value(data: bytes, offset: int, layout: str, zero: Value) -> Value:
    """Read one value; strings end at the first NUL and lose trailing blanks."""
    value: bytes | int | float = struct.unpack_from(layout, data, offset)[0]
    if isinstance(value, bytes):
        return value.split(b"\0")[0].decode("ascii", "replace").rstrip()
    return value + zero if isinstance(zero, int | float) else value


def _header(stream: BinaryIO) -> dict[str, Value] | None:
    """Read the header at which the stream stands; None at the end of the file."""
    header: dict[str, Value] = {}
    first = True
    while True:
        block = stream.read(_BLOCK)
        if first and not block.strip(b"\0 \n"):
            return None
        if len(block) < _BLOCK or (first and block[:9] not in (b"SIMPLE  =", b"XTENSION=")):
            raise FitsError("not a FITS file" if first else "the file ends inside a header")
        first = False
        for start in range(0, _BLOCK, _CARD):
            card = block[start : start + _CARD].decode("ascii", "replace")
            if card.rstrip() == "END":
                return header
            if card[8:10] == "= ":
                header.setdefault(card[:8].strip(), _card_value(card[10:]))


def _card_value(text: str) -> Value:
    """Value of a card: string, logical, integer or real; anything else stays a string."""
    quoted = re.match(r" *'((?:[^']|'')*)'", text)
    if quoted:
        return quoted[1].replace("''", "'").rstrip()
    word = text.split("/", maxsplit=1)[0].strip()
    if word in ("T", "F"):
        return word == "T"
    for read in (int, float):
        try:
            return read(word.replace("D", "E"))
        except ValueError:
            continue
    return word


def _integer(header: Header, key: str) -> int:
    """Keyword that must be an integer."""
    value = header.get(key)
    if not isinstance(value, int):
        raise FitsError(f"keyword {key} is missing or no integer")
    return value


def _data_bytes(header: Header) -> int:
    """Length of the data of a unit, padded to blocks."""
    if not _integer(header, "NAXIS"):
        return 0
    size = abs(_integer(header, "BITPIX")) // 8
    pixels = 1
    for axis in range(1, _integer(header, "NAXIS") + 1):
        pixels *= _integer(header, f"NAXIS{axis}")
    length = size * int(header.get("GCOUNT", 1)) * (int(header.get("PCOUNT", 0)) + pixels)
    return -(-length // _BLOCK) * _BLOCK


def _skip(stream: BinaryIO, length: int) -> None:
    """Read past `length` bytes: a compressed stream cannot seek cheaply."""
    while length > 0:
        part = stream.read(min(length, 1 << 20))
        if not part:
            return
        length -= len(part)
