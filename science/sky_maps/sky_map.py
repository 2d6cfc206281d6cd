"""A map of probability on the sky in HEALPix cells of several sizes."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from astropy_healpix.core import healpix_to_xyz, xyz_to_healpix
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DEEPEST = 29
"""Order of the smallest cells that 64 bits can number."""
SPHERE_DEG2 = 4 * np.pi * np.degrees(1.0) ** 2


@dataclass(frozen=True)
class SkyMap:
    """Cells that cover the sky, or the part of it that has probability, each once.

    Args:
        order: of each cell, shape (n,); a cell of order k is one of 12 * 4^k.
        place: its nested number among those of its order, shape (n,).
        density: probability per steradian, shape (n,); the sum over all cells is 1.
        distance: mean and standard deviation in Mpc; None where the map does not tell.
        facts: what was found and mended while it was read.
    """

    order: Integers
    place: Integers
    density: Floats
    distance: tuple[float, float] | None = None
    facts: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def area(self) -> Floats:
        """Area of each cell, sr."""
        return cell_area(self.order)

    @cached_property
    def probability(self) -> Floats:
        """Probability of each cell."""
        return self.density * self.area

    @cached_property
    def directions(self) -> Floats:
        """Unit vectors (ICRS) to the centres of the cells, shape (n, 3)."""
        return directions_of(self.order, self.place)

    @property
    def peak(self) -> tuple[float, float]:
        """RA and Dec of the centre of the densest cell, deg; of several, their middle."""
        densest = self.density >= self.density.max() * (1 - 1e-9)
        return ra_dec((self.directions[densest] * self.area[densest, None]).sum(axis=0))

    @property
    def mean_direction(self) -> tuple[float, float]:
        """RA and Dec of the direction weighted with probability, deg."""
        return ra_dec(self.probability @ self.directions)

    def cells_at(self, directions: Floats) -> Integers:
        """Return the numbers of the cells that hold unit vectors, shape (n, 3); -1 where the map has none."""
        order, begin, end = self._sorted
        deepest = xyz_to_healpix(*directions.T, 1 << DEEPEST, order="nested")
        before = np.searchsorted(begin, deepest, side="right") - 1
        inside = (before >= 0) & (deepest < end[before])
        cells: Integers = np.where(inside, order[before], -1)
        return cells

    @cached_property
    def _sorted(self) -> tuple[Integers, Integers, Integers]:
        """Numbers of the cells in order of their place, and the first and last smallest cell that each is made of."""
        shift = 2 * (DEEPEST - self.order)
        begin = np.left_shift(self.place, shift)
        order = np.argsort(begin)
        return order, begin[order], np.left_shift(self.place + 1, shift)[order]

    @property
    def uniq(self) -> Integers:
        """Number of each cell among those of all orders: 4^(order + 1) + place."""
        numbers: Integers = np.left_shift(np.int64(4), 2 * self.order) + self.place
        return numbers

    def split(self, cells: Flags) -> "SkyMap":
        """Return the map with some cells cut into four of the same density."""
        kept = ~cells
        order = np.repeat(self.order[cells] + 1, 4)
        place = (4 * self.place[cells][:, None] + np.arange(4)).ravel()
        return SkyMap(
            np.concatenate((self.order[kept], order)),
            np.concatenate((self.place[kept], place)),
            np.concatenate((self.density[kept], np.repeat(self.density[cells], 4))),
            self.distance,
            self.facts,
        )

    def refined(self, order: int) -> "SkyMap":
        """Return the map with no cell larger than those of an order."""
        refined = self
        while (coarse := refined.order < order).any():
            refined = refined.split(coarse)
        return refined

    def weighted(self, weight: Floats) -> "SkyMap":
        """Return the map times a likelihood of each cell, as probability again.

        Raises:
            ValueError: nothing is left.
        """
        density = self.density * weight
        total = float((density * self.area).sum())
        if not total > 0:
            raise ValueError("the two have no direction in common")
        return SkyMap(self.order, self.place, density / total, self.distance, self.facts)


def cell_area(order: ArrayLike) -> Floats:
    """Return the area of cells of an order, sr."""
    area: Floats = np.pi / 3 / 4.0 ** np.asarray(order, dtype=np.float64)
    return area


def cell_size_deg(order: ArrayLike) -> Floats:
    """Return the side of cells of an order, deg."""
    return np.degrees(np.sqrt(cell_area(order)))


def directions_of(order: Integers, place: Integers) -> Floats:
    """Return unit vectors to the centres of nested cells, shape (n, 3)."""
    if not order.size:
        return np.zeros((0, 3))
    return np.stack(healpix_to_xyz(place, np.left_shift(1, order), order="nested"), axis=-1)


def unit_vector(ra: ArrayLike, dec: ArrayLike) -> Floats:
    """Return unit vectors, shape (..., 3), of directions in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    return np.stack((np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d) * np.ones_like(a)), axis=-1)


def ra_dec(vector: Floats) -> tuple[float, float]:
    """Return RA and Dec of a vector, deg."""
    x, y, z = vector
    return float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def angle_deg(directions: Floats, to: Floats) -> Floats:
    """Return the angles between unit vectors, shape (..., 3), and one direction, deg; exact at all distances."""
    across = np.linalg.norm(np.cross(directions, to), axis=-1)
    angle: Floats = np.degrees(np.arctan2(across, directions @ to))
    return angle
