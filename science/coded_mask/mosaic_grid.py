"""The sky grid of a mosaic, and the accumulation of window maps on it.

Each output pixel takes the nearest pixel of a window's oversampled map, weighted by 1/sigma^2. Interpolation would
correlate neighbouring pixels and fake a narrow significance distribution (0.88 instead of 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import MapGrid
from science.coded_mask.compiled import compiled
from science.coded_mask.geometry import Attitude, sky_position
from science.coded_mask.sky_map import SkyMap
from science.coded_mask.tan_image import Cards, wcs_cards

_GNOMONIC_LIMIT_DEG = 45.0
_MAX_SIDE = 3000


@dataclass(frozen=True)
class MosaicGrid:
    """North-up image grid around a direction.

    ``step`` is the pixel in units of the projection plane (radians at the centre). ``gnomonic`` grids are TAN, others
    ZEA (equal area, any distance from the centre). ``shape`` is (rows, columns); east is to the left.
    """

    centre: NDArray[np.float64]
    step: float
    shape: tuple[int, int]
    reference: tuple[float, float]
    gnomonic: bool

    @property
    def basis(self) -> NDArray[np.float64]:
        """Rows: the direction of the centre, east and north there."""
        ra, _ = sky_position(self.centre)
        east = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0.0])
        return np.stack([self.centre, east, np.cross(self.centre, east)])

    def cards(self) -> Cards:
        """World coordinate keywords."""
        ra, dec = sky_position(self.centre)
        step = float(np.degrees(self.step))
        return wcs_cards(
            "TAN" if self.gnomonic else "ZEA",
            (float(ra), float(dec)),
            (self.reference[1] + 1, self.reference[0] + 1),
            ((-step, 0.0), (0.0, step)),
        )

    def plane(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """East and north offsets from the centre in pixels, shape (..., 2), of unit vectors of shape (..., 3)."""
        c, e, n = np.moveaxis(vectors @ self.basis.T, -1, 0)
        scale = np.maximum(c, 1e-3) if self.gnomonic else np.sqrt(np.maximum((1.0 + c) / 2.0, 1e-6))
        offset: NDArray[np.float64] = np.stack([e, n], axis=-1) / scale[..., None] / self.step
        return offset

    def pixel(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Row and column (fractional, from 0) of unit vectors, shape (..., 2)."""
        offset = self.plane(vectors)
        return np.stack([self.reference[0] + offset[..., 1], self.reference[1] - offset[..., 0]], axis=-1)

    def direction(self, row: float, column: float) -> NDArray[np.float64]:
        """Return unit vector of a pixel position."""
        x, y = (self.reference[1] - column) * self.step, (row - self.reference[0]) * self.step
        if self.gnomonic:
            vector = np.array([1.0, x, y]) @ self.basis
            unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
            return unit
        half = np.sqrt(max(1.0 - (x * x + y * y) / 4.0, 0.0))
        sphere: NDArray[np.float64] = np.array([1.0 - (x * x + y * y) / 2.0, x * half, y * half]) @ self.basis
        return sphere


def grid_for(attitudes: Sequence[Attitude], window: MapGrid) -> MosaicGrid:
    """Return the smallest grid that holds the maps of all windows, each on the grid ``window``.

    The pixel grows only when a side would exceed 3000.
    """
    axes = np.array([attitude.axes[0] for attitude in attitudes])
    centre = axes.sum(axis=0)
    length = np.linalg.norm(centre)
    centre = centre / length if length > 1e-3 else axes[0]
    farthest = np.degrees(np.arccos(np.clip(axes @ centre, -1.0, 1.0))).max()
    corner = np.degrees(np.arctan(np.hypot(*window.axis) * window.step))
    gnomonic = bool(farthest + corner <= _GNOMONIC_LIMIT_DEG)
    step = float(np.arctan(window.step))
    unplaced = MosaicGrid(centre, step, (0, 0), (0.0, 0.0), gnomonic)
    offsets = unplaced.plane(np.concatenate([_outline(attitude, window) for attitude in attitudes]))
    low, high = np.floor(offsets.min(axis=0)) - 1, np.ceil(offsets.max(axis=0)) + 1
    grow = max(1.0, float((high - low).max()) / _MAX_SIDE)
    low, high = np.floor(low / grow), np.ceil(high / grow)
    shape = (int(high[1] - low[1]) + 1, int(high[0] - low[0]) + 1)
    return MosaicGrid(centre, step * grow, shape, (float(-low[1]), float(high[0])), gnomonic)


