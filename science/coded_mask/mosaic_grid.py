"""The sky grid of a mosaic, and the accumulation of window maps on it.

Each output pixel takes the nearest pixel of a window's oversampled map, weighted by 1/sigma^2. Interpolation would
correlate neighbouring pixels and fake a narrow significance distribution (0.88 instead of 1).

Part of the variance of a window's map is the pattern of its pixels, which is the same in all windows of one attitude:
there these parts add up linearly, windows of other attitudes in quadrature (``common_error``). How large they are is
fitted to the width of the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import MapGrid
from science.coded_mask.compiled import compiled
from science.coded_mask.geometry import Attitude, sky_position
from science.coded_mask.sky_map import SkyMap, noise_scale
from science.coded_mask.tan_image import Cards, wcs_cards

_GNOMONIC_LIMIT_DEG = 45.0
_MAX_SIDE = 3000
_LARGEST_FACTOR = 16.0
"""The variance that windows have in common may be so much larger than the windows' own maps show."""
_STEPS = 20
_TELLING = 20_000
"""Pixels that at least take part in fitting it: those of which it makes up the largest share."""


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
    share: float,
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
    own: NDArray[np.float32],
    common: NDArray[np.float32],
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
            own[row, column] += w * (1.0 - share)
            common[row, column] += np.sqrt(w * share)
            k = int(np.floor(tz * coarse_scale + coarse_axis[0] + 0.5))
            m = int(np.floor(ty * coarse_scale + coarse_axis[1] + 0.5))
            seconds[row, column] += exposure[k, m]


class MosaicSum:
    """Running sums of one band: weighted flux, weight, the variance that windows have in common, exposure.

    Windows of one attitude are added one after the other and closed with ``end_group``. Weights are 1/sigma^2 with all
    errors of a window, so that without a repeated attitude the variance of the mean is one over their sum.
    """

    def __init__(self, grid: MosaicGrid) -> None:
        self.grid = grid
        self._weighted = np.zeros(grid.shape)
        self._weight = np.zeros(grid.shape)
        self._own = np.zeros(grid.shape, np.float32)
        self._common = np.zeros(grid.shape, np.float32)
        self._group = np.zeros(grid.shape, np.float32)
        self._box: tuple[int, int, int, int] | None = None
        self.exposure_s = np.zeros(grid.shape, np.float32)
        self.factor = 1.0
        """On the variance that windows have in common, as the width of the sum shows it."""
        self.scale = 1.0
        """On all errors: what the sum is wider still."""

    def add(self, attitude: Attitude, image: SkyMap, exposure_s: NDArray[np.float32], share: float = 0.0) -> None:
        """Add the map of one window.

        Args:
            attitude: of the window.
            image: its map with all errors.
            exposure_s: its exposure map on the pixel pitch.
            share: of the variance, that the pattern of the pixels makes.
        """
        pixels = self.grid.pixel(_outline(attitude, image.grid))
        wide = not self.grid.gnomonic  # the outline does not bound a map that lies around the far pole
        rows, columns = self.grid.shape
        top, left = (0, 0) if wide else np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
        bottom, right = (rows, columns) if wide else np.ceil(pixels.max(axis=0)).astype(int) + 1
        box = (int(top), min(int(bottom), rows), int(left), min(int(right), columns))
        step, axis = image.grid.step, image.grid.axis
        scale = image.oversampling / step
        _accumulate(
            image.flux,
            image.sigma,
            exposure_s,
            float(share),
            attitude.axes @ self.grid.basis.T,
            self.grid.gnomonic,
            self.grid.step,
            self.grid.reference,
            box,
            scale,
            1.0 / step,
            (float(axis[0] * image.oversampling), float(axis[1] * image.oversampling)),
            (float(axis[0]), float(axis[1])),
            self._weighted,
            self._weight,
            self._own,
            self._group,
            self.exposure_s,
        )
        self._box = _around(self._box, box)

    def end_group(self) -> None:
        """Take the windows since the last call for one group: their common parts are added up."""
        if self._box is None:
            return
        inside = np.s_[self._box[0] : self._box[1], self._box[2] : self._box[3]]
        self._common[inside] += self._group[inside] ** 2
        self._group[inside] = 0.0
        self._box = None

    def calibrate(self) -> None:
        """Fit the common variance to the width of the sum, and scale all errors by what it is wider still.

        The width is that of the pixels where the common part tells most: where attitudes are repeated, if they are.
        """
        valid = self._weight > 0.0
        weighted = self._weighted[valid]
        own, common = (values[valid].astype(np.float64) for values in (self._own, self._common))
        if not weighted.size:
            return
        ratio = common / np.maximum(own, 1e-30)
        least = min(float(ratio.max()) / 2.0, float(np.partition(ratio, -min(_TELLING, ratio.size))[-_TELLING:][0]))
        telling = (ratio >= least) & (ratio > 0.0)
        if telling.any():
            self.factor = _common_factor(weighted[telling], own[telling], common[telling])
        self.scale = max(1.0, noise_scale(weighted / np.sqrt(own + self.factor * common)))

    @property
    def width(self) -> float:
        """How much wider the sum is than if its windows were independent."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return noise_scale(self._weighted / np.sqrt(self._weight))

    def intensity(self) -> NDArray[np.float32]:
        """Weighted mean flux, counts/s; NaN where no window looked."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self._weighted / np.where(self._weight > 0.0, self._weight, np.nan), np.float32)

    def variance(self) -> NDArray[np.float32]:
        """Variance of the mean, (counts/s)^2; NaN where no window looked."""
        weight = np.where(self._weight > 0.0, self._weight, np.nan)
        return np.asarray(self.scale**2 * (self._own + self.factor * self._common) / weight**2, np.float32)


def _around(one: tuple[int, int, int, int] | None, other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return the smallest box (top, bottom, left, right) around two."""
    if one is None:
        return other
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])


def _common_factor(weighted: NDArray[np.float64], own: NDArray[np.float64], common: NDArray[np.float64]) -> float:
    """Return the factor on the common variance with which the significance is N(0, 1), by bisection."""

    def width(factor: float) -> float:
        return noise_scale(weighted / np.sqrt(own + factor * common))

    low, high = 0.0, _LARGEST_FACTOR
    if width(low) <= 1.0:
        return low
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if width(middle) > 1.0 else (low, middle)
    return high
