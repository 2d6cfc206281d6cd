"""At which energies the photons of one energy are measured: peak, lost charge, escape, scattering.

Of the photons of energy E that are counted, shares with names in ``data/response.toml`` end up as

- peak: a Gaussian, FWHM 8 % at 60 keV and proportional to sqrt(E);
- lost charge: below the peak by an exponential of mean 0.6 E, that is almost flat. Carriers trapped on their way
  through the 2 mm of CdTe are missing; the correction by the rise time brings most of such events back into the peak;
- escape: 25 keV below, fluorescence of Cd and Te that leaves its pixel;
- scattered: flat up to the Compton edge 2 E^2 / (511 keV + 2 E), the photon having left with the rest.

The shares are measured on the OSA 11 matrix. No event is counted below 12.5 keV: all parts are cut there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr
from scipy.stats import norm

Array = NDArray[np.float64]

_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
_ELECTRON_KEV = 510.999
_SMALLEST = 1e-6


def redistribution(
    facts: dict[str, Any], energy_kev: Array, channel_kev: Array, offset_kev: Array | None = None
) -> Array:
    """Return the share of counted photons of each energy that is measured between adjoining edges.

    Args:
        facts: the tables ``resolution`` and ``losses`` of ``data/response.toml``.
        energy_kev: photon energies, shape (n,).
        channel_kev: ascending edges of measured energy, shape (m + 1,).
        offset_kev: measured less true energy of each photon energy.

    Returns:
        Shape (n, m).
    """
    losses = facts["losses"]
    energy = energy_kev[:, None]
    sigma = facts["resolution"]["fwhm_60_kev"] * _PER_FWHM * np.sqrt(60.0 * energy)
    below = channel_kev[None, :] - energy - (0.0 if offset_kev is None else offset_kev[:, None])
    log_energy, log_given = np.log(energy), np.log(losses["energy_kev"])
    charge, escape, scatter = (
        np.interp(log_energy, log_given, losses[name]) for name in ("charge", "escape", "scatter")
    )
    floor = losses["floor_kev"]
    reach = np.maximum(energy - floor, 1e-3)
    edge = 2.0 * energy**2 / (_ELECTRON_KEV + 2.0 * energy)
    charge = np.where(energy > floor, charge, 0.0)
    escape = np.where(energy - losses["escape_kev"] > floor, escape, 0.0)
    scatter = np.where(edge > floor + 1.0, scatter, 0.0)
    cumulative = (
        (1.0 - charge - escape - scatter) * ndtr(below / sigma)
        + charge * _tail(below, losses["charge_mean"] * energy, reach, sigma)
        + escape * ndtr((below + losses["escape_kev"]) / sigma)
        + scatter * _box(below, -reach, np.maximum(edge, floor + 1.0) - energy, sigma)
    )
    shares: Array = np.diff(cumulative, axis=1)
    # Shares too small to be stored would make every row as long as all channels.
    return np.where(shares > _SMALLEST, shares, 0.0)


def _tail(x: Array, mean: Array, reach: Array, sigma: Array) -> Array:
    """Return the distribution function of a Gaussian less an exponential loss that is at most *reach*."""
    cut = np.exp(-reach / mean)
    whole: Array = (_exponential(x, mean, sigma) - cut * _exponential(x + reach, mean, sigma)) / (1.0 - cut)
    return whole


def _exponential(x: Array, mean: Array, sigma: Array) -> Array:
    """Return the distribution function of a Gaussian of mean 0 less an exponential loss."""
    shift = sigma / mean
    logarithm = x / mean + shift**2 / 2.0 + log_ndtr(-x / sigma - shift)
    value: Array = ndtr(x / sigma) + np.exp(np.minimum(logarithm, 0.0))
    return value


def _box(x: Array, low: Array, high: Array, sigma: Array) -> Array:
    """Return the distribution function of a Gaussian added to what is flat between two limits."""

    def integral(u: Array) -> Array:
        area: Array = u * ndtr(u / sigma) + sigma * norm.pdf(u / sigma)
        return area

    return (integral(x - low) - integral(x - high)) / (high - low)
