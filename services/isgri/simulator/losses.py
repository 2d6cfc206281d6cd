"""What a photon leaves in a pixel of ISGRI, and what of it is measured.

Three things keep a 2 mm CdTe crystal from measuring the whole energy of a photon: charge carriers are trapped on their
way to the electrodes, a fluorescence photon of Cd or Te (23-32 keV) leaves the pixel, or the photon itself leaves after
a Compton scattering. The shares of these among the photons that are recorded were read off the OSA 11 redistribution
matrix at ten energies. Events below the low threshold of 12.5 keV are not recorded.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

THRESHOLD_KEV = 12.5
_FLUORESCENCE_KEV = 25.0
_TRAPPED_MEAN = 0.6  # mean energy lost to trapping, of the photon's
_REST_MASS_KEV = 511.0

_KEV = np.array([20.0, 30, 40, 60, 100, 150, 200, 300, 500, 1000])
_TRAPPED = np.array([0.0, 0.147, 0.039, 0.070, 0.055, 0.146, 0.324, 0.299, 0.115, 0.075])
_ESCAPED = np.array([0.0, 0.0, 0.094, 0.062, 0.097, 0.110, 0.0, 0.0, 0.0, 0.0])
_SCATTERED = np.array([0.0, 0.0, 0.007, 0.003, 0.018, 0.043, 0.073, 0.334, 0.734, 0.893])

Array = NDArray[np.float64]


def _chances(energy_kev: Array) -> tuple[Array, Array, Array, Array]:
    """Chances of trapping, escape and scattering of photons, and the largest energy that scattering leaves [keV]."""
    place = np.log(energy_kev)
    trapped, escaped, scattered = (np.interp(place, np.log(_KEV), share) for share in (_TRAPPED, _ESCAPED, _SCATTERED))
    compton_edge = energy_kev / (1.0 + _REST_MASS_KEV / (2.0 * energy_kev))
    return (
        np.where(energy_kev > THRESHOLD_KEV, trapped, 0.0),
        np.where(energy_kev > THRESHOLD_KEV + _FLUORESCENCE_KEV, escaped, 0.0),
        np.where(compton_edge > THRESHOLD_KEV + 1.0, scattered, 0.0),
        np.maximum(compton_edge, THRESHOLD_KEV + 1.0),
    )


def _trapped_kev(energy_kev: Array, number: Array) -> Array:
    """Energy lost to trapping: exponential, but some of the energy is left above the threshold."""
    mean = _TRAPPED_MEAN * energy_kev
    most = np.maximum(energy_kev - THRESHOLD_KEV, 1e-3)
    return np.asarray(-mean * np.log1p(number * np.expm1(-most / mean)))


def measured(rng: np.random.Generator, energy_kev: Array, sigma_kev: Array) -> Array:
    """Draw the measured energies of photons [keV].

    Args:
        rng: source of random numbers.
        energy_kev: of the photons.
        sigma_kev: standard deviation of the measurement at that energy.
    """
    trapped, escaped, scattered, compton_edge = _chances(energy_kev)
    fate, number = rng.random(energy_kev.size), rng.random(energy_kev.size)
    left = np.select(
        [fate < trapped, fate < trapped + escaped, fate < trapped + escaped + scattered],
        [
            energy_kev - _trapped_kev(energy_kev, number),
            energy_kev - _FLUORESCENCE_KEV,
            THRESHOLD_KEV + number * (compton_edge - THRESHOLD_KEV),
        ],
        energy_kev,
    )
    return np.asarray(left + sigma_kev * rng.standard_normal(energy_kev.size))


def chance_between(energy_kev: Array, sigma_kev: Array, low: float, high: float, steps: int = 200) -> Array:
    """Chance that photons of each energy are measured between two energies, by the midpoint rule over their losses."""
    trapped, escaped, scattered, compton_edge = _chances(energy_kev)

    def inside(left: Array) -> Array:
        return np.asarray(ndtr((high - left) / sigma_kev) - ndtr((low - left) / sigma_kev))

    chance = (1.0 - trapped - escaped - scattered) * inside(energy_kev) + escaped * inside(
        energy_kev - _FLUORESCENCE_KEV
    )
    for number in (np.arange(steps) + 0.5) / steps:
        spread = np.full_like(energy_kev, number)
        chance += trapped / steps * inside(energy_kev - _trapped_kev(energy_kev, spread))
        chance += scattered / steps * inside(THRESHOLD_KEV + spread * (compton_edge - THRESHOLD_KEV))
    return chance
