"""Tables that come with a query (TAP 1.1, section 2.7.6): ``UPLOAD=NAME,param:FILE``, asked as ``TAP_UPLOAD.NAME``.

In place of ``param:FILE`` may stand an address from which the table is fetched.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gateway.vo.parameters import Parameters
from gateway.vo.tap.far_tables import NotFetched
from gateway.vo.tap.tables import Table
from gateway.vo.votable_reader import Row, VotableError, read_votable
from mesh.errors import InvalidParameter

SCHEMA = "tap_upload"
MOST_ROWS = 20_000
MOST_CHARACTERS = 2_000_000
"""Of all tables of a query, as they are sent: they are kept with it, and read again for it."""
MOST_TABLES = 10
_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,63}")
_OWN = frozenset(
    {
        *("request", "version", "lang", "query", "maxrec", "format", "responseformat", "upload", "runid", "token"),
        *("phase", "action", "destruction", "executionduration", "wait", "after", "last"),
    }
)
"""Names of parameters: a file comes under its name as one of them does."""
_ENCODED = "data:;base64,"
_ALLOWED = "NAME,param:FILE with FILE, a VOTable, in the same form; or NAME,https://..."
_ADDRESSES = ("https://", "http://")

Fetch = Callable[[str, int], str]
"""Returns the table at an address, of so many bytes at most; raises `NotFetched`."""


class Upload(NamedTuple):
    """A table that came with a query."""

    table: Table
    rows: Sequence[Row]


def places_of(sent: Parameters) -> dict[str, str]:
    """Return the tables that UPLOAD tells of: the name, in lower case, and where each comes from.

    Raises:
        InvalidParameter: one of them cannot be the name of a table, or is there twice.
    """
    found: dict[str, str] = {}
    for entry in ";".join(sent.all("upload")).split(";"):
        name, _, place = (part.strip() for part in entry.partition(","))
        if not entry.strip():
            continue
        if not place.lower().startswith(("param:", *_ADDRESSES)):
            raise _refused(f"{entry[:64]!r} names neither a file of this form nor an address")
        if not _NAME.fullmatch(name) or name.lower() in _OWN:
            raise _refused(f"{name[:64]!r} is no name for a table: letters, digits and _, and no word of TAP")
        if name.lower() in found:
            raise _refused(f"the table {name} is there twice")
        if len(found) >= MOST_TABLES:
            raise _refused(f"there are more than {MOST_TABLES} tables: send fewer, or join them")
        found[name.lower()] = place
    return found


def parted(sent: Parameters, fetch: Fetch) -> tuple[Parameters, dict[str, str]]:
    """Return the parameters without the tables, and the tables as they were sent or fetched, by name.

    Raises:
        InvalidParameter: a table is missing, or they are too long.
    """
    tables: dict[str, str] = {}
    for name, place in places_of(sent).items():
        tables[name] = _content(sent, name, place, fetch)
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


def read_uploads(sent: Parameters, fetch: Fetch) -> list[Upload]:
    """Return the tables that came with a query, or that it names.

    Raises:
        InvalidParameter: one of them cannot be read; says which and why.
    """
    _, tables = parted(sent, fetch)
    return [_upload(name, content) for name, content in tables.items()]


def _upload(name: str, content: str) -> Upload:
    try:
        document = b64decode(content.removeprefix(_ENCODED)) if content.startswith(_ENCODED) else content.encode()
        columns, rows = read_votable(document, MOST_ROWS)
    except (VotableError, binascii.Error) as error:
        raise _refused(f"the table {name} cannot be read: {error}") from None
    return Upload(Table(f"{SCHEMA}.{name}", "", tuple(columns)), rows)


def _content(sent: Parameters, name: str, place: str, fetch: Fetch) -> str:
    contents = sent.all(name)
    if not contents and place.lower().startswith(_ADDRESSES):
        try:
            return fetch(place, MOST_CHARACTERS)
        except NotFetched as error:
            raise _refused(f"the table {name} was not fetched: {error}") from None
    # A job has in this place what was fetched when it was made.
    if len(contents) != 1:
        raise _refused(f"of the table {name} came {len(contents)} files")
    return contents[0]


def _refused(why: str) -> InvalidParameter:
    return InvalidParameter(f"UPLOAD: {why}", field="UPLOAD", allowed=_ALLOWED)
