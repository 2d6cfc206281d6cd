"""Count spectra of sources and background as ISGRI records them.

Flux convention, the one factor that an analysis must know: a source of rate F [counts/s, OSA's unit: on axis, full
detector, corrected for dead time] gives every live pixel that sees it through fully open mask (PIF = 1)

    F / 16384 x live fraction

recorded counts per second. F = 142 counts/s in 20-40 keV and 86 in 40-80 keV for the Crab. The absorption of the mask's
support and the efficiency of the pixels are inside F. Off axis the mask's shadow is the only loss.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.isgri.simulator.losses import chance_between, measured
from services.isgri.simulator.sky import SkySource

CRAB_20_40, CRAB_40_80 = 142.0, 86.3
"""Crab rates in OSA's unit [counts/s]: the first is OSA 10's, the second follows from the area and the losses."""
CRAB_INDEX = 2.1

_CRAB_NORM = 10.0  # photons/cm2/s/keV at 1 keV
_ENERGY = np.geomspace(12.0, 1000.0, 1500)  # incident energies [keV]
# Effective area: row sums of the OSA 11 redistribution matrix, 15-1000 keV [keV, cm2].
_AREA_KEV = np.array(
    [12.0, 15, 18, 20, 25, 30, 35, 40, 50, 60, 70, 80, 100, 120, 150, 200, 250, 300, 400, 500, 700, 1000]
)
_AREA_CM2 = np.array(
    [280.0, 432, 612, 720, 807, 842, 951, 1046, 1137, 1270, 1263, 1155, 879, 634, 411, 242, 170, 134, 104, 93, 84, 80]
)
_FWHM_60 = 0.08  # relative resolution at 60 keV at launch; grows as 1/sqrt(E) below
_INDEX_RANGE = (-2.0, 10.0)


def resolution_sigma(energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation of the measured energy [keV]: 8 % FWHM at 60 keV, proportional to sqrt(E)."""
    return _FWHM_60 / 2.3548 * np.sqrt(60.0 * energy_kev)


class CountSpectrum:
    """Counts of a source of photon index `index` per incident energy, normalised to its rate in 20-40 keV.

    Args:
        index: photon index.
        rate_20_40: measured rate in 20-40 keV in OSA's unit [counts/s].
    """

    def __init__(self, index: float, rate_20_40: float) -> None:
        density = _power_law_counts(index) * _calibration()
        density *= rate_20_40 / _band_rate(density, 20.0, 40.0)
        widths = np.diff(_ENERGY)
        cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0 * widths)])
        self._cumulative = cumulative / cumulative[-1]
        self._density = density
        self.index = index
        self.total = float(cumulative[-1])
        """Rate at all energies, 12-1000 keV incident, in OSA's unit [counts/s]."""

    def band(self, low: float, high: float) -> float:
        """Rate measured between two energies in keV, in OSA's unit [counts/s]."""
        return _band_rate(self._density, low, high)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Measured energies of `count` photons [keV], shape (count,)."""
        incident = np.interp(rng.random(count), self._cumulative, _ENERGY)
        return measured(rng, incident, resolution_sigma(incident))


def source_spectrum(source: SkySource) -> CountSpectrum:
    """Count spectrum of a source, for 1000 mCrab in 20-40 keV.

    Raises:
        ValueError: no power law of a sensible index has the two band fluxes of the source.
    """
    if source.photon_index is not None:
        return CountSpectrum(source.photon_index, CRAB_20_40)
    if source.mcrab_40_80 is None:
        return CountSpectrum(CRAB_INDEX, CRAB_20_40)
    wanted = CRAB_40_80 / CRAB_20_40 * source.mcrab_40_80 / source.mcrab_20_40
    low, high = _INDEX_RANGE  # the ratio falls with the index: bisection
    if not _hardness(high) < wanted < _hardness(low):
        raise ValueError(f"{source.name}: no power law has {source.mcrab_20_40} and {source.mcrab_40_80} mCrab")
    while high - low > 1e-6:
        middle = (low + high) / 2.0
        low, high = (middle, high) if _hardness(middle) > wanted else (low, middle)
    return CountSpectrum(low, CRAB_20_40)


def _hardness(index: float) -> float:
    """Rate in 40-80 keV over rate in 20-40 keV of a power law."""
    density = _power_law_counts(index) * _calibration()
    return _band_rate(density, 40.0, 80.0) / _band_rate(density, 20.0, 40.0)


def _power_law_counts(index: float) -> NDArray[np.float64]:
    """Power law of the Crab's normalisation times the effective area, per keV of incident energy."""
    area = np.exp(np.interp(np.log(_ENERGY), np.log(_AREA_KEV), np.log(_AREA_CM2)))
    return np.asarray(_CRAB_NORM * _ENERGY**-index * area)


@cache
def _calibration() -> float:
    """Factor on the effective area of OSA 11 that gives the Crab its rate in 20-40 keV."""
    return CRAB_20_40 / _band_rate(_power_law_counts(CRAB_INDEX), 20.0, 40.0)


def _band_rate(density: NDArray[np.float64], low: float, high: float) -> float:
    """Rate between two measured energies of a density per incident keV, after redistribution."""
    return float(np.trapezoid(density * _band_probability(low, high), _ENERGY))


@cache
def _band_probability(low: float, high: float) -> NDArray[np.float64]:
    """Probability that a photon of each incident energy is measured between two energies."""
    return chance_between(_ENERGY, resolution_sigma(_ENERGY), low, high)
