"""All-sky pictures: a map of values, contours of 50 % and 90 %, fields of view, the Earth, a timing ring."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import ArrayLike

from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import Floats, SkyMap, unit_vector

_COLUMNS, _ROWS = 720, 360
_COARSER = 3
"""So many columns and rows are one of the colours, which take time by their number."""
_LEAST_CIRCLE_DEG2 = 4.0
"""Regions smaller than this are marked with a cross: their contour would not be seen."""


class Picture:
    """An all-sky picture in the projection of Mollweide, RA 0 in the middle and growing to the left.

    Args:
        title: of the picture.
    """

    def __init__(self, title: str) -> None:
        # Places of its own: to find them out takes matplotlib a second.
        self._figure = plt.figure(figsize=(9, 5.4))
        self._axes = self._figure.add_axes((0.05, 0.14, 0.9, 0.79), projection="mollweide")
        self._axes.set_title(title)
        self._axes.grid(visible=True, lw=0.3, color="0.7")
        self._axes.set_xticks(np.radians(np.arange(-150, 180, 30)))
        self._axes.set_xticklabels([f"{-degrees % 360 // 15:.0f}h" for degrees in range(-150, 180, 30)], fontsize=7)
        self._axes.tick_params(axis="y", labelsize=7)
        x = np.radians(np.linspace(-180, 180, _COLUMNS + 1))
        y = np.radians(np.linspace(-90, 90, _ROWS + 1))
        self._edges = x, y
        self._middles = 0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1])
        ra, dec = np.meshgrid(np.degrees(-self._middles[0]), np.degrees(self._middles[1]))
        self._directions = unit_vector(ra, dec).reshape(-1, 3)

    def regions(self, credible: Credible, colour: str = "black", label: str = "50 %, 90 %") -> None:
        """Draw the contours of 50 % and 90 %; of a small region its peak."""
        if credible.area_deg2(0.9) < _LEAST_CIRCLE_DEG2:
            ra, dec = credible.sky.peak
            self._axes.plot(*_place(ra, dec), "+", ms=10, color=colour, label=f"{label} around")
            return
        levels = self._gridded(credible.sky, credible.levels, outside=1.0)
        self._axes.contour(*self._middles, levels, [0.5, 0.9], colors=colour, linewidths=(1.4, 0.8))
        self._axes.plot([], [], color=colour, lw=1.2, label=label)

    def values(self, sky: SkyMap, values: Floats, label: str) -> None:
        """Draw a value of each cell as colours; cells whose value is not finite stay white."""
        middle = slice(_COARSER // 2, None, _COARSER)
        grid = self._gridded(sky, values, outside=np.nan)[middle, middle]
        x, y = (edges[::_COARSER] for edges in self._edges)
        finite = grid[np.isfinite(grid)]
        if not finite.size:
            return
        low, high = float(finite.min()), float(finite.max())
        mesh = self._axes.pcolormesh(
            x, y, grid, cmap="viridis_r", norm=LogNorm(low, max(high, 1.01 * low)), rasterized=True, zorder=0
        )
        place = self._figure.add_axes((0.2, 0.1, 0.5, 0.025))
        bar = self._figure.colorbar(mesh, cax=place, orientation="horizontal")
        bar.ax.tick_params(labelsize=7, which="both")
        bar.set_label(label, fontsize=8)

    def outline(self, inside: Callable[[Floats], Floats], level: float, colour: str, label: str) -> None:
        """Draw where a function of unit vectors has a value."""
        grid = inside(self._directions).reshape(_ROWS, _COLUMNS)
        if grid.min() < level < grid.max():
            self._axes.contour(*self._middles, grid, [level], colors=colour, linewidths=1.0)
            self._axes.plot([], [], color=colour, lw=1.0, label=label)

    def mark(self, ra: float, dec: float, symbol: str, label: str) -> None:
        """Mark a direction in degrees."""
        self._axes.plot(*_place(ra, dec), symbol, ms=8, mfc="none", label=label)

    def save(self, path: Path) -> None:
        """Write the picture; the same bytes for the same content."""
        if self._axes.get_legend_handles_labels()[0]:
            self._axes.legend(loc="lower right", fontsize=7, bbox_to_anchor=(1.04, -0.12))
        self._figure.savefig(path, dpi=110, metadata={"Software": None})
        plt.close(self._figure)

    def _gridded(self, sky: SkyMap, values: Floats, outside: float) -> Floats:
        cells = sky.cells_at(self._directions)
        grid: Floats = np.where(cells >= 0, values[cells], outside).reshape(_ROWS, _COLUMNS)
        return grid


def _place(ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
    return -np.radians((np.asarray(ra) + 180) % 360 - 180), np.radians(np.asarray(dec))
