"""The spectra of a source in many windows to one, with the part of the errors that all channels have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera
from science.coded_mask.common_error import shadow_groups
from science.coded_mask.pixel_scatter import pooled_scatter
from science.coded_mask.window_spectra import WindowSpectra

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SourceSpectrum:
    """Summed spectrum of one source.

    Args:
        name: of the source.
        ra: right ascension, degrees.
        dec: declination, degrees.
        windows: number of windows that see it.
        start_ijd: of the first window.
        stop_ijd: of the last window.
        exposure_s: sum of the windows' exposures.
        ontime_s: sum of their good times.
        rate: exposure-weighted mean, counts/s per channel; NaN where no window has a value.
        error: 1 sigma of Poisson noise, counts/s, that each channel has for itself.
        common: what one unknown number of unit variance adds to all channels, counts/s: the covariance is
            ``diag(error^2) + common common^T``; see ``pixel_scatter``.
    """

    name: str
    ra: float
    dec: float
    windows: int
    start_ijd: float
    stop_ijd: float
    exposure_s: float
    ontime_s: float
    rate: Array
    error: Array
    common: Array

    def band(self, edges_kev: Array, low: float, high: float) -> tuple[float, float]:
        """Rate and error of the channels whose middle lies in a band."""
        middle = (edges_kev[1:] + edges_kev[:-1]) / 2.0
        return self.total((middle >= low) & (middle < high))

    def total(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> tuple[float, float]:
        """Rate and error of some channels together."""
        own, common = self.error[chosen], self.common[chosen]
        return float(np.nansum(self.rate[chosen])), float(np.sqrt(np.nansum(own**2) + np.nansum(common) ** 2))


def correction_file(spectrum: str) -> str:
    """Name of the correction spectrum that belongs to a spectrum file."""
    return spectrum.replace("_spectrum_", "_correction_", 1)


def sum_spectra(windows: Sequence[WindowSpectra], camera: Camera) -> list[SourceSpectrum]:
    """Sum the spectra of each source over the windows that see it, joined by name; most exposed first.

    Args:
        windows: their spectra.
        camera: that saw them: it tells in which windows a source casts its shadow on the same pixels.
    """
    scatter = pooled_scatter([window.scatter for window in windows])
    names = dict.fromkeys(name for window in windows for name in window.names)
    seen = {name: [(w, list(w.names).index(name)) for w in windows if name in w.names] for name in names}
    found = [_sum(name, parts, scatter, camera) for name, parts in seen.items()]
    return sorted(found, key=lambda source: (-source.exposure_s, source.name))


def _sum(name: str, parts: Sequence[tuple[WindowSpectra, int]], scatter: Array, camera: Camera) -> SourceSpectrum:
    rate = np.array([window.rate[row] for window, row in parts])
    own = np.array([window.error[row] for window, row in parts])
    exposure = np.array([float(window.exposure_s[row]) for window, row in parts])
    tz, ty = np.array([window.tangents[:, row] for window, row in parts]).T
    first, row = parts[0]
    start = np.array([window.observation.start_ijd for window, _ in parts])
    # Channels without an error do not count.
    valid = np.isfinite(rate) & np.isfinite(own) & (own > 0.0)
    weight = np.where(valid, exposure[:, None], 0.0)
    total = np.where(weight.any(axis=0), weight.sum(axis=0), np.nan)
    common = np.array([window.scatter.common(scatter)[row] for window, row in parts])
    number = shadow_groups(tz, ty, start, camera)
    together = np.zeros((number.max() + 1, rate.shape[1]))
    np.add.at(together, number, weight * np.where(valid, common, 0.0))
    return SourceSpectrum(
        name=name,
        ra=float(first.ra[row]),
        dec=float(first.dec[row]),
        windows=len(parts),
        start_ijd=float(start.min()),
        stop_ijd=max(window.observation.stop_ijd for window, _ in parts),
        exposure_s=float(exposure.sum()),
        ontime_s=sum(_ontime_s(window) for window, _ in parts),
        rate=(np.where(valid, rate, 0.0) * weight).sum(axis=0) / total,
        error=np.sqrt(((np.where(valid, own, 0.0) * weight) ** 2).sum(axis=0)) / total,
        common=np.sqrt((together**2).sum(axis=0)) / total,
    )


def _ontime_s(window: WindowSpectra) -> float:
    return next((float(str(value)) for key, value, _ in window.observation.extra if key == "ONTIME"), 0.0)
