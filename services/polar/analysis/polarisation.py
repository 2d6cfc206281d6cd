"""Polarisation from the scattering angles of a burst.

Kislat et al. 2015 (Astropart. Phys. 68, 45) for the Stokes parameters of single events; Weisskopf et al. 2010 (Proc.
SPIE 7732) for the minimum detectable polarisation; Plaszczynski et al. 2014 (MNRAS 439, 4048) for the degree without
its bias. Photons scatter preferably at right angles to their polarisation: N(phi) ~ 1 - mu P cos 2(phi - PA), so the
direction of polarisation lies 90 deg from the maximum of the modulation. Angles are in the frame that the scattering
angles are given in.
"""

import math
from dataclasses import dataclass

import numpy as np

from science.bursts.curve import Floats
from services.polar.analysis.posterior import Interval, posterior

_MDP99 = 4.29
_LEAST_EVENTS = 20
_SHOWN, _HINTED = 0.01, 0.05


class TooFewEvents(ValueError):
    """Too few scattered events for a statement."""


@dataclass(frozen=True)
class Polarisation:
    """What the scattering angles of a burst tell.

    Args:
        verdict: in words: whether polarisation is shown, and if not, the limits.
        chance: probability that unpolarised light gives at least this degree.
        degree: sqrt(Q^2 + U^2); always above 0, so biased upwards when weak.
        degree_debiased: the same with the mean bias taken off.
        angle_deg: direction of polarisation, 0 to 180.
        error: 1 sigma of Q and of U, from the number of events.
        error_modulation: 1 sigma of the degree because the modulation is not known exactly.
        mdp99: degree that unpolarised light exceeds by chance in 1 % of all cases.
        source: scattered events of the burst above the background.
        background: expected background events among them.
        degree_median: of the posterior, with both errors.
        degree_68: shortest interval that holds 68 % of it; it begins at 0 where light may be unpolarised.
        degree_95: the same for 95 %.
        degree_99: the same for 99 %.
        limit_95: upper limit at 95 %.
        limit_99: upper limit at 99 %.
        angle_median_deg: of the posterior, around its peak.
        angle_68_deg: half width of its central 68 %.
    """

    verdict: str
    chance: float
    degree: float
    degree_debiased: float
    angle_deg: float
    error: float
    error_modulation: float
    mdp99: float
    source: float
    background: float
    degree_median: float
    degree_68: Interval
    degree_95: Interval
    degree_99: Interval
    limit_95: float
    limit_99: float
    angle_median_deg: float
    angle_68_deg: float


def measure_polarisation(
    angles_deg: Floats,
    background_deg: Floats,
    share: float,
    modulation: float,
    flat: Floats | None = None,
    *,
    modulation_error: float = 0.0,
) -> Polarisation:
    """Measure the polarisation of a burst.

    Args:
        angles_deg: scattering angles of the events in the time of the burst.
        background_deg: of events outside of it.
        share: background events expected in the time of the burst over those outside.
        modulation: mu, the modulation of light that is fully polarised.
        flat: response to unpolarised light in equal bins of 0 to 360 deg, any scale; events are weighted with its
            inverse. None: the detector is even.
        modulation_error: 1 sigma of the modulation.

    Raises:
        TooFewEvents: fewer than 20 events above the background.
    """
    seen, below = _weights(angles_deg, flat), _weights(background_deg, flat)
    background = share * float(below.sum())
    source = float(seen.sum()) - background
    if source < _LEAST_EVENTS:
        raise TooFewEvents(f"{source:.0f} scattered events above the background, {_LEAST_EVENTS} are needed")
    q, u = (
        -2.0
        / (source * modulation)
        * (float((seen * part(angles_deg)).sum()) - share * float((below * part(background_deg)).sum()))
        for part in (_cos2, _sin2)
    )
    noise = float((seen**2).sum()) + share**2 * float((below**2).sum())
    error = math.sqrt(2 * noise) / (source * modulation)
    degree, mdp99 = math.hypot(q, u), _MDP99 * math.sqrt(noise) / (source * modulation)
    # Light of no polarisation has a degree above P with probability exp(-P^2 / 2 sigma^2).
    chance = math.exp(-((degree / error) ** 2) / 2)
    spread = modulation_error / modulation
    found = posterior(q, u, error, spread)
    return Polarisation(
        verdict=_verdict(chance, mdp99, found.limit_95, found.limit_99),
        chance=chance,
        degree=degree,
        degree_debiased=degree - error**2 * -math.expm1(-((degree / error) ** 2)) / (2 * max(degree, 1e-12)),
        angle_deg=math.degrees(0.5 * math.atan2(u, q)) % 180,
        error=error,
        error_modulation=degree * spread,
        mdp99=mdp99,
        source=source,
        background=background,
        degree_median=found.median,
        degree_68=found.degree_68,
        degree_95=found.degree_95,
        degree_99=found.degree_99,
        limit_95=found.limit_95,
        limit_99=found.limit_99,
        angle_median_deg=found.angle_deg,
        angle_68_deg=found.angle_68_deg,
    )


def _verdict(chance: float, mdp99: float, limit_95: float, limit_99: float) -> str:
    below = f"degree below {100 * limit_95:.0f} % (95 %), {100 * limit_99:.0f} % (99 %)"
    if mdp99 >= 1:
        return f"no statement: unpolarised light exceeds 100 % by chance in 1 % of all cases or more (MDP99); {below}"
    seldom = f"unpolarised light gives as much in {100 * chance:.2g} % of all cases"
    if chance < _SHOWN:
        return f"polarised: {seldom}"
    if chance < _HINTED:
        return f"no polarisation shown, a hint at most: {seldom}; {below}"
    return f"no polarisation shown: {seldom}; {below}"


def _cos2(angle_deg: Floats) -> Floats:
    return np.asarray(np.cos(np.radians(2 * angle_deg)), dtype=np.float64)


def _sin2(angle_deg: Floats) -> Floats:
    return np.asarray(np.sin(np.radians(2 * angle_deg)), dtype=np.float64)


def _weights(angles_deg: Floats, flat: Floats | None) -> Floats:
    if flat is None:
        return np.ones(angles_deg.size)
    bins = np.minimum((angles_deg % 360) / 360 * flat.size, flat.size - 1).astype(int)
    weights: Floats = (flat.mean() / flat)[bins]
    return weights
