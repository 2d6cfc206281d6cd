"""Polygons on the sphere: sides are arcs of great circles, and none covers half the sky."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from gateway.vo.tap.coverage import Circle, separation

Direction = tuple[float, float]
"""Right ascension and declination [deg]."""
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Polygon:
    """A polygon.

    Args:
        corners: at least three, in their order around it.
    """

    corners: tuple[Direction, ...]

    def has(self, ra: float, dec: float) -> bool:
        """Say whether a direction is inside: the corners go once around it."""
        turned = 0.0
        here = vector(ra, dec)
        if sum(dot(here, vector(*corner)) for corner in self.corners) <= 0:
            return False  # the corners go around the opposite direction as well
        for first, second in self._sides():
            one, other = cross(here, vector(*first)), cross(here, vector(*second))
            turned += math.atan2(dot(here, cross(one, other)), dot(one, other))
        return abs(turned) > math.pi

    def distance_to_sides(self, ra: float, dec: float) -> float:
        """Return how far a direction is from the nearest side [deg]."""
        return min(distance_to_arc(ra, dec, first, second) for first, second in self._sides())

    def touches(self, circle: Circle) -> bool:
        """Say whether it has a direction in common with a circle."""
        return self.has(circle.ra, circle.dec) or self.distance_to_sides(circle.ra, circle.dec) <= circle.radius

    def crosses(self, other: "Polygon") -> bool:
        """Say whether a side goes through one of another polygon."""
        return any(_arcs_cross(*mine, *theirs) for mine in self._sides() for theirs in other._sides())

    def area(self) -> float:
        """Return its area [deg^2]: excesses of triangles from one corner (Eriksson 1990, Math. Mag. 63, 184)."""
        first, *others = (vector(*corner) for corner in self.corners)
        excess = sum(
            2 * math.atan2(dot(first, cross(b, c)), 1 + dot(first, b) + dot(b, c) + dot(c, first))
            for b, c in pairwise(others)
        )
        return abs(excess) * math.degrees(1) ** 2

    def centroid(self) -> Direction:
        """Return the mean direction of its area: half the sum of the poles of its sides, as long as these."""
        x, y, z = 0.0, 0.0, 0.0
        for first, second in self._sides():
            pole = cross(vector(*first), vector(*second))
            length = math.sqrt(dot(pole, pole))
            weight = math.radians(separation(*first, *second)) / length if length else 0.0
            x, y, z = x + weight * pole[0], y + weight * pole[1], z + weight * pole[2]
        mean = [sum(axis) for axis in zip(*(vector(*corner) for corner in self.corners), strict=True)]
        if x * mean[0] + y * mean[1] + z * mean[2] < 0:
            x, y, z = -x, -y, -z  # its corners stand clockwise
        return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))

    def _sides(self) -> Iterator[tuple[Direction, Direction]]:
        return pairwise([*self.corners, self.corners[0]])


def vector(ra: float, dec: float) -> Vector:
    """Return a direction as a vector of length 1."""
    a, d = math.radians(ra), math.radians(dec)
    return math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)


def cross(one: Vector, other: Vector) -> Vector:
    """Return the vector product."""
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )


def dot(one: Vector, other: Vector) -> float:
    """Return the scalar product."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def distance_to_arc(ra: float, dec: float, first: Direction, second: Direction) -> float:
    """Return how far a direction is from an arc of a great circle [deg]."""
    here, one, other = vector(ra, dec), vector(*first), vector(*second)
    pole = cross(one, other)
    length = math.sqrt(dot(pole, pole))
    ends = min(separation(ra, dec, *first), separation(ra, dec, *second))
    if length == 0 or not _between(one, other, pole, here):
        return ends
    return min(ends, math.degrees(abs(math.asin(max(-1.0, min(1.0, dot(pole, here) / length))))))


def _between(one: Vector, other: Vector, pole: Vector, here: Vector) -> bool:
    """Say whether a direction is beside an arc, and not beyond its ends."""
    return dot(cross(pole, one), here) >= 0 and dot(cross(other, pole), here) >= 0


def _arcs_cross(a: Direction, b: Direction, c: Direction, d: Direction) -> bool:
    one, other, third, fourth = (vector(*corner) for corner in (a, b, c, d))
    first_pole, second_pole = cross(one, other), cross(third, fourth)
    x, y, z = cross(first_pole, second_pole)
    if x == y == z == 0:
        return False  # on one great circle
    return any(
        _strictly_between(one, other, first_pole, here) and _strictly_between(third, fourth, second_pole, here)
        for here in ((x, y, z), (-x, -y, -z))
    )


def _strictly_between(one: Vector, other: Vector, pole: Vector, here: Vector) -> bool:
    length = math.sqrt(dot(here, here)) * math.sqrt(dot(pole, pole))
    return dot(cross(pole, one), here) > _TOUCH * length and dot(cross(other, pole), here) > _TOUCH * length


_TOUCH = 1e-12
"""Sides that only meet at their ends do not cross."""
