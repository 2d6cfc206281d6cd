"""From counts to fluence: what is published of the response, and 3 sigma limits.

There is no public response of SPI-ACS. Used are the counts-to-fluence factors that follow from published limits at the
best angle, and the relative response at the angles of GCN circulars; it depends on azimuth as well, so the factors are
good to some 20 % near the table and worse between. The table says "unknown" nearer to the axis than 55 deg.
"""

import math
from dataclasses import dataclass

import numpy as np

SYSTEMATIC = 0.2
BAND = "75-2000 keV"

# Angle to the X axis [deg], response relative to the best: GCN 26351, 25698, 24951, mean of 24571 and 25190, S230627c,
# 26401, 26333, 24629, 33815, 25880, 25815.
_ANGLE = np.array([55.0, 66.0, 75.0, 90.5, 94.0, 99.0, 118.0, 125.0, 136.0, 139.0, 157.0])
_RELATIVE = np.array([0.93, 0.91, 0.97, 0.595, 0.81, 0.40, 0.50, 0.53, 0.35, 0.40, 0.43])
WORST = float(_RELATIVE.min())

_MPC_CM = 3.0856775814913673e24


@dataclass(frozen=True)
class Spectrum:
    """A spectrum that limits are given for.

    Args:
        name: short.
        model: in words.
        factor: erg/cm2 (75-2000 keV) per count at the best angle.
    """

    name: str
    model: str
    factor: float


HARD = Spectrum("hard", "cut-off power law, alpha -0.5, Epeak 600 keV", 1.7e-10)
SOFT = Spectrum("soft", "Band, alpha -1, beta -2.5, Epeak 300 keV", 1.5e-10)


@dataclass(frozen=True)
class Relative:
    """Response relative to the best angle.

    Args:
        value: 0 to 1; None where nothing is published.
        orientation: in the words of the circulars.
    """

    value: float | None
    orientation: str


def relative_response(angle_deg: float) -> Relative:
    """Return the response at an angle to the X axis, interpolated between published angles."""
    if not _ANGLE[0] <= angle_deg <= _ANGLE[-1]:
        return Relative(None, "unknown")
    value = float(np.interp(angle_deg, _ANGLE, _RELATIVE))
    suppression = 1 / value
    words = ((1.5, "near-optimal"), (2.5, "somewhat suppressed"))
    return Relative(value, next((word for limit, word in words if suppression < limit), "strongly suppressed"))


def limit_counts(rate: float, ratio: float, scale_s: float, sigma: float = 3.0) -> float:
    """Return the counts that a burst needs to stand out: sigma times the noise of the background on a scale.

    Args:
        rate: of the background, counts/s.
        ratio: of the noise to Poisson noise on this scale.
        scale_s: length, s.
        sigma: significance.
    """
    return sigma * ratio * math.sqrt(rate * scale_s)


def fluence(counts: float, spectrum: Spectrum, relative: float) -> float:
    """Return the fluence of some counts, erg/cm2 in 75-2000 keV."""
    return counts * spectrum.factor / relative


def isotropic_energy(fluence_erg_cm2: float, distance_mpc: float) -> float:
    """Return the energy that an isotropic source at a distance emitted, erg (no redshift correction)."""
    return 4 * math.pi * (distance_mpc * _MPC_CM) ** 2 * fluence_erg_cm2
