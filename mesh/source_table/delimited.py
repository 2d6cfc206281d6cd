"""Sources of a text with a line of headings: CSV, tables with tabs, semicolons, bars or blanks, and ECSV."""

import csv
import re
from collections.abc import Sequence

from mesh.source_table.columns import Columns, Source, SourceTableError

_ECSV = "# %ECSV"
_FIELD = re.compile(r"# - \{(.*)\}")
_ATTRIBUTE = re.compile(r"(name|unit): *(\"[^\"]*\"|'[^']*'|[^,}]*)")
_DELIMITERS = "\t|,;"


def read_delimited(text: str) -> list[Source]:
    """Return the sources of a delimited text.

    Lines that begin with # are comments; the last of them before the table may be its headings. Below the headings
    may stand a line of units and one of dashes, as the tables of VizieR have them.

    Raises:
        SourceTableError: the columns are not there, or a line does not fit them.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    comments = [line for line in lines if line.lstrip().startswith("#")]
    body = [line for line in lines if not line.lstrip().startswith("#")]
    if not body:
        raise SourceTableError("it is empty")
    delimiter = next((sign for sign in _DELIMITERS if sign in body[0]), " ")
    try:
        rows = [
            _cells(row) for row in csv.reader(_trimmed(body, delimiter), delimiter=delimiter, skipinitialspace=True)
        ]
    except csv.Error as error:
        raise SourceTableError(f"it is no table of text ({error})") from error
    headings, units, rows = _headings(rows, comments, delimiter)
    if text.lstrip().startswith(_ECSV):
        known = dict(filter(None, map(_ecsv_unit, comments)))
        units = [known.get(heading, unit) for heading, unit in zip(headings, units, strict=True)]
    columns = Columns(headings, units)
    name, ra, dec = columns.chosen()
    for number, row in enumerate(rows, 1):
        if len(row) != len(headings):
            raise SourceTableError(f"row {number} has {len(row)} values, the headings are {len(headings)}")
    return list(columns.sources([(row[name], row[ra], row[dec]) for row in rows]))


def _trimmed(lines: Sequence[str], delimiter: str) -> list[str]:
    if delimiter == "|":  # a bar at both ends belongs to the frame
        return [line.strip().strip("|") for line in lines]
    return [line.rstrip("\r\n") if delimiter == "\t" else line.strip() for line in lines]


def _cells(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _headings(
    rows: list[list[str]], comments: Sequence[str], delimiter: str
) -> tuple[list[str], list[str], list[list[str]]]:
    """Return headings, units and the rows below."""
    headings, rest = rows[0], rows[1:]
    if Columns(headings, [""] * len(headings)).places() is None and comments:
        written = _trimmed([comments[-1].lstrip().lstrip("#").strip()], delimiter)
        [above] = csv.reader(written, delimiter=delimiter, skipinitialspace=True) or [[]]
        if Columns(above, [""] * len(above)).places() is not None:
            headings, rest = _cells(above), rows
    if len(rest) > 1 and all(set(cell) == {"-"} for cell in rest[1]) and len(rest[0]) == len(headings):
        return headings, rest[0], rest[2:]
    return headings, [""] * len(headings), rest


def _ecsv_unit(line: str) -> tuple[str, str] | None:
    """Return name and unit of a column that a line of the header of ECSV declares."""
    field = _FIELD.match(line.strip())
    if field is None:
        return None
    facts = {key: value.strip().strip("\"'") for key, value in _ATTRIBUTE.findall(field[1])}
    return (facts["name"], facts.get("unit", "")) if "name" in facts else None
