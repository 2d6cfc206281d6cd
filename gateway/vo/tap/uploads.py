"""Tables that come with a query (TAP 1.1, section 2.7.6): ``UPLOAD=NAME,param:FILE``, asked as ``TAP_UPLOAD.NAME``."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.vo.parameters import Parameters
from gateway.vo.tap.tables import Table
from gateway.vo.votable_reader import Row, VotableError, read_votable
from mesh.errors import InvalidParameter

SCHEMA = "tap_upload"
MOST_ROWS = 20_000
MOST_CHARACTERS = 2_000_000
"""Of all tables of a query, as they are sent: they are kept with it, and read again for it."""
_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,63}")
_OWN = frozenset(
    {
        *("request", "version", "lang", "query", "maxrec", "format", "responseformat", "upload", "runid", "token"),
        *("phase", "action", "destruction", "executionduration", "wait", "after", "last"),
    }
)
"""Names of parameters: a file comes under its name as one of them does."""
_ENCODED = "data:;base64,"
_ALLOWED = "NAME,param:FILE with FILE, a VOTable, in the same form"


class Upload(NamedTuple):
    """A table that came with a query."""

    table: Table
    rows: Sequence[Row]


def names_of(sent: Parameters) -> list[str]:
    """Return the names of the tables that UPLOAD tells of, in lower case.

    Raises:
        InvalidParameter: one of them cannot be the name of a table, or is there twice.
    """
    found: list[str] = []
    for entry in ";".join(sent.all("upload")).split(";"):
        name, _, place = (part.strip() for part in entry.partition(","))
        if not entry.strip():
            continue
        if not place.startswith("param:"):
            raise _refused(f"{entry[:64]!r} names no file of this form; this gateway fetches none from elsewhere")
        if not _NAME.fullmatch(name) or name.lower() in _OWN:
            raise _refused(f"{name[:64]!r} is no name for a table: letters, digits and _, and no word of TAP")
        if name.lower() in found:
            raise _refused(f"the table {name} is there twice")
        found.append(name.lower())
    return found


def parted(sent: Parameters) -> tuple[Parameters, dict[str, str]]:
    """Return the parameters without the tables, and the tables as they were sent, by name.

    Raises:
        InvalidParameter: a table is missing, or they are too long.
    """
    tables = {name: _sent(sent, name) for name in names_of(sent)}
    check_length(sum(map(len, tables.values())))
    return Parameters({name: values for name, values in sent.values.items() if name not in tables}), tables


def with_tables(sent: Mapping[str, tuple[str, ...]], tables: Mapping[str, str]) -> Parameters:
    """Return parameters with the tables that `parted` took out."""
    return Parameters({**sent, **{name: (content,) for name, content in tables.items()}})


def check_length(characters: int) -> None:
    """Return if all tables of a query together may be so long.

    Raises:
        InvalidParameter: they are too long.
    """
    if characters > MOST_CHARACTERS:
        raise _refused(f"the tables have {characters} characters, more than {MOST_CHARACTERS}: send fewer rows")


def read_uploads(sent: Parameters) -> list[Upload]:
    """Return the tables that came with a query.

    Raises:
        InvalidParameter: one of them cannot be read; says which and why.
    """
    _, tables = parted(sent)
    return [_upload(name, content) for name, content in tables.items()]


def _upload(name: str, content: str) -> Upload:
    try:
        document = b64decode(content.removeprefix(_ENCODED)) if content.startswith(_ENCODED) else content.encode()
        columns, rows = read_votable(document, MOST_ROWS)
    except (VotableError, binascii.Error) as error:
        raise _refused(f"the table {name} cannot be read: {error}") from None
    return Upload(Table(f"{SCHEMA}.{name}", "", tuple(columns)), rows)


def _sent(sent: Parameters, name: str) -> str:
    contents = sent.all(name)
    if len(contents) != 1:
        raise _refused(f"of the table {name} came {len(contents)} files")
    return contents[0]


def _refused(why: str) -> InvalidParameter:
    return InvalidParameter(f"UPLOAD: {why}", field="UPLOAD", allowed=_ALLOWED)
