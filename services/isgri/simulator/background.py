"""The recorded background of ISGRI: its rate, its spectrum with fluorescence lines, and events without an energy.

Rates by band are those of science window 255900280010 (revolution 2559): 20-60 keV 87, 60-100 keV 103, 100-200 keV 226
and 200-500 keV 158 counts/s of SELECT_FLAG = 0. They are as recorded, that is after dead time.
"""

import numpy as np
from numpy.typing import NDArray

from services.isgri.simulator.spectra import resolution_sigma

BAND_RATES: tuple[tuple[float, float, float], ...] = (
    (12.0, 20.0, 5.0),
    (20.0, 60.0, 87.0),
    (60.0, 100.0, 103.0),
    (100.0, 200.0, 226.0),
    (200.0, 500.0, 158.0),
    (500.0, 1000.0, 47.0),
)
"""Low edge, high edge [keV], recorded counts/s of good pixels."""
UNRECONSTRUCTED_RATE = 25.0
"""Recorded counts/s whose pulse height and rise time give no energy: ISGRI_ENERGY = 0."""
NOISE_RATE = 11.0
"""Recorded counts/s of all noisy pixels beyond their share of the background."""

# Continuum [keV, counts/s/keV], before the bands are scaled to their rates.
_KNOTS_KEV = np.array([12, 18, 25, 32, 40, 50, 60, 75, 90, 110, 130, 170, 200, 300, 500, 750, 1000.0])
_KNOTS = np.array([0.5, 0.8, 1.25, 1.6, 2.8, 2.7, 2.1, 2.1, 2.6, 3.5, 2.9, 1.6, 1.15, 0.65, 0.22, 0.09, 0.05])
# Fluorescence of the tungsten mask and of lead around the detector: energy [keV], counts/s.
_LINES = ((59.3, 6.0), (67.2, 2.5), (74.9, 5.0), (84.9, 2.0))
_GRID = np.linspace(12.0, 1000.0, 4 * 988 + 1)


def band_total() -> float:
    """Sum the recorded counts/s of good pixels with an energy, 12-1000 keV."""
    return sum(rate for _, _, rate in BAND_RATES)


def recorded_rate() -> float:
    """Sum the recorded events/s of all kinds."""
    return band_total() + UNRECONSTRUCTED_RATE + NOISE_RATE


def draw_energies(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Measured energies of `count` background events [keV], shape (count,)."""
    return np.interp(rng.random(count), _cumulative(), _GRID)


def _cumulative() -> NDArray[np.float64]:
    """Cumulative distribution of the measured energy on the grid, 0..1."""
    density = np.exp(np.interp(np.log(_GRID), np.log(_KNOTS_KEV), np.log(_KNOTS)))
    for energy, rate in _LINES:
        sigma = float(resolution_sigma(np.array(energy)))
        density += rate * np.exp(-(((_GRID - energy) / sigma) ** 2) / 2.0) / (sigma * np.sqrt(2.0 * np.pi))
    counts = (density[1:] + density[:-1]) / 2.0 * np.diff(_GRID)
    middle = (_GRID[1:] + _GRID[:-1]) / 2.0
    for low, high, rate in BAND_RATES:
        band = (middle >= low) & (middle < high)
        counts[band] *= rate / counts[band].sum()
    cumulative = np.concatenate([[0.0], np.cumsum(counts)])
    return np.asarray(cumulative / cumulative[-1])