def _outline(attitude: Attitude, window: MapGrid) -> NDArray[np.float64]:
    """Return unit vectors along the edge of a window's map."""
    edge = np.linspace(-1.0, 1.0, 21)
    one = np.ones_like(edge)
    z = np.concatenate([edge, edge, one, -one]) * window.axis[0] * window.step
    y = np.concatenate([one, -one, edge, edge]) * window.axis[1] * window.step
    vectors = np.stack([np.ones_like(z), y, z], axis=-1) @ attitude.axes
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


@compiled
def _accumulate(  # noqa: PLR0917
    flux: NDArray[np.float32],
    sigma: NDArray[np.float32],
    exposure: NDArray[np.float32],
    rotation: NDArray[np.float64],
    gnomonic: bool,
    step: float,
    reference: tuple[float, float],
    box: tuple[int, int, int, int],
    fine_scale: float,
    coarse_scale: float,
    fine_axis: tuple[float, float],
    coarse_axis: tuple[float, float],
    weighted: NDArray[np.float64],
    weight: NDArray[np.float64],
    seconds: NDArray[np.float32],
) -> None:
    """Add one window to the sums over the pixels of a box (top, bottom, left, right)."""
    for row in range(box[0], box[1]):
        y = (row - reference[0]) * step
        for column in range(box[2], box[3]):
            x = (reference[1] - column) * step
            c, e, n = 1.0, x, y
            if not gnomonic:
                square = x * x + y * y
                if square >= 4.0:
                    continue
                half = np.sqrt(1.0 - square / 4.0)
                c, e, n = 1.0 - square / 2.0, x * half, y * half
            sx = rotation[0, 0] * c + rotation[0, 1] * e + rotation[0, 2] * n
            if sx <= 0.0:
                continue
            ty = (rotation[1, 0] * c + rotation[1, 1] * e + rotation[1, 2] * n) / sx
            tz = (rotation[2, 0] * c + rotation[2, 1] * e + rotation[2, 2] * n) / sx
            i = int(np.floor(tz * fine_scale + fine_axis[0] + 0.5))
            j = int(np.floor(ty * fine_scale + fine_axis[1] + 0.5))
            if i < 0 or j < 0 or i >= flux.shape[0] or j >= flux.shape[1] or not np.isfinite(sigma[i, j]):
                continue
            w = 1.0 / (sigma[i, j] * sigma[i, j])
            weighted[row, column] += w * flux[i, j]
            weight[row, column] += w
            k = int(np.floor(tz * coarse_scale + coarse_axis[0] + 0.5))
            m = int(np.floor(ty * coarse_scale + coarse_axis[1] + 0.5))
            seconds[row, column] += exposure[k, m]


class MosaicSum:
    """Running sums of one band: weighted flux, weight, exposure."""

    def __init__(self, grid: MosaicGrid) -> None:
        self.grid = grid
        self._weighted = np.zeros(grid.shape)
        self._weight = np.zeros(grid.shape)
        self.exposure_s = np.zeros(grid.shape, np.float32)

    def add(self, attitude: Attitude, image: SkyMap, exposure_s: NDArray[np.float32]) -> None:
        """Add the map of one window. ``exposure_s`` is its exposure map on the pixel pitch."""
        pixels = self.grid.pixel(_outline(attitude, image.grid))
        wide = not self.grid.gnomonic  # the outline does not bound a map that lies around the far pole
        rows, columns = self.grid.shape
        top, left = (0, 0) if wide else np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
        bottom, right = (rows, columns) if wide else np.ceil(pixels.max(axis=0)).astype(int) + 1
        step, axis = image.grid.step, image.grid.axis
        scale = image.oversampling / step
        _accumulate(
            image.flux,
            image.sigma,
            exposure_s,
            attitude.axes @ self.grid.basis.T,
            self.grid.gnomonic,
            self.grid.step,
            self.grid.reference,
            (int(top), min(int(bottom), rows), int(left), min(int(right), columns)),
            scale,
            1.0 / step,
            (float(axis[0] * image.oversampling), float(axis[1] * image.oversampling)),
            (float(axis[0]), float(axis[1])),
            self._weighted,
            self._weight,
            self.exposure_s,
        )

    def intensity(self) -> NDArray[np.float32]:
        """Weighted mean flux, counts/s; NaN where no window looked."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self._weighted / np.where(self._weight > 0.0, self._weight, np.nan), np.float32)

    def variance(self) -> NDArray[np.float32]:
        """Variance of the mean, (counts/s)^2; NaN where no window looked."""
        return np.asarray(1.0 / np.where(self._weight > 0.0, self._weight, np.nan), np.float32)
