"""Writes VOTables (IVOA VOTable 1.4, serialisation TABLEDATA) piece by piece, so that none is held as a whole."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

MEDIA_TYPE = "application/x-votable+xml"
DATALINK_TYPE = f"{MEDIA_TYPE};content=datalink"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
)
_ROWS_AT_ONCE = 200
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


class Column(NamedTuple):
    """A FIELD, or a PARAM of a service descriptor."""

    name: str
    datatype: str = "char"
    arraysize: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    xtype: str = ""
    description: str = ""
    identifier: str = ""
    """Its ID, by which a service descriptor refers to it."""


class Info(NamedTuple):
    """An INFO."""

    name: str
    value: str
    text: str = ""


def text_column(name: str, **others: str) -> Column:
    """Return a column of texts of any length."""
    return Column(name, "char", "*", **others)


def votable(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    most: int | None = None,
    infos: Sequence[Info] = (),
    resources: Sequence[str] = (),
    utype: str = "",
) -> Iterator[bytes]:
    """Yield a table of results; beyond *most* rows it says that there were more (DALI 1.1, section 4.4.1).

    Args:
        columns: of the table.
        rows: a value for each column; None where there is none.
        most: rows to write; None: all.
        infos: what is said beside ``QUERY_STATUS``.
        resources: further ones, as XML.
        utype: of the table.
    """
    described = f" utype={attribute(utype)}" if utype else ""
    head = [_HEAD, '<RESOURCE type="results">\n', _info(Info("QUERY_STATUS", "OK"))]
    head += [*map(_info, infos), f"<TABLE{described}>\n", *(_field("FIELD", column) for column in columns)]
    yield "".join([*head, "<DATA>\n<TABLEDATA>\n"]).encode()
    pieces: list[str] = []
    more = False
    for number, row in enumerate(rows):
        if most is not None and number >= most:
            more = True
            break
        pieces.append(f"<TR>{''.join(f'<TD>{_cell(value)}</TD>' for value in row)}</TR>\n")
        if len(pieces) == _ROWS_AT_ONCE:
            yield "".join(pieces).encode()
            pieces = []
    overflow = _info(Info("QUERY_STATUS", "OVERFLOW")) if more else ""
    tail = ["</TABLEDATA>\n</DATA>\n</TABLE>\n", overflow, "</RESOURCE>\n", *resources, "</VOTABLE>\n"]
    yield "".join([*pieces, *tail]).encode()


def error_document(text: str) -> bytes:
    """Return the document that says why something was not done (DALI 1.1, section 4.4.2)."""
    info = _info(Info("QUERY_STATUS", "ERROR", text))
    return f'{_HEAD}<RESOURCE type="results">\n{info}</RESOURCE>\n</VOTABLE>\n'.encode()


def parameter(column: Column, value: str = "", values: str = "", ref: str = "") -> str:
    """Return a PARAM.

    Args:
        column: what it is.
        value: its value, or its default.
        values: the XML of its VALUES.
        ref: ID of the column whose values it takes.
    """
    reference = f" ref={attribute(ref)}" if ref else ""
    return _field("PARAM", column, f" value={attribute(value)}{reference}", values)


def attribute(text: str) -> str:
    """Return a text as the value of an attribute, with the quotation marks."""
    return quoteattr(_FORBIDDEN.sub(" ", text))


def content(text: str) -> str:
    """Return a text as content of an element."""
    return escape(_FORBIDDEN.sub(" ", text))


def _field(tag: str, column: Column, more: str = "", inside: str = "") -> str:
    named = {"ID": column.identifier, "name": column.name, "datatype": column.datatype}
    named |= {"arraysize": column.arraysize, "unit": column.unit, "ucd": column.ucd}
    named |= {"utype": column.utype, "xtype": column.xtype}
    attributes = "".join(f" {name}={attribute(value)}" for name, value in named.items() if value)
    described = f"<DESCRIPTION>{content(column.description)}</DESCRIPTION>" if column.description else ""
    return f"<{tag}{attributes}{more}>{described}{inside}</{tag}>\n"


def _info(info: Info) -> str:
    return f"<INFO name={attribute(info.name)} value={attribute(info.value)}>{content(info.text)}</INFO>\n"


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "T" if value else "F"
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "+Inf" if value > 0 else "-Inf"
        case _:
            return content(str(value))
