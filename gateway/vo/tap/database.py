"""Runs queries in SQLite, in memory: the tables hold what the caller may see, and nothing else is within reach."""

import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

from gateway.vo.tap.adql import Query
from gateway.vo.tap.coverage import separation
from gateway.vo.tap.tables import OBSERVATIONS, TABLES, schema_rows
from gateway.vo.votable import Column
from mesh.errors import InvalidRequest

SECONDS = 20.0
"""A query that runs longer is ended."""
_STEPS = 10_000
_LONGEST_TEXT = 1_000_000
_SQLITE_TYPES = {"char": "TEXT", "int": "INTEGER", "long": "INTEGER", "double": "REAL"}
_FUNCTIONS = frozenset(
    {
        *("abs", "ceil", "ceiling", "degrees", "exp", "floor", "ln", "log", "log10", "mod", "pi", "pow", "power"),
        *("radians", "random", "round", "sqrt", "trunc", "acos", "asin", "atan", "atan2", "cos", "cot", "sin", "tan"),
        *("upper", "lower", "coalesce", "count", "sum", "avg", "min", "max", "like", "iif", "nullif"),
        *("point", "circle", "contains", "intersects", "distance", "coord1", "coord2", "area", "centroid"),
    }
)
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})

Rows = list[tuple[Any, ...]]


def run(
    query: Query, observations: Iterable[tuple[Any, ...]], most: int, stopped: Callable[[], bool] = lambda: False
) -> tuple[list[Column], Rows]:
    """Return the columns of the result and its rows, one more than *most* where there are more.

    Args:
        query: that may be run.
        observations: rows of ObsCore that the caller may see.
        most: rows to return.
        stopped: whether nobody waits any more.

    Raises:
        InvalidRequest: the query cannot be run, or takes too long.
    """
    with _Database(observations) as connection:
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
    """

    def __init__(self, observations: Iterable[tuple[Any, ...]]) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        for schema in sorted({table.schema for table in TABLES}):
            self._connection.execute(f"ATTACH ':memory:' AS {schema}")
        rows = {**schema_rows(), OBSERVATIONS.name: observations}
        for table in TABLES:
            declared = ", ".join(f'"{column.name}" {_SQLITE_TYPES[column.datatype]}' for column in table.columns)
            self._connection.execute(f"CREATE TABLE {table.name} ({declared})")
            marks = ", ".join("?" * len(table.columns))
            self._connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows[table.name])  # noqa: S608
        for name, (count, function) in _GEOMETRY.items():
            self._connection.create_function(name, count, function, deterministic=True)
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


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


def _point(*given: Any) -> str | None:
    numbers = _numbers(given, 2)
    return None if numbers is None else f"POINT {numbers[0]!r} {numbers[1]!r}"


def _circle(*given: Any) -> str | None:
    # The centre may be a point: CIRCLE(POINT(ra, dec), radius).
    if len(given) in {2, 3} and isinstance(given[-2], str) and given[-2].startswith("POINT"):
        given = (*given[-2].split()[1:], given[-1])
    numbers = _numbers(given, 3)
    return None if numbers is None else "CIRCLE " + " ".join(repr(number) for number in numbers)


def _numbers(given: tuple[Any, ...], count: int) -> tuple[float, ...] | None:
    """Return the numbers of a shape; before them may stand the name of a coordinate system."""
    last = given[-count:]
    if len(given) < count or any(value is None for value in last):
        return None
    return tuple(float(value) for value in last)


def _shape(text: Any) -> tuple[float, float, float] | None:
    """Return centre and radius of a shape; that of a point is 0."""
    if not isinstance(text, str):
        return None
    _, *numbers = text.split()
    ra, dec, *radius = (float(number) for number in numbers)
    return ra, dec, radius[0] if radius else 0.0


def _contains(inner: Any, outer: Any) -> int | None:
    one, other = _shape(inner), _shape(outer)
    if one is None or other is None:
        return None
    return int(separation(*one[:2], *other[:2]) + one[2] <= other[2])


def _intersects(first: Any, second: Any) -> int | None:
    one, other = _shape(first), _shape(second)
    if one is None or other is None:
        return None
    return int(separation(*one[:2], *other[:2]) <= one[2] + other[2])


def _distance(*given: Any) -> float | None:
    if len(given) == 4:
        numbers = _numbers(given, 4)
        return None if numbers is None else separation(*numbers)
    one, other = (_shape(value) for value in (given[0], given[-1]))
    return None if one is None or other is None else separation(*one[:2], *other[:2])


def _coordinate(number: int) -> Callable[[Any], float | None]:
    def coordinate(shape: Any) -> float | None:
        found = _shape(shape)
        return None if found is None else found[number]

    return coordinate


def _area(shape: Any) -> float | None:
    found = _shape(shape)
    if found is None:
        return None
    return 2 * math.pi * (1 - math.cos(math.radians(found[2]))) * math.degrees(1) ** 2


def _centroid(shape: Any) -> str | None:
    found = _shape(shape)
    return None if found is None else _point(*found[:2])


_GEOMETRY: dict[str, tuple[int, Callable[..., Any]]] = {
    "point": (-1, _point),
    "circle": (-1, _circle),
    "contains": (2, _contains),
    "intersects": (2, _intersects),
    "distance": (-1, _distance),
    "coord1": (1, _coordinate(0)),
    "coord2": (1, _coordinate(1)),
    "area": (1, _area),
    "centroid": (1, _centroid),
}
