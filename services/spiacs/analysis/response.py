"""From counts to fluence: what is published of the response, and 3 sigma limits.

There is no public response of SPI-ACS. Used are the counts-to-fluence factors that follow from published limits at the
best angle, good to some 20 %, and the relative response at the angles of GCN circulars
(`science.bursts.all_sky_response`), which is worse between them.
"""

import math
from dataclasses import dataclass

from science.bursts import all_sky_response

SYSTEMATIC = 0.2
BAND = "75-2000 keV"

WORST = all_sky_response.worst_response("spi_acs")

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
    share = float(all_sky_response.relative_response("spi_acs", angle_deg))
    return Relative(share if math.isfinite(share) else None, all_sky_response.orientation(share))


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
