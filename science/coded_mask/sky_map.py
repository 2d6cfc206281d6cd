"""Sky maps by fast Fourier transform: the matched map of a residual shadowgram.

For every sky direction n the flux of a point source and a local background level are fitted by weighted least
squares to the residual r, with weights 1/V. ``corr`` is the cross-correlation with the mask sampled on the pixel
pitch, I the area inside the mask::

    s2 = corr(P^2, a^2/V)   s3 = corr(P, aB/V)   sbb = corr(I, B^2/V)   den = s2 - s3^2/sbb
    f = [corr(P, a r/V) - (s3/sbb) corr(I, B r/V)] / den,    sigma = den^-1/2

The background level is fitted inside the coded area of each direction: with one global level the map of an empty
field scatters by 9 % from field to field instead of 1.4 %.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from science.coded_mask.camera import Camera, MapGrid
from science.coded_mask.compiled import compiled

_MANY = 266_442
"""Pixels beyond which one in four says enough about the width of a map."""
LEAST_CODED = 0.02
"""Directions seen by less than this share of the detector are not imaged."""


class FittedShadowgram(Protocol):
    """What a map of the sky needs of a fit: its residual, and the variance and background that go with it.

    Arrays have one value per pixel in use; ``pixels`` are their indices in a flattened shadowgram.
    """

    @property
    def camera(self) -> Camera:
        """That saw it."""

    @property
    def weightless(self) -> bool:
        """Whether it says nothing of any flux."""

    @property
    def pixels(self) -> NDArray[np.intp]:
        """Pixels in use."""

    @property
    def counts_per_flux(self) -> NDArray[np.float64] | float:
        """Counts in each fully lit pixel per unit flux."""

    @property
    def variance(self) -> NDArray[np.float64]:
        """Of the counts, by the model."""

    @property
    def smooth_background(self) -> NDArray[np.float64]:
        """Fitted background, counts."""

    @property
    def background_rows(self) -> NDArray[np.float64]:
        """Background templates, shape (templates, pixels), in any unit."""

    @property
    def residual(self) -> NDArray[np.float64]:
        """Counts minus model."""


@dataclass(frozen=True)
class SkyMap:
    """Flux and its 1 sigma error (counts/s) per direction; NaN where the field is not coded.

    ``oversampling`` is the number of map pixels per pixel pitch along each axis (1 or 2). Rows follow tz and columns
    ty, both increasing.
    """

    flux: NDArray[np.float32]
    sigma: NDArray[np.float32]
    oversampling: int
    grid: MapGrid

    @property
    def significance(self) -> NDArray[np.float32]:
        """Flux over its error."""
        return self.flux / self.sigma

    def scaled(self, noise: float) -> "SkyMap":
        """Return the map with errors larger by a factor."""
        return replace(self, sigma=self.sigma * np.float32(noise))

    def tangents(self, row: int, column: int) -> tuple[float, float]:
        """Tangents (tz, ty) of the centre of a pixel."""
        top, left = self.grid.axis
        return (row / self.oversampling - top) * self.grid.step, (column / self.oversampling - left) * self.grid.step

    def pixel(self, tz: float, ty: float) -> tuple[int, int] | None:
        """Pixel that holds a direction, or None outside the map."""
        top, left = self.grid.axis
        row = round((tz / self.grid.step + top) * self.oversampling)
        column = round((ty / self.grid.step + left) * self.oversampling)
        inside = 0 <= row < self.flux.shape[0] and 0 <= column < self.flux.shape[1]
        return (row, column) if inside else None


@lru_cache(maxsize=16)
def _kernels(camera: Camera, phase_z: float, phase_y: float) -> tuple[NDArray[np.complex64], ...]:
    """Return transforms of the sampled mask P, of P^2 and of the inside I."""
    openness, inside = camera.sampled_mask(phase_z, phase_y)
    size = (camera.grid.fft, camera.grid.fft)
    return tuple(fft.rfft2(kernel.astype(np.float32), s=size) for kernel in (openness, openness**2, inside))


def _transform(grid: MapGrid, image: NDArray[np.float64]) -> NDArray[np.complex64]:
    # Row by row first: of the padded image only the detector's rows hold anything.
    rows = fft.rfft(image.astype(np.float32), n=grid.fft, axis=1)
    spectrum: NDArray[np.complex64] = fft.fft(rows, n=grid.fft, axis=0, overwrite_x=True)
    return np.conj(spectrum, out=spectrum)


def _correlation(grid: MapGrid, kernel: NDArray[np.complex64], data: NDArray[np.complex64]) -> NDArray[np.float32]:
    """``sum_i K[i + n] x[i]`` for all shifts n, those below 0 counted from the end."""
    full: NDArray[np.float32] = fft.irfft2(kernel * data, s=(grid.fft, grid.fft), overwrite_x=True)
    return full


def _in_order(grid: MapGrid, full: NDArray[Any]) -> NDArray[Any]:
    """Return the shifts at which the detector and the mask overlap, ascending."""
    rows, columns = grid.detector[0] - 1, grid.detector[1] - 1
    out = np.empty(grid.shape, full.dtype)
    out[:rows, :columns] = full[-rows:, -columns:]
    out[:rows, columns:] = full[-rows:, : grid.samples]
    out[rows:, :columns] = full[: grid.samples, -columns:]
    out[rows:, columns:] = full[: grid.samples, : grid.samples]
    return out


@lru_cache(maxsize=8)
def _is_coded(camera: Camera, phase_z: float, phase_y: float, live: bytes) -> NDArray[np.bool_]:
    """Which shifts enough of the used pixels see; ``live`` are the booleans of the detector."""
    pixels = np.frombuffer(live, bool).reshape(camera.grid.detector)
    inside = _kernels(camera, phase_z, phase_y)[2]
    share = _transform(camera.grid, pixels / max(int(pixels.sum()), 1))
    coded: NDArray[np.bool_] = _correlation(camera.grid, inside, share) >= LEAST_CODED
    return coded


@compiled
def _solve(  # noqa: PLR0917
    coded: NDArray[np.bool_],
    level: NDArray[np.float32],
    s3: NDArray[np.float32],
    s2: NDArray[np.float32],
    sr: NDArray[np.float32],
    sbr: NDArray[np.float32],
) -> None:
    """Solve the two equations of every direction; the flux takes the place of ``sr``, its error that of ``s2``."""
    nothing = np.float32(np.nan)
    for row in range(coded.shape[0]):
        for column in range(coded.shape[1]):
            b = level[row, column] if level[row, column] > 0.0 else np.float32(1.0)
            ratio = s3[row, column] / b
            den = s2[row, column] - ratio * ratio * b
            good = coded[row, column] and den > 0.0
            den = den if good else nothing
            sr[row, column] = (sr[row, column] - ratio * sbr[row, column]) / den
            s2[row, column] = np.float32(1.0) / np.sqrt(den)


def coded_map(camera: Camera, live: NDArray[np.bool_] | NDArray[np.float64]) -> NDArray[np.float32]:
    """Share of the used pixels that see each direction, on the pixel pitch, 0 to 1; a collimator counted in.

    *live* says which pixels are used, or for which share of the time.
    """
    inside = _kernels(camera, 0.0, 0.0)[2]
    seen = _in_order(camera.grid, _correlation(camera.grid, inside, _transform(camera.grid, live.astype(float))))
    coded: NDArray[np.float32] = np.clip(seen / np.float32(live.sum() or 1.0), 0.0, 1.0)
    transmission = camera.transmission(1)
    return coded if transmission is None else np.asarray(coded * transmission, np.float32)


def _on_detector(fit: FittedShadowgram, values: NDArray[np.float64]) -> NDArray[np.float64]:
    image = np.zeros(fit.camera.grid.detector)
    image.flat[fit.pixels] = values
    return image


def matched_map(fit: FittedShadowgram, oversampling: int = 1) -> SkyMap:
    """Return matched map of the residual of a fit; ``oversampling`` 2 halves the map pixel. NaN where it has no weight.

    The brightest pixel holds 93 % of a source's flux on average on the pixel pitch (83 % at worst), 97 % (94 %) with
    oversampling: fluxes are to be fitted, never read from the map.
    """
    camera = fit.camera
    grid = camera.grid
    shape = ((grid.shape[0] - 1) * oversampling + 1, (grid.shape[1] - 1) * oversampling + 1)
    if fit.weightless:
        nothing = np.full(shape, np.nan, np.float32)
        return SkyMap(nothing, nothing, oversampling, grid)
    a = fit.counts_per_flux
    weight = 1.0 / fit.variance
    background = np.maximum(fit.smooth_background, 0.0)
    used = np.zeros(grid.detector, bool)
    used.flat[fit.pixels] = True
    live = used.tobytes()
    s2, s3, sbb, sr, sbr = (
        _transform(grid, _on_detector(fit, values))
        for values in (
            a * a * weight,
            a * background * weight,
            background**2 * weight,
            a * fit.residual * weight,
            background * fit.residual * weight,
        )
    )
    flux = np.empty(shape, np.float32)
    sigma = np.empty(shape, np.float32)
    for i in range(oversampling):
        for j in range(oversampling):
            p, pp, inside = _kernels(camera, i / oversampling, j / oversampling)
            coded = _is_coded(camera, i / oversampling, j / oversampling, live)
            level, error, value = (_correlation(grid, *pair) for pair in ((inside, sbb), (pp, s2), (p, sr)))
            _solve(coded, level, _correlation(grid, p, s3), error, value, _correlation(grid, inside, sbr))
            rows, columns = grid.shape[0] - (i > 0), grid.shape[1] - (j > 0)
            flux[i::oversampling, j::oversampling] = _in_order(grid, value)[:rows, :columns]
            sigma[i::oversampling, j::oversampling] = _in_order(grid, error)[:rows, :columns]
    transmission = camera.transmission(oversampling)
    if transmission is not None:
        through = np.where(transmission > 0.0, transmission, np.float32(np.nan))
        flux /= through
        sigma /= through
    return SkyMap(flux, sigma, oversampling, grid)


class LinearMaps:
    """Correlations of what the pixels hold with the mask, for every direction on the pixel pitch.

    Args:
        fit: gives camera and pixels; what is mapped has one value per pixel in use.
    """

    def __init__(self, fit: FittedShadowgram) -> None:
        self._fit = fit
        used = np.zeros(fit.camera.grid.detector, bool)
        used.flat[fit.pixels] = True
        self.coded: NDArray[np.bool_] = _in_order(fit.camera.grid, _is_coded(fit.camera, 0.0, 0.0, used.tobytes()))
        """Directions that enough of the used pixels see."""

    def mask(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the sum of values times the openness of the mask before their pixels."""
        return self._map(0, values)

    def squared(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the sum of values times the square of that openness."""
        return self._map(1, values)

    def _map(self, kernel: int, values: NDArray[np.float64]) -> NDArray[np.float32]:
        grid = self._fit.camera.grid
        data = _transform(grid, _on_detector(self._fit, values))
        found: NDArray[np.float32] = _in_order(
            grid, _correlation(grid, _kernels(self._fit.camera, 0.0, 0.0)[kernel], data)
        )
        return found


def noise_scale(significance: NDArray[np.floating]) -> float:
    """Robust standard deviation of a significance map: half the distance between the 16th and 84th percentiles."""
    if significance.size > _MANY:
        significance = significance[(slice(None, None, 2),) * significance.ndim]  # neighbours say nothing new
    values = significance[np.isfinite(significance)]
    if values.size == 0:
        return 1.0
    low, high = np.percentile(values, [15.865, 84.135])
    return float((high - low) / 2.0)
