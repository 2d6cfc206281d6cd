"""Reads the rows of a binary FITS table in parts, compressed or not, never more than its header announces.

A map of some hundred kB may unpack to gigabytes; astropy would read all of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from astropy.io import fits
from isal import igzip, isal_zlib
from numpy.typing import NDArray

BROKEN: tuple[type[Exception], ...] = (
    *(OSError, EOFError, KeyError, ValueError, TypeError, IndexError, OverflowError),
    cast(type[Exception], isal_zlib.error),
)
"""What damaged files raise."""

_BLOCK = 2880
_MOST_HEADER_BLOCKS = 400
_FORMS = {"L": "i1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "A": "S1"}
_FORM = re.compile(r"(\d*)([LBIJKEDA])")
_MOST_HDUS = 20


@dataclass(frozen=True)
class Table:
    """A table whose rows are still to be read.

    Args:
        header: of the extension.
        columns: name in capitals -> type of a row, as it stands in the file.
        rows: how many there are.
        stream: stands at the first of them.
    """

    header: Mapping[str, Any]
    columns: np.dtype[Any]
    rows: int
    stream: IO[bytes]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.columns.itemsize

    def parts(self, rows: int) -> Iterator[NDArray[Any]]:
        """Yield the rows, so many at once.

        Raises:
            EOFError: the file ends before its last row.
        """
        left = self.rows
        while left:
            many = min(rows, left)
            content = self.stream.read(many * self.row_bytes)
            if len(content) < many * self.row_bytes:
                raise EOFError(f"the file ends {left} rows before the end of its table")
            yield np.frombuffer(content, self.columns)
            left -= many

    def number(self, name: str) -> float | None:
        """Return a keyword that is a number; None where it is none."""
        value = self.header.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def opened(path: Path) -> IO[bytes]:
    """Open a file, gunzipping it where it is compressed."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], igzip.IGzipFile(path, "rb")) if packed else path.open("rb")  # type: ignore[no-untyped-call]


def first_table(stream: IO[bytes]) -> Table:
    """Return the first binary table of a file; its primary HDU has no data, or they are skipped.

    Raises:
        ValueError: there is none; or it has a column that no map has.
    """
    for _ in range(_MOST_HDUS):
        header = _header(stream)
        bits, axes = abs(int(header.get("BITPIX", 8))), int(header.get("NAXIS", 0))
        sizes = [int(header[f"NAXIS{axis + 1}"]) for axis in range(axes)]
        if min([bits, *sizes], default=0) < 0:
            raise ValueError("its header announces less than nothing")
        if str(header.get("XTENSION", "")).strip() == "BINTABLE":
            return Table(header, _columns(header), sizes[1], stream)
        content = bits // 8 * int(np.prod(sizes, dtype=object)) if axes else 0
        _skip(stream, -(-content // _BLOCK) * _BLOCK)
    raise ValueError("it holds no binary table")


def _header(stream: IO[bytes]) -> fits.Header:
    text = b""
    for _ in range(_MOST_HEADER_BLOCKS):
        block = stream.read(_BLOCK)
        if len(block) < _BLOCK:
            raise ValueError("it holds no binary table")
        text += block
        if any(block[at : at + 80].rstrip() == b"END" for at in range(0, _BLOCK, 80)):
            return fits.Header.fromstring(text)
    raise ValueError("its header has no end")


def _columns(header: fits.Header) -> np.dtype[Any]:
    fields = []
    for number in range(1, int(header["TFIELDS"]) + 1):
        written = _FORM.match(str(header[f"TFORM{number}"]).strip().upper())
        if written is None:
            raise ValueError(f"column {number} has the form {header[f'TFORM{number}']!r}, which no map has")
        name = str(header.get(f"TTYPE{number}", f"COLUMN{number}")).strip().upper()
        fields.append((name, _FORMS[written[2]], (int(written[1] or 1),)))
    columns = np.dtype(fields)
    if columns.itemsize != int(header["NAXIS1"]) or not columns.itemsize:
        raise ValueError(f"its columns have {columns.itemsize} bytes a row, the header says {header['NAXIS1']}")
    return columns


def _skip(stream: IO[bytes], content: int) -> None:
    while content > 0:
        passed = len(stream.read(min(content, 1 << 20)))
        if not passed:
            raise ValueError("it ends within its first extension")
        content -= passed
