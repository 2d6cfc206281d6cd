"""A timing annulus as likelihood on the sky, and a map with it (Hurley et al. 2013, ApJS 207, 39)."""

from dataclasses import dataclass

import numpy as np

from science.sky_maps.sky_map import DEEPEST, Flags, Floats, SkyMap, angle_deg, cell_size_deg, unit_vector

_CELLS_A_SIGMA = 3.0
_REACH_SIGMA = 4.0
_LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Ring:
    """Directions that explain a delay.

    Args:
        ra: of the centre, deg (ICRS).
        dec: deg.
        radius: deg.
        half_width: 1 sigma, deg.
    """

    ra: float
    dec: float
    radius: float
    half_width: float

    def distance(self, directions: Floats) -> Floats:
        """Return how far unit vectors lie from the ring, in sigma, shape (n,)."""
        away: Floats = (angle_deg(directions, unit_vector(self.ra, self.dec)) - self.radius) / self.half_width
        return away


def with_ring(sky: SkyMap, ring: Ring) -> SkyMap:
    """Return a map times the likelihood of a ring; cells that the ring crosses become finer than its width.

    Raises:
        ValueError: map and ring have no direction in common.
    """
    for _ in range(DEEPEST):
        coarse = _coarse(sky, ring)
        if not coarse.any():
            break
        sky = sky.split(coarse)
    return sky.weighted(np.exp(-0.5 * ring.distance(sky.directions) ** 2))


def _coarse(sky: SkyMap, ring: Ring) -> Flags:
    size = cell_size_deg(sky.order)
    crossed = np.abs(ring.distance(sky.directions)) * ring.half_width < size + _REACH_SIGMA * ring.half_width
    flags: Flags = (
        crossed & (size > ring.half_width / _CELLS_A_SIGMA) & (sky.probability > _LEAST_PROBABILITY) & (sky.order < 12)
    )
    return flags
