"""Reads a table of a VOTable (IVOA VOTable 1.4, section 5): written as TABLEDATA, BINARY or BINARY2.

Numbers and truth values that stand alone become numbers (1 and 0); arrays, complex numbers and bits stay texts, as
TABLEDATA has them. A value that is not there is None.
"""

import binascii
import math
import re
import struct
from base64 import b64decode
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from lxml import etree

from gateway.vo.votable import Column

_STRUCT = {
    "unsignedByte": "B",
    "short": "h",
    "int": "i",
    "long": "q",
    "float": "f",
    "double": "d",
    "floatComplex": "ff",
    "doubleComplex": "dd",
}
_WHOLE = frozenset({"unsignedByte", "short", "int", "long"})
_REAL = frozenset({"float", "double"})
_TEXTS = frozenset({"char", "unicodeChar"})
_DATATYPES = frozenset({*_STRUCT, *_TEXTS, "boolean", "bit"})
_TRUTH = {"t": 1, "1": 1, "true": 1, "f": 0, "0": 0, "false": 0}
_FIXED = re.compile("[0-9]{1,9}(x[0-9]{1,9}){0,3}")
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_COLUMNS = 200
_NAME_LENGTH = 64

Row = tuple[Any, ...]


class VotableError(ValueError):
    """A document is no VOTable that can be read; the text says why, and what to send."""


class _Field(NamedTuple):
    """A column, and the number that stands for no value."""

    column: Column
    null: int | None


def is_number(column: Column) -> bool:
    """Say whether the values of a column are numbers, and not texts."""
    return not column.arraysize and (column.datatype in _WHOLE | _REAL or column.datatype == "boolean")


def read_votable(content: bytes, most_rows: int) -> tuple[list[Column], list[Row]]:
    """Return the columns and rows of the first table of a document.

    Args:
        content: the document.
        most_rows: that it may have.

    Raises:
        VotableError: it is none, or has too many rows.
    """
    table = _table(content)
    fields = [_field(element, number) for number, element in enumerate(table.iterfind("{*}FIELD"), 1)]
    if not 0 < len(fields) <= _MOST_COLUMNS:
        raise VotableError(f"it has {len(fields)} columns: send 1 to {_MOST_COLUMNS}")
    names = [field.column.name.lower() for field in fields]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise VotableError(f"two columns have the name {twice[:_NAME_LENGTH]!r}, in ADQL upper and lower case are one")
    rows = list(islice(_rows(table, fields), most_rows + 1))
    if len(rows) > most_rows:
        raise VotableError(f"it has more than {most_rows} rows")
    return [field.column for field in fields], rows


def _table(content: bytes) -> "etree._Element":
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        # Declared entities are how a small document grows without end; a VOTable needs none.
        raise VotableError("it declares a document type: save it as VOTable 1.2 or later")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root: etree._Element = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise VotableError(f"it is no XML ({str(error)[:200]})") from None
    found: etree._Element | None = next(root.iter("{*}TABLE"), None)
    if etree.QName(root).localname != "VOTABLE" or found is None:
        raise VotableError("it is no VOTable with a table")
    return found


def _field(element: "etree._Element", number: int) -> _Field:
    name, datatype = element.get("name") or element.get("ID") or "", element.get("datatype") or "char"
    if not name:
        raise VotableError(f"column {number} has no name")
    if datatype not in _DATATYPES:
        raise VotableError(f"column {name[:_NAME_LENGTH]!r} has the unknown datatype {datatype[:32]!r}")
    arraysize = element.get("arraysize") or ""
    values = element.find("{*}VALUES")
    null = values.get("null") if values is not None and datatype in _WHOLE else None
    column = Column(
        name=name,
        datatype=datatype,
        # Older writers say so of one letter or number (VOTable 1.3, erratum 3).
        arraysize="" if arraysize == "1" else arraysize,
        description=(element.findtext("{*}DESCRIPTION") or "").strip(),
        **{key: element.get(key) or "" for key in ("unit", "ucd", "utype", "xtype")},
    )
    return _Field(column, None if null is None else _whole(column, null))


def _rows(table: "etree._Element", fields: Sequence[_Field]) -> Iterator[Row]:
    data = table.find("{*}DATA")
    form = next(iter(data), None) if data is not None else None
    if form is None:
        return
    match etree.QName(form).localname:
        case "TABLEDATA":
            yield from _written_rows(form, fields)
        case "BINARY" | "BINARY2" as kind:
            yield from _binary_rows(_streamed(form), fields, flags=kind == "BINARY2")
        case other:
            raise VotableError(f"its data are {other[:32]}: save it as TABLEDATA, BINARY or BINARY2")


