"""The spectra of a source in many windows to one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.window_spectra import WindowSpectra

Array = NDArray[np.float64]


@dataclass
class SourceSpectrum:
    """Summed spectrum of one source: rate and error (counts/s) per channel, exposure, times of all windows."""

    name: str
    ra: float
    dec: float
    windows: int = 0
    start_ijd: float = np.inf
    stop_ijd: float = -np.inf
    exposure_s: float = 0.0
    ontime_s: float = 0.0
    _counts: Array | None = field(default=None, repr=False)
    _variance: Array | None = field(default=None, repr=False)
    _weight: Array | None = field(default=None, repr=False)

    def add(self, rate: Array, error: Array, exposure_s: float) -> None:
        """Add the spectrum of one window, weighted with its exposure; channels without an error do not count."""
        if self._counts is None or self._variance is None or self._weight is None:
            self._counts, self._variance, self._weight = (np.zeros(rate.size) for _ in range(3))
        valid = np.isfinite(rate) & np.isfinite(error) & (error > 0.0)
        self._counts[valid] += rate[valid] * exposure_s
        self._variance[valid] += (error[valid] * exposure_s) ** 2
        self._weight[valid] += exposure_s
        self.exposure_s += exposure_s
        self.windows += 1

    @property
    def rate(self) -> Array:
        """Exposure-weighted mean rate, counts/s; NaN where no window has a value."""
        assert self._counts is not None and self._weight is not None  # noqa: S101  # a window was added
        return self._counts / np.where(self._weight > 0.0, self._weight, np.nan)

    @property
    def error(self) -> Array:
        """1 sigma error of the mean."""
        assert self._variance is not None and self._weight is not None  # noqa: S101  # a window was added
        return np.sqrt(self._variance) / np.where(self._weight > 0.0, self._weight, np.nan)

    def band(self, edges_kev: Array, low: float, high: float) -> tuple[float, float]:
        """Rate and error of the channels whose middle lies in a band."""
        middle = (edges_kev[1:] + edges_kev[:-1]) / 2.0
        inside = (middle >= low) & (middle < high)
        return float(np.nansum(self.rate[inside])), float(np.sqrt(np.nansum(self.error[inside] ** 2)))


def sum_spectra(windows: Sequence[WindowSpectra]) -> list[SourceSpectrum]:
    """Sum the spectra of each source over the windows that see it, joined by name; most exposed first."""
    found: dict[str, SourceSpectrum] = {}
    for window in windows:
        seen = window.observation
        ontime = next((float(str(value)) for key, value, _ in seen.extra if key == "ONTIME"), 0.0)
        for row, name in enumerate(window.names):
            total = found.setdefault(name, SourceSpectrum(name, float(window.ra[row]), float(window.dec[row])))
            total.add(window.rate[row], window.error[row], float(window.exposure_s[row]))
            total.start_ijd = min(total.start_ijd, seen.start_ijd)
            total.stop_ijd = max(total.stop_ijd, seen.stop_ijd)
            total.ontime_s += ontime
    return sorted(found.values(), key=lambda source: (-source.exposure_s, source.name))
