"""Credible regions of a map: areas, where a direction lies in them, and the regions as MOC."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from mocpy import MOC

from science.sky_maps.sky_map import Flags, Floats, Integers, SkyMap, unit_vector

_DEG2 = np.degrees(1.0) ** 2


@dataclass(frozen=True)
class Credible:
    """The cells of a map ordered by density, the densest first: a credible region is the beginning of that order.

    Args:
        sky: the map.
    """

    sky: SkyMap

    @cached_property
    def ranked(self) -> Integers:
        """Numbers of the cells, densest first."""
        return np.argsort(-self.sky.density, kind="stable").astype(np.int64)

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """Probability and area (deg2) of the regions that end with each ranked cell."""
        probability = np.cumsum(self.sky.probability[self.ranked])
        return probability / probability[-1], np.cumsum(self.sky.area[self.ranked]) * _DEG2

    def area_deg2(self, level: float) -> float:
        """Return the area of the smallest region with a share of the probability; of the last cell only what it takes.

        Args:
            level: 0 to 1.
        """
        probability, area = self._sums
        return float(np.interp(level, np.append(0.0, probability), np.append(0.0, area)))

    def inside(self, level: float) -> Flags:
        """Flag the cells of the region with a share of the probability, the cell that completes it included."""
        probability, _ = self._sums
        flags = np.zeros(self.ranked.size, dtype=bool)
        flags[self.ranked[: int(np.searchsorted(probability, level * (1 - 1e-12))) + 1]] = True
        return flags

    def level_at(self, ra: float, dec: float) -> tuple[float, float]:
        """Return the level of the smallest region that holds a direction (deg), and its area in deg2.

        A direction outside of all cells lies in no region: level 1, area of all of them.
        """
        probability, area = self._sums
        cell = int(self.sky.cells_at(unit_vector(ra, dec)[None, :])[0])
        if cell < 0:
            return 1.0, float(area[-1])
        # Of cells as dense as the one, the last: the order among them means nothing.
        last = int(np.flatnonzero(self.sky.density[self.ranked] >= self.sky.density[cell])[-1])
        return float(probability[last]), float(area[last])

    @cached_property
    def levels(self) -> Floats:
        """Level of the smallest region that each cell is in, shape (n,)."""
        levels = np.empty(self.ranked.size)
        levels[self.ranked] = self._sums[0]
        return levels

    def moc(self, level: float) -> MOC:
        """Return the region as a multi-order coverage map."""
        return moc_of(self.sky, self.inside(level))


def moc_of(sky: SkyMap, cells: Flags) -> MOC:
    """Return some cells of a map as a multi-order coverage map."""
    deepest = int(sky.order.max()) if sky.order.size else 0
    return MOC.from_healpix_cells(
        ipix=sky.place[cells].astype(np.uint64), depth=sky.order[cells].astype(np.uint8), max_depth=deepest
    )
