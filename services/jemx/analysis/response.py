"""The response of JEM-X: effective area on axis and redistribution into channels, from the model of the instrument."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from services.jemx.analysis.model import model

CRAB_INDEX, CRAB_NORM = 2.1, 9.7
"""Photons/cm2/s/keV at 1 keV of the Crab."""
SYSTEMATIC = 0.03
_LEAST_SHARE = 1e-6
_BINS = 340

Array = NDArray[np.float64]


@cache
def energy_kev() -> Array:
    """Return the edges of the energy bins of photons: 340 of 1 % from 2 keV on."""
    edges = np.geomspace(2.0, 60.0, _BINS + 1)
    edges.setflags(write=False)
    return edges


def area_cm2() -> Array:
    """Effective area of each energy bin, behind mask and collimator."""
    edges = energy_kev()
    return model().area_cm2(np.sqrt(edges[1:] * edges[:-1]))


def redistribution(channel_kev: Array) -> Array:
    """Share of the photons of each energy bin that is measured between adjoining edges, shape (bins, channels)."""
    edges = energy_kev()
    energy = np.sqrt(edges[1:] * edges[:-1])
    sigma = model().energy_fwhm_kev(energy) / np.sqrt(8.0 * np.log(2.0))
    shares: Array = np.diff(ndtr((channel_kev[None, :] - energy[:, None]) / sigma[:, None]), axis=1)
    # Shares too small to be stored would make every row as long as all channels.
    return np.where(shares > _LEAST_SHARE, shares, 0.0)


def crab_rate(channel_kev: Array) -> Array:
    """Counts/s of the Crab in channels."""
    edges = energy_kev()
    photons = CRAB_NORM * -np.diff(edges ** (1.0 - CRAB_INDEX)) / (CRAB_INDEX - 1.0)
    rate: Array = (photons * area_cm2()) @ redistribution(channel_kev)
    return rate
