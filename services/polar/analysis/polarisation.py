"""Polarisation from the scattering angles of a burst.

Kislat et al. 2015 (Astropart. Phys. 68, 45) for the Stokes parameters of single events; Weisskopf et al. 2010 (Proc.
SPIE 7732) for the minimum detectable polarisation. Photons scatter preferably at right angles to their polarisation:
N(phi) ~ 1 - mu P cos 2(phi - PA), so the direction of polarisation lies 90 deg from the maximum of the modulation.
Angles are in the frame that the scattering angles are given in.
"""

import math
from dataclasses import dataclass

import numpy as np

from science.bursts.curve import Floats

_MDP99 = 4.29
_LEAST_EVENTS = 20
_SIGMAS = 6.0
_MIDDLES = (np.arange(200) + 0.5) / 200


class TooFewEvents(ValueError):
    """Too few scattered events for a statement."""


@dataclass(frozen=True)
class Polarisation:
    """What the scattering angles of a burst tell.

    Args:
        degree: sqrt(Q^2 + U^2), biased upwards when weak.
        angle_deg: direction of polarisation, 0 to 180.
        error: 1 sigma of Q and of U.
        mdp99: degree that unpolarised light exceeds by chance in 1 % of all cases.
        source: scattered events of the burst above the background.
        background: expected background events among them.
        degree_median: of the posterior.
        degree_68: its central 68 %.
        degree_99: its upper limit at 99 %.
        angle_median_deg: of the posterior, around its peak.
        angle_68_deg: half width of its central 68 %.
    """

    degree: float
    angle_deg: float
    error: float
    mdp99: float
    source: float
    background: float
    degree_median: float
    degree_68: tuple[float, float]
    degree_99: float
    angle_median_deg: float
    angle_68_deg: float


def measure_polarisation(
    angles_deg: Floats, background_deg: Floats, share: float, modulation: float, flat: Floats | None = None
) -> Polarisation:
    """Measure the polarisation of a burst.

    Args:
        angles_deg: scattering angles of the events in the time of the burst.
        background_deg: of events outside of it.
        share: live time of the burst over live time of the background.
        modulation: mu, the modulation of light that is fully polarised.
        flat: response to unpolarised light in equal bins of 0 to 360 deg, any scale; events are weighted with its
            inverse. None: the detector is even.

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
    degree, angle = math.hypot(q, u), math.degrees(0.5 * math.atan2(u, q)) % 180
    median, low, high, limit, angle_median, half = _posterior(q, u, error)
    return Polarisation(
        degree=degree,
        angle_deg=angle,
        error=error,
        mdp99=_MDP99 * math.sqrt(noise) / (source * modulation),
        source=source,
        background=background,
        degree_median=median,
        degree_68=(low, high),
        degree_99=limit,
        angle_median_deg=angle_median,
        angle_68_deg=half,
    )


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


def _posterior(q: float, u: float, error: float) -> tuple[float, float, float, float, float, float]:
    """Return median, 16 %, 84 % and 99 % of the degree, median and half width of the angle.

    Q and U are Gaussian; the prior is even in degree (0 to 1) and angle.
    """
    best, length = 0.5 * math.atan2(u, q), math.hypot(q, u)
    # Only what lies within six sigma of the measured value has any weight.
    low, high = max(0.0, min(length, 1.0) - _SIGMAS * error), min(1.0, length + _SIGMAS * error)
    degree = low + (high - low) * _MIDDLES
    widest = min(math.pi / 2, _SIGMAS * error / (2 * length)) if length > _SIGMAS * error else math.pi / 2
    turn = widest * (2 * _MIDDLES - 1)  # from the most likely angle
    off = (degree[:, None] ** 2 - 2 * degree[:, None] * length * np.cos(2 * turn)) / (2 * error**2)
    weight = np.exp(-(off - off.min()))
    grown = np.cumsum(weight.sum(axis=1))
    half = 0.5 * (high - low) / _MIDDLES.size  # what is summed up to a cell lies below its upper edge
    below, median, above, limit = np.interp(np.array([0.16, 0.5, 0.84, 0.99]) * grown[-1], grown, degree + half)
    around = np.cumsum(weight.sum(axis=0))
    left, middle, right = np.interp(np.array([0.16, 0.5, 0.84]) * around[-1], around, turn + widest / _MIDDLES.size)
    angle = math.degrees(best + middle) % 180
    return float(median), float(below), float(above), float(limit), angle, math.degrees(right - left) / 2
