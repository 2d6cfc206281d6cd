"""Reads ADQL into a tree, checks it against the tables, and writes it for SQLite.

sqlglot knows the grammar of SQL; ADQL adds TOP and the geometry functions, which SQLite calls as functions
(`gateway.vo.tap.database`). What a query may do is decided here by what its tree holds, and once more by SQLite itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlglot import Dialect, TokenType, exp, parse, parser, tokens
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from gateway.vo.tap.tables import TABLES, Table
from gateway.vo.votable import Column
from mesh.errors import InvalidRequest

_INSTEAD = {
    "BOX": "write a POLYGON or a CIRCLE",
    "REGION": "write a POINT, CIRCLE or POLYGON",
    "COORDSYS": "all places are ICRS",
    "IN_UNIT": "the units of the columns are told by tap_schema.columns",
}
_TYPES = frozenset({"int", "long", "double"})
_LEAST_CORNERS = 3
_LONGEST = 20_000


class _Adql(Dialect):
    class Tokenizer(tokens.Tokenizer):
        KEYWORDS = {**tokens.Tokenizer.KEYWORDS, "TOP": TokenType.TOP}  # noqa: RUF012 - as sqlglot declares it

    class Parser(parser.Parser):
        LOG_DEFAULTS_TO_LN = True


class Query(NamedTuple):
    """A query that may be run."""

    sql: str
    columns: tuple[Column | None, ...]
    """Of each column of the result that of the table where it is one, under the name that it has in the result."""
    names: tuple[str, ...]
    tables: frozenset[str]
    """That it reads."""


def read_query(text: str, uploads: Sequence[Table] = ()) -> Query:
    """Return a query for SQLite.

    Args:
        text: the query.
        uploads: tables that came with it.

    Raises:
        InvalidRequest: it is no ADQL, does something else than to select, or names what is not there.
    """
    if len(text) > _LONGEST:
        raise _refused(f"the query is longer than {_LONGEST} characters")
    try:
        trees = parse(text.strip().rstrip(";"), read=_Adql)
    except (SqlglotError, RecursionError) as error:
        raise _refused(_first_line(error)) from None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query):
        raise _refused("it is not one SELECT")
    if tree.find(exp.With, exp.Into, exp.Lock) is not None:
        raise _refused("WITH, INTO and FOR UPDATE are not possible here")
    known = {table.name: table for table in (*TABLES, *uploads)}
    for table in tree.find_all(exp.Table):
        _check_table(table, known)
    for call in tree.find_all(exp.Anonymous):
        _check_function(call)
    _ignore_case(tree, known.values())
    try:
        qualify(tree, schema=_schema(known.values()), dialect=_Adql, validate_qualify_columns=True)
        return Query(tree.sql(dialect="sqlite"), *_described(tree, known))
    except (SqlglotError, RecursionError) as error:
        raise _refused(_first_line(error)) from None


def _check_table(table: exp.Table, known: Mapping[str, Table]) -> None:
    if f"{table.db}.{table.name}".lower() in known:
        return
    if table.db.lower() == "tap_upload":
        name = table.name[:64]
        raise _refused(f"the table {name} did not come with the query: send it as UPLOAD={name},param:FILE")
    raise _refused(f"there is no table {table.sql()[:80]}; the tables: {', '.join(known)}")


def _schema(tables: Iterable[Table]) -> MappingSchema:
    """Return the columns of tables; of their types only those of numbers and texts matter."""
    schemas: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables:
        columns = {
            column.name.lower(): column.datatype if column.datatype in _TYPES else "char" for column in table.columns
        }
        schemas.setdefault(table.schema, {})[table.name.partition(".")[2]] = columns
    return MappingSchema({**schemas}, dialect=_Adql, normalize=False)


def _ignore_case(tree: exp.Query, known: Iterable[Table]) -> None:
    """Write quoted names of columns as all others are written: no two columns of a table differ by case alone."""
    columns = {column.name.lower() for table in known for column in table.columns}
    for named in tree.find_all(exp.Column):
        if isinstance(named.this, exp.Identifier) and named.name.lower() in columns:
            named.this.set("this", named.name.lower())


def _check_function(call: exp.Anonymous) -> None:
    """Return if a function that SQL does not have can be called so.

    Raises:
        InvalidRequest: says what can be written instead.
    """
    name = call.name.upper()
    if name in _INSTEAD:
        raise _refused(f"{name} is not possible here: {_INSTEAD[name]}")
    if name != "POLYGON":
        return
    given = list(call.expressions)
    if given and isinstance(given[0], exp.Literal) and given[0].is_string:
        given = given[1:]
    points = [one for one in given if isinstance(one, exp.Anonymous) and one.name.upper() == "POINT"]
    good = len(points) == len(given) >= _LEAST_CORNERS if points else len(given) % 2 == 0 < len(given) - 4
    if not good:
        raise _refused("POLYGON takes at least three corners, each a POINT or two numbers: RA1, DEC1, RA2, DEC2, ...")


def _described(
    tree: exp.Query, known: Mapping[str, Table]
) -> tuple[tuple[Column | None, ...], tuple[str, ...], frozenset[str]]:
    described = {(table.name, column.name.lower()): column for table in known.values() for column in table.columns}
    sources = {table.alias_or_name: f"{table.db}.{table.name}" for table in tree.find_all(exp.Table)}
    columns, names = [], []
    for selected in tree.selects:
        inside = selected.unalias()
        found = None
        if isinstance(inside, exp.Column):
            found = described.get((sources.get(inside.table, ""), inside.name))
        name = selected.alias_or_name
        # Where nobody has given it another name, a column has its own again, in its own case.
        columns.append(found if found is None or name == inside.name else found._replace(name=name))
        names.append(name)
    return tuple(columns), tuple(names), frozenset(sources.values())


def _first_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, SqlglotError) else "it is nested too deeply"
    # sqlglot underlines the place with codes of a terminal.
    return text.partition("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")[:300]


def _refused(why: str) -> InvalidRequest:
    return InvalidRequest(f"QUERY: {why}", field="QUERY", allowed="one SELECT in ADQL")
