"""Regions of DALI (CIRCLE, RANGE, POLYGON) and whether they touch a circle on the sky; angles in degrees."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gateway.vo.tap.coverage import Circle, separation
from mesh.errors import InvalidParameter

_SHAPES = "CIRCLE RA DEC RADIUS, RANGE RA1 RA2 DEC1 DEC2 or POLYGON RA1 DEC1 RA2 DEC2 RA3 DEC3 ..., in degrees"
_LEAST_CORNERS = 6

_Vector = tuple[float, float, float]


class Region(NamedTuple):
    """A region."""

    shape: str
    numbers: tuple[float, ...]

    def touches(self, circle: Circle) -> bool:
        """Say whether it has a direction in common with a circle."""
        if self.shape == "CIRCLE":
            ra, dec, radius = self.numbers
            return separation(ra, dec, circle.ra, circle.dec) <= radius + circle.radius
        if self.shape == "RANGE":
            return self._nearest(circle) <= circle.radius
        corners = list(zip(self.numbers[::2], self.numbers[1::2], strict=True))
        return _in_polygon(circle.ra, circle.dec, corners) or any(
            _to_segment(circle.ra, circle.dec, first, second) <= circle.radius
            for first, second in pairwise([*corners, corners[0]])
        )

    def _nearest(self, circle: Circle) -> float:
        """Return how far the range is from the centre of a circle; 0 inside."""
        ra1, ra2, dec1, dec2 = self.numbers
        low, high = max(dec1, -90.0), min(dec2, 90.0)
        dec = min(max(circle.dec, low), high)
        if any(ra1 <= circle.ra + turn <= ra2 for turn in (-360, 0, 360)):
            return abs(circle.dec - dec)
        edges = [ra for ra in (ra1, ra2) if math.isfinite(ra)]
        return min(_to_segment(circle.ra, circle.dec, (ra, low), (ra, high)) for ra in edges)


def read_region(text: str, field: str) -> Region:
    """Return a region.

    Raises:
        InvalidParameter: it is none; says what is possible.
    """
    shape, *words = text.split() or [""]
    try:
        numbers = tuple(float(word[:40]) for word in words)
    except ValueError:
        numbers = ()
    shape = shape.upper()
    finite = all(math.isfinite(number) for number in numbers) or (
        shape == "RANGE" and not any(map(math.isnan, numbers))
    )
    good = {"CIRCLE": len(numbers) == 3, "RANGE": len(numbers) == 4}.get(
        shape, shape == "POLYGON" and len(numbers) >= _LEAST_CORNERS and len(numbers) % 2 == 0
    )
    if not good or not finite:
        raise InvalidParameter(f"{field}: {text[:64]!r} is no region", field=field, allowed=_SHAPES)
    return Region(shape, numbers)


def _vector(ra: float, dec: float) -> _Vector:
    a, d = math.radians(ra), math.radians(dec)
    return math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)


def _cross(one: _Vector, other: _Vector) -> _Vector:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def _dot(one: _Vector, other: _Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _in_polygon(ra: float, dec: float, corners: Sequence[tuple[float, float]]) -> bool:
    """Say whether a direction is in a polygon of less than half the sky: its corners go once around it."""
    turned = 0.0
    here = _vector(ra, dec)
    if sum(_dot(here, _vector(*corner)) for corner in corners) <= 0:
        return False  # the corners go around the opposite direction as well
    for first, second in pairwise([*corners, corners[0]]):
        one, other = _cross(here, _vector(*first)), _cross(here, _vector(*second))
        turned += math.atan2(_dot(here, _cross(one, other)), _dot(one, other))
    return abs(turned) > math.pi


def _to_segment(ra: float, dec: float, first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return how far a direction is from an arc of a great circle."""
    here, one, other = _vector(ra, dec), _vector(*first), _vector(*second)
    pole = _cross(one, other)
    length = math.sqrt(_dot(pole, pole))
    ends = min(separation(ra, dec, *first), separation(ra, dec, *second))
    if length == 0:
        return ends
    between = _dot(_cross(pole, one), here) >= 0 and _dot(_cross(other, pole), here) >= 0
    return min(ends, math.degrees(abs(math.asin(max(-1.0, min(1.0, _dot(pole, here) / length)))))) if between else ends
