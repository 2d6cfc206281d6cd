"""Regions of DALI (CIRCLE, RANGE, POLYGON) and whether they touch a circle on the sky; angles in degrees."""

import math
from typing import NamedTuple

from gateway.vo.polygon import Polygon, distance_to_arc
from gateway.vo.tap.coverage import Circle, separation
from mesh.errors import InvalidParameter

_SHAPES = "CIRCLE RA DEC RADIUS, RANGE RA1 RA2 DEC1 DEC2 or POLYGON RA1 DEC1 RA2 DEC2 RA3 DEC3 ..., in degrees"
_LEAST_CORNERS = 6


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
        return Polygon(tuple(zip(self.numbers[::2], self.numbers[1::2], strict=True))).touches(circle)

    def _nearest(self, circle: Circle) -> float:
        """Return how far the range is from the centre of a circle; 0 inside."""
        ra1, ra2, dec1, dec2 = self.numbers
        low, high = max(dec1, -90.0), min(dec2, 90.0)
        dec = min(max(circle.dec, low), high)
        if any(ra1 <= circle.ra + turn <= ra2 for turn in (-360, 0, 360)):
            return abs(circle.dec - dec)
        edges = [ra for ra in (ra1, ra2) if math.isfinite(ra)]
        return min(distance_to_arc(circle.ra, circle.dec, (ra, low), (ra, high)) for ra in edges)


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
