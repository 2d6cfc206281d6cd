"""Energies in JEM-X: effective area, energy resolution, channels, and the spectra of sources and background."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

# Effective area on axis behind mask and collimator (a response of the standard software for revolution 665) [keV, cm2].
_AREA_KEV = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 25.0, 30.0, 34.5, 35.0, 40.0, 60.0])
_AREA_CM2 = np.array([5.0, 28.5, 45.9, 54.3, 59.4, 63.7, 64.2, 64.7, 60.1, 49.6, 34.3, 23.9, 24.9, 24.8, 16.0, 5.0])
CRAB_INDEX, CRAB_NORM = 2.1, 9.7
"""Photons/cm2/s/keV at 1 keV of the Crab."""
XENON_LINE_KEV = 29.7
_GRID = np.linspace(2.0, 60.0, 5801)


def area_cm2(energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Effective area on axis [cm2]."""
    return np.asarray(np.interp(energy_kev, _AREA_KEV, _AREA_CM2))


def resolution_sigma_kev(energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation of the measured energy [keV]: FWHM 0.40 E sqrt(1/E + 1/120)."""
    fwhm = 0.40 * energy_kev * np.sqrt(1.0 / energy_kev + 1.0 / 120.0)
    return np.asarray(fwhm / 2.3548)


def position_sigma_mm(energy_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the standard deviation of a measured position along one axis [mm]: FWHM 1 mm at 10 keV, as 1/sqrt(E)."""
    return np.asarray(1.0 / 2.3548 * np.sqrt(10.0 / np.clip(energy_kev, 2.5, 40.0)))


def crab_rate(low_kev: float = 3.0, high_kev: float = 35.0) -> float:
    """Counts/s of the Crab on axis, by true energy, without dead time."""
    inside = (low_kev <= _GRID) & (high_kev > _GRID)
    density = CRAB_NORM * _GRID**-CRAB_INDEX * area_cm2(_GRID)
    return float(np.sum(density[inside]) * (_GRID[1] - _GRID[0]))


def measured_crab_rate(low_kev: float, high_kev: float) -> float:
    """Counts/s of the Crab on axis, by measured energy, without dead time: what a band of events holds."""
    density = CRAB_NORM * _GRID**-CRAB_INDEX * area_cm2(_GRID)
    below_high, below_low = (ndtr((edge - _GRID) / resolution_sigma_kev(_GRID)) for edge in (high_kev, low_kev))
    return float(np.sum(density * (below_high - below_low)) * (_GRID[1] - _GRID[0]))


def beam_rate(mcrab: float, photon_index: float) -> float:
    """Counts/s of a source on axis over all true energies of the grid, scaled to its counts in 3-35 keV."""
    density = _GRID**-photon_index * area_cm2(_GRID)
    inside = (_GRID >= 3.0) & (_GRID < 35.0)
    return float(mcrab / 1000.0 * crab_rate() * density.sum() / density[inside].sum())


def draw_source(rng: np.random.Generator, photon_index: float, count: int) -> NDArray[np.float64]:
    """Draw the true energies of detected photons of a power law [keV], shape (count,)."""
    cumulative = np.cumsum(_GRID**-photon_index * area_cm2(_GRID))
    # A point of the grid stands for the step around it: without the half step all energies were 5 eV too low.
    upper_edges = _GRID + (_GRID[1] - _GRID[0]) / 2.0
    return np.asarray(np.interp(rng.random(count), cumulative / cumulative[-1], upper_edges))


def draw_background(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Measured energies of background events [keV]: a falling continuum and the fluorescence of xenon."""
    line = rng.random(count) < 0.10
    continuum = 2.5 + 40.0 * rng.beta(0.9, 1.5, count)
    sigma = float(resolution_sigma_kev(np.array(XENON_LINE_KEV)))
    return np.where(line, XENON_LINE_KEV + sigma * rng.standard_normal(count), continuum)


def measured(rng: np.random.Generator, true_kev: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smear true energies by the resolution of the detector."""
    return np.asarray(true_kev + resolution_sigma_kev(true_kev) * rng.standard_normal(true_kev.size))


def channel_edges_kev() -> NDArray[np.float64]:
    """Lower edges of the 256 PI channels and the upper edge of the last, shape (257,).

    0.08 keV a channel up to 7.52 keV (channel 102), then ever wider ones, so that channels 46-223 span 3.04-34.88 keV
    and channel 209 holds the line of xenon, as in products of the standard software.
    """
    number = np.arange(257.0)
    beyond = np.maximum(number - 102.0, 0.0)
    growth = 2.0 * (34.88 - 7.52 - 0.08 * 122.0) / 122.0**2
    edges = 7.52 + 0.08 * (number - 102.0) + growth / 2.0 * beyond**2
    low = edges < 0.08
    edges[low] = 0.08 * (number[low] + 1.0) / (low.sum() + 1.0)
    return np.asarray(edges)


def channels(energy_kev: NDArray[np.float64]) -> NDArray[np.int64]:
    """PI channel of each energy, 0-255."""
    found = np.searchsorted(channel_edges_kev(), energy_kev, side="right") - 1
    return np.clip(found, 0, 255)
