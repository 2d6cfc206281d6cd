"""Fields of view of INTEGRAL's imagers and what of a map they cover.

The response of a coded-mask imager falls off axis as the part of the detector that the mask codes. It is taken as
linear between the edges of the fully coded field and of the whole field: along two axes for the square field of ISGRI,
so that its roll counts, and with the distance for JEM-X and for SPI, whose hexagon is taken as a circle of its area.
A direction is covered down to a twentieth of the response on axis (Savchenko et al. 2017, A&A 603, A46, fig. 6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from science.sky_maps.sky_map import Flags, Floats, unit_vector

COVERED, HALF, FULLY = 1 / 20, 0.5, 1.0
"""Responses relative to the axis from which a direction counts as covered, half coded and fully coded."""
_ALMOST = 1e-9


@dataclass(frozen=True)
class Field:
    """A field of view.

    Args:
        title: of the instrument.
        band: its energies.
        points: distances from the axis, deg, and the response there, falling; along Y and along Z for a square field,
            one line for a round one.
    """

    title: str
    band: str
    points: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def reach_deg(self) -> float:
        """Largest distance of a direction in the field from the axis."""
        return float(np.sqrt(sum(line[-1][0] ** 2 for line in self.points)))

    def response(self, directions: Floats, axes: Floats) -> Floats:
        """Return the response to unit vectors relative to that on axis, 0 to 1.

        Args:
            directions: shape (n, 3).
            axes: X, Y and Z of the spacecraft as rows, shape (3, 3).
        """
        body = directions @ axes.T
        ahead = body[:, 0] > 0
        x = np.where(ahead, body[:, 0], 1.0)
        y, z = (np.degrees(np.arctan(np.abs(body[:, k]) / x)) for k in (1, 2))
        if len(self.points) == 1:
            away = np.degrees(np.arctan(np.hypot(body[:, 1], body[:, 2]) / x))
            seen = _falling(away, self.points[0])
        else:
            seen = _falling(y, self.points[0]) * _falling(z, self.points[1])
        return np.where(ahead, seen, 0.0)


FIELDS: Mapping[str, Field] = {
    "isgri": Field("IBIS/ISGRI", "15-1000 keV", (((4.15, 1.0), (14.55, 0.0)), ((4.0, 1.0), (14.7, 0.0)))),
    "jemx": Field("JEM-X", "3-35 keV", (((2.4, 1.0), (3.75, 0.5), (6.6, 0.0)),)),
    "spi": Field("SPI", "20-8000 keV", (((7.3, 1.0), (16.3, 0.0)),)),
}


def axes_of(ra_x: float, dec_x: float, ra_z: float, dec_z: float) -> Floats:
    """Return X, Y and Z of the spacecraft as rows, from the directions of X and Z in degrees."""
    x, z = unit_vector(ra_x, dec_x), unit_vector(ra_z, dec_z)
    y = np.cross(z, x)
    y /= np.linalg.norm(y)
    return np.stack((x, y, np.cross(x, y)))


def exposure(
    field: Field, directions: Floats, attitudes: Sequence[Floats], seconds: Sequence[float]
) -> tuple[Floats, Floats]:
    """Return what several pointings give each direction: seconds as on axis, and the highest response of any.

    Args:
        field: of the instrument.
        directions: unit vectors, shape (n, 3).
        attitudes: of the pointings, each shape (3, 3).
        seconds: length of each.
    """
    summed, best = np.zeros(len(directions)), np.zeros(len(directions))
    edge = np.cos(np.radians(field.reach_deg))
    for axes, long in zip(attitudes, seconds, strict=True):
        near = np.flatnonzero(directions @ axes[0] > edge)
        seen = field.response(directions[near], axes)
        summed[near] += seen * long
        best[near] = np.maximum(best[near], seen)
    return summed, best


def covered(response: Floats, least: float) -> Flags:
    """Flag directions with a response of at least so much."""
    flags: Flags = response >= least - _ALMOST
    return flags


def _falling(away_deg: Floats, points: Sequence[tuple[float, float]]) -> Floats:
    distances, responses = zip(*points, strict=True)
    fallen: Floats = np.interp(away_deg, distances, responses).astype(np.float64)
    return fallen
