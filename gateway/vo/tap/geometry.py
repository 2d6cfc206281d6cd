"""The geometry functions of ADQL 2.1 (section 4.2): points, circles and polygons as texts, which SQLite hands around.

A polygon is less than half the sky, and its sides are arcs of great circles.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from gateway.vo.polygon import Polygon
from gateway.vo.tap.coverage import Circle, separation

_EDGE_DEG = 1e-9
"""What is nearer to a side of a polygon lies on it: rounding must not put a corner outside."""
_HALF_SKY = 90.0


def _text(kind: str, numbers: tuple[float, ...]) -> str:
    return " ".join([kind, *(repr(number) for number in numbers)])


def _point(*given: Any) -> str | None:
    numbers = _numbers(given, 2)
    return None if numbers is None else _text("POINT", numbers)


def _circle(*given: Any) -> str | None:
    # The centre may be a point: CIRCLE(POINT(ra, dec), radius).
    if len(given) in {2, 3} and _is_point(given[-2]):
        given = (*given[-2].split()[1:], given[-1])
    numbers = _numbers(given, 3)
    return None if numbers is None else _text("CIRCLE", numbers)


def _polygon(*given: Any) -> str | None:
    flat: list[Any] = []
    for value in given:
        flat += value.split()[1:] if _is_point(value) else [value]
    # Before the corners may stand the name of a coordinate system.
    numbers = _numbers(tuple(flat), len(flat) - len(flat) % 2)
    return None if numbers is None else _text("POLYGON", numbers)


def _is_point(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("POINT")


def _numbers(given: tuple[Any, ...], count: int) -> tuple[float, ...] | None:
    """Return the numbers of a shape; before them may stand the name of a coordinate system."""
    last = given[-count:]
    if len(given) < count or any(value is None for value in last):
        return None
    return tuple(float(value) for value in last)


def _shape(text: Any) -> Circle | Polygon | None:
    """Return a shape; a point is a circle without radius."""
    if not isinstance(text, str):
        return None
    kind, *words = text.split()
    numbers = [float(word) for word in words]
    if kind == "POLYGON":
        return Polygon(tuple(zip(numbers[::2], numbers[1::2], strict=True)))
    return Circle(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0.0)


def _contains(inner: Any, outer: Any) -> int | None:
    one, other = _shape(inner), _shape(outer)
    match one, other:
        case Circle(), Circle():
            return int(separation(*one[:2], *other[:2]) + one.radius <= other.radius)
        case Circle(), Polygon():
            distance = other.distance_to_sides(one.ra, one.dec)
            inside = other.has(one.ra, one.dec) or distance <= _EDGE_DEG
            return int(inside and one.radius <= distance + _EDGE_DEG)
        case Polygon(), Circle():
            if other.radius > _HALF_SKY:
                outside = Circle((other.ra + 180) % 360, -other.dec, 180 - other.radius)
                return int(not one.touches(outside))
            return int(all(separation(*corner, other.ra, other.dec) <= other.radius for corner in one.corners))
        case Polygon(), Polygon():
            corners = all(other.has(*corner) or other.distance_to_sides(*corner) <= _EDGE_DEG for corner in one.corners)
            return int(corners and not one.crosses(other))
    return None


def _intersects(first: Any, second: Any) -> int | None:
    one, other = _shape(first), _shape(second)
    match one, other:
        case Circle(), Circle():
            return int(separation(*one[:2], *other[:2]) <= one.radius + other.radius)
        case (Circle() as circle, Polygon() as polygon) | (Polygon() as polygon, Circle() as circle):
            return int(polygon.touches(circle))
        case Polygon(), Polygon():
            inside = one.has(*other.corners[0]) or other.has(*one.corners[0])
            return int(inside or one.crosses(other))
    return None


def _distance(*given: Any) -> float | None:
    if len(given) == 4:
        numbers = _numbers(given, 4)
        return None if numbers is None else separation(*numbers)
    one, other = (_shape(value) for value in (given[0], given[-1]))
    if not isinstance(one, Circle) or not isinstance(other, Circle):
        return None
    return separation(*one[:2], *other[:2])


def _coordinate(number: int) -> Callable[[Any], float | None]:
    def coordinate(shape: Any) -> float | None:
        found = _shape(shape)
        return found[number] if isinstance(found, Circle) else None

    return coordinate


def _area(shape: Any) -> float | None:
    found = _shape(shape)
    match found:
        case Polygon():
            return found.area()
        case Circle():
            return 2 * math.pi * (1 - math.cos(math.radians(found.radius))) * math.degrees(1) ** 2
    return None


def _centroid(shape: Any) -> str | None:
    found = _shape(shape)
    match found:
        case Polygon():
            return _text("POINT", found.centroid())
        case Circle():
            return _text("POINT", found[:2])
    return None


FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "point": (-1, _point),
    "circle": (-1, _circle),
    "polygon": (-1, _polygon),
    "contains": (2, _contains),
    "intersects": (2, _intersects),
    "distance": (-1, _distance),
    "coord1": (1, _coordinate(0)),
    "coord2": (1, _coordinate(1)),
    "area": (1, _area),
    "centroid": (1, _centroid),
}
"""By name how many arguments each takes (-1: not always as many), and what it returns: None where that is not known."""