def _written_rows(data: "etree._Element", fields: Sequence[_Field]) -> Iterator[Row]:
    for number, row in enumerate(data.iterfind("{*}TR"), 1):
        cells = [cell.text or "" for cell in row.iterfind("{*}TD")]
        if len(cells) != len(fields):
            raise VotableError(f"row {number} has {len(cells)} values, the table {len(fields)} columns")
        yield tuple(_known(field, _read(field.column, text)) for field, text in zip(fields, cells, strict=True))


def _read(column: Column, written: str) -> Any:
    if column.datatype in _TEXTS:
        return written or None
    text = written.strip()
    if not text:
        return None
    if not is_number(column):
        return text
    if column.datatype == "boolean":
        return _TRUTH.get(text.lower())
    return _whole(column, text) if column.datatype in _WHOLE else _real(column, text)


def _whole(column: Column, text: str) -> int:
    try:
        number = int(text[:40], 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        number = _MOST + 1
    if not _LEAST <= number <= _MOST:
        raise VotableError(f"column {column.name[:_NAME_LENGTH]!r}: {text[:32]!r} is not a whole number")
    return number


def _real(column: Column, text: str) -> float:
    try:
        return float(text[:80])
    except ValueError:
        raise VotableError(f"column {column.name[:_NAME_LENGTH]!r}: {text[:32]!r} is not a number") from None


def _streamed(form: "etree._Element") -> bytes:
    stream = form.find("{*}STREAM")
    if stream is None or stream.get("href") or stream.get("encoding") != "base64":
        raise VotableError("its data are not in the document itself, in base64: save it as TABLEDATA")
    try:
        return b64decode(stream.text or "")
    except (binascii.Error, ValueError):
        raise VotableError("its data are no base64") from None


def _binary_rows(data: bytes, fields: Sequence[_Field], *, flags: bool) -> Iterator[Row]:
    """Yield rows of BINARY, or of BINARY2, where a bit for each column says before the row that there is no value."""
    at, width = 0, -(-len(fields) // 8) if flags else 0
    while at < len(data):
        missing = data[at : at + width]
        at += width
        row: list[Any] = []
        for number, field in enumerate(fields):
            value, at = _binary_cell(field.column, data, at)
            absent = flags and missing[number // 8] & 0x80 >> number % 8
            row.append(None if absent else _known(field, value))
        yield tuple(row)


def _binary_cell(column: Column, data: bytes, at: int) -> tuple[Any, int]:
    """Return the value that begins at a place, and where the next one does."""
    count, at = _length(column, data, at)
    kind = column.datatype
    if kind == "bit":
        end, size = at + -(-count // 8), 1
    else:
        size = 2 if kind == "unicodeChar" else struct.calcsize(f">{_STRUCT.get(kind, 'c')}")
        end = at + count * size
    piece = data[at:end]
    if len(piece) < end - at:
        raise VotableError("its data end within a row")
    match kind:
        case "char":
            return piece.partition(b"\0")[0].decode("utf-8", "replace") or None, end
        case "unicodeChar":
            return piece.decode("utf-16-be", "replace").partition("\0")[0] or None, end
        case "bit":
            return "".join(f"{byte:08b}" for byte in piece)[:count] or None, end
        case "boolean":
            letters = piece.decode("latin-1")
            return (" ".join(letters) or None if column.arraysize else _TRUTH.get(letters.lower())), end
    numbers = struct.unpack(f">{_STRUCT[kind] * count}", piece)
    return (numbers[0] if is_number(column) else " ".join(map(repr, numbers)) or None), end


def _length(column: Column, data: bytes, at: int) -> tuple[int, int]:
    """Return how many values a cell has, and where they begin: an array of any length says so in four bytes."""
    if column.arraysize.endswith("*"):
        if at + 4 > len(data):
            raise VotableError("its data end within a row")
        return struct.unpack_from(">I", data, at)[0], at + 4
    if not column.arraysize:
        return 1, at
    if not _FIXED.fullmatch(column.arraysize):
        raise VotableError(f"column {column.name[:_NAME_LENGTH]!r} has the arraysize {column.arraysize[:32]!r}")
    return math.prod(map(int, column.arraysize.split("x"))), at


def _known(field: _Field, value: Any) -> Any:
    """Return a value; None where it stands for none."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return None if field.null is not None and value == field.null else value
