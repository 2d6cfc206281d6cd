"""Runs queries in SQLite, in memory: the tables hold what the caller may see, and nothing else is within reach."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.vo.tap import geometry
from gateway.vo.tap.adql import Query
from gateway.vo.tap.tables import OBSERVATIONS, TABLES, Table, schema_rows
from gateway.vo.tap.uploads import Upload
from gateway.vo.votable import Column
from gateway.vo.votable_reader import is_number
from mesh.errors import InvalidRequest

SECONDS = 20.0
"""A query that runs longer is ended."""
_STEPS = 10_000
_LONGEST_TEXT = 1_000_000
_REAL = frozenset({"float", "double"})
_FUNCTIONS = frozenset(
    {
        *("abs", "ceil", "ceiling", "degrees", "exp", "floor", "ln", "log", "log10", "mod", "pi", "pow", "power"),
        *("radians", "random", "round", "sqrt", "trunc", "acos", "asin", "atan", "atan2", "cos", "cot", "sin", "tan"),
        *("upper", "lower", "coalesce", "count", "sum", "avg", "min", "max", "like", "iif", "nullif"),
        *geometry.FUNCTIONS,
    }
)
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})

Rows = list[tuple[Any, ...]]


def run(
    query: Query,
    observations: Iterable[tuple[Any, ...]],
    most: int,
    stopped: Callable[[], bool] = lambda: False,
    uploads: Sequence[Upload] = (),
) -> tuple[list[Column], Rows]:
    """Return the columns of the result and its rows, one more than *most* where there are more.

    Args:
        query: that may be run.
        observations: rows of ObsCore that the caller may see.
        most: rows to return.
        stopped: whether nobody waits any more.
        uploads: tables that came with the query.

    Raises:
        InvalidRequest: the query cannot be run, or takes too long.
    """
    with _Database(observations, uploads) as connection:
        end = time.monotonic() + SECONDS
        connection.set_authorizer(_authorize)
        connection.set_progress_handler(lambda: time.monotonic() > end or stopped(), _STEPS)
        try:
            rows: Rows = connection.execute(query.sql).fetchmany(most + 1)
        except sqlite3.Error as error:
            late = time.monotonic() > end
            why = f"it ran longer than {SECONDS:g} s" if late else str(error)[:200]
            raise InvalidRequest(f"QUERY: {why}", field="QUERY") from None
    pairs = zip(query.columns, query.names, strict=True)
    columns = [known or _guessed(name, [row[number] for row in rows]) for number, (known, name) in enumerate(pairs)]
    return columns, rows


class _Database:
    """A connection with the tables, closed in the end.

    Args:
        observations: rows of ObsCore.
        uploads: further tables.
    """

    def __init__(self, observations: Iterable[tuple[Any, ...]], uploads: Sequence[Upload]) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        known = {**schema_rows(), OBSERVATIONS.name: observations}
        filled: list[tuple[Table, Iterable[tuple[Any, ...]]]] = [(table, known[table.name]) for table in TABLES]
        filled += uploads
        for schema in sorted({table.schema for table, _ in filled}):
            self._connection.execute(f"ATTACH ':memory:' AS {schema}")
        for table, rows in filled:
            declared = ", ".join(f"{_quoted(column.name.lower())} {_affinity(column)}" for column in table.columns)
            self._connection.execute(f"CREATE TABLE {_place(table)} ({declared})")
            marks = ", ".join("?" * len(table.columns))
            self._connection.executemany(f"INSERT INTO {_place(table)} VALUES ({marks})", rows)  # noqa: S608
        for name, (count, function) in geometry.FUNCTIONS.items():
            self._connection.create_function(name, count, function, deterministic=True)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _place(table: Table) -> str:
    return f"{table.schema}.{_quoted(table.name.partition('.')[2])}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _affinity(column: Column) -> str:
    if not is_number(column):
        return "TEXT"
    return "REAL" if column.datatype in _REAL else "INTEGER"


def _authorize(action: int, _first: str | None, second: str | None, _base: str | None, _by: str | None) -> int:
    allowed = action in _ALLOWED or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _guessed(name: str, values: Iterable[Any]) -> Column:
    """Return the column of an expression, whose type its values tell."""
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int}:
        return Column(name, "long")
    if kinds and kinds <= {int, float}:
        return Column(name, "double")
    return Column(name, "char", "*")
