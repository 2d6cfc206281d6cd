"""Sky maps by fast Fourier transform: the matched map of a residual shadowgram.

For every sky direction n the flux of a point source and a local background level are fitted by weighted least
squares to the residual r, with weights 1/V. ``corr`` is the cross-correlation with the mask sampled on the pixel
pitch, I the area inside the mask::

    s2 = corr(P^2, a^2/V)   s3 = corr(P, aB/V)   sbb = corr(I, B^2/V)   den = s2 - s3^2/sbb
    f = [corr(P, a r/V) - (s3/sbb) corr(I, B r/V)] / den,    sigma = den^-1/2

The background level is fitted inside the coded area of each direction: with one global level the map of an empty
field scatters by 9 % from field to field instead of 1.4 %.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from isgri_analysis.detector import PITCH_MM, SHAPE
from isgri_analysis.fit import ShadowgramFit
from isgri_analysis.mask import HEIGHT_MM, SAMPLES, sampled_mask

_FFT = (384, 384)
"""At least 234 + 134 - 1 samples along each axis, and a product of small primes."""
MAP_SHAPE = (SAMPLES + SHAPE[0] - 1, SAMPLES + SHAPE[1] - 1)
"""Rows (Z) and columns (Y) of a map on the pixel pitch: 367 x 363."""
AXIS = ((MAP_SHAPE[0] - 1) // 2, (MAP_SHAPE[1] - 1) // 2)
"""Row and column of the instrument axis on the pixel pitch."""
STEP = PITCH_MM / HEIGHT_MM
"""Tangent of a map pixel on the pixel pitch."""
LEAST_CODED = 0.02
"""Directions seen by less than this share of the detector are not imaged."""


@dataclass(frozen=True)
class SkyMap:
    """Flux and its 1 sigma error (counts/s) per direction; NaN where the field is not coded.

    ``oversampling`` is the number of map pixels per pixel pitch along each axis (1 or 2). Rows follow tz and columns
    ty, both increasing.
    """

    flux: NDArray[np.float32]
    sigma: NDArray[np.float32]
    oversampling: int

    @property
    def significance(self) -> NDArray[np.float32]:
        """Flux over its error."""
        return self.flux / self.sigma

    def tangents(self, row: int, column: int) -> tuple[float, float]:
        """Tangents (tz, ty) of the centre of a pixel."""
        return (row / self.oversampling - AXIS[0]) * STEP, (column / self.oversampling - AXIS[1]) * STEP

    def pixel(self, tz: float, ty: float) -> tuple[int, int] | None:
        """Pixel that holds a direction, or None outside the map."""
        row = round((tz / STEP + AXIS[0]) * self.oversampling)
        column = round((ty / STEP + AXIS[1]) * self.oversampling)
        inside = 0 <= row < self.flux.shape[0] and 0 <= column < self.flux.shape[1]
        return (row, column) if inside else None


@cache
def _kernels(phase_z: float, phase_y: float) -> tuple[NDArray[np.complex64], ...]:
    """Return transforms of the sampled mask P, of P^2 and of the inside I."""
    openness, inside = sampled_mask(phase_z, phase_y)
    return tuple(fft.rfft2(kernel.astype(np.float32), s=_FFT) for kernel in (openness, openness**2, inside))


def _transform(image: NDArray[np.float64]) -> NDArray[np.complex64]:
    spectrum: NDArray[np.complex64] = np.conj(fft.rfft2(image.astype(np.float32), s=_FFT))
    return spectrum


def _correlation(kernel: NDArray[np.complex64], data: NDArray[np.complex64]) -> NDArray[np.float32]:
    """``sum_i K[i + n] x[i]`` for all shifts n at which the detector and the mask overlap."""
    full = fft.irfft2(kernel * data, s=_FFT)
    rows, columns = SHAPE[0] - 1, SHAPE[1] - 1
    out = np.empty(MAP_SHAPE, np.float32)
    out[:rows, :columns] = full[-rows:, -columns:]
    out[:rows, columns:] = full[-rows:, :SAMPLES]
    out[rows:, :columns] = full[:SAMPLES, -columns:]
    out[rows:, columns:] = full[:SAMPLES, :SAMPLES]
    return out


def coded_map(live: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the used pixels that see each direction, on the pixel pitch, 0 to 1."""
    inside = _kernels(0.0, 0.0)[2]
    return np.clip(_correlation(inside, _transform(live.astype(float))) / max(int(live.sum()), 1), 0.0, 1.0)


def matched_map(fit: ShadowgramFit, oversampling: int = 1) -> SkyMap:
    """Return matched map of the residual of a fit; ``oversampling`` 2 halves the map pixel.

    The brightest pixel holds 93 % of a source's flux on average on the pixel pitch (83 % at worst), 97 % (94 %) with
    oversampling: fluxes are to be fitted, never read from the map.
    """
    a = fit.data.counts_per_flux
    weight = 1.0 / fit.variance
    background = np.maximum(fit.background, 0.0)
    s2, s3, sbb, sr, sbr, live = (
        _transform(fit.on_detector(values))
        for values in (
            a * a * weight,
            a * background * weight,
            background**2 * weight,
            a * fit.residual * weight,
            background * fit.residual * weight,
            np.full(fit.pixels.size, 1.0 / max(fit.pixels.size, 1)),
        )
    )
    shape = ((MAP_SHAPE[0] - 1) * oversampling + 1, (MAP_SHAPE[1] - 1) * oversampling + 1)
    flux = np.empty(shape, np.float32)
    sigma = np.empty(shape, np.float32)
    for i in range(oversampling):
        for j in range(oversampling):
            p, pp, inside = _kernels(i / oversampling, j / oversampling)
            coded = _correlation(inside, live) >= LEAST_CODED
            level = _correlation(inside, sbb)
            level = np.where(coded & (level > 0.0), level, 1.0)
            ratio = np.where(coded, _correlation(p, s3), 0.0) / level
            den = _correlation(pp, s2) - ratio**2 * level
            num = _correlation(p, sr) - ratio * _correlation(inside, sbr)
            good = coded & (den > 0.0)
            den = np.where(good, den, np.nan)
            rows, columns = MAP_SHAPE[0] - (i > 0), MAP_SHAPE[1] - (j > 0)
            flux[i::oversampling, j::oversampling] = (num / den)[:rows, :columns]
            sigma[i::oversampling, j::oversampling] = (1.0 / np.sqrt(den))[:rows, :columns]
    return SkyMap(flux, sigma, oversampling)


def noise_scale(significance: NDArray[np.floating]) -> float:
    """Robust standard deviation of a significance map: half the distance between the 16th and 84th percentiles."""
    if significance.size > 2 * MAP_SHAPE[0] * MAP_SHAPE[1]:
        significance = significance[::2, ::2]  # enough: neighbours say nothing new
    values = significance[np.isfinite(significance)]
    if values.size == 0:
        return 1.0
    low, high = np.percentile(values, [15.865, 84.135])
    return float((high - low) / 2.0)
