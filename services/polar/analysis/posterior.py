"""Posterior of degree and angle of polarisation from measured Stokes parameters.

Q and U are Gaussian, the prior is even in degree (0 to 1) and angle (Quinn 2012, A&A 538, A65). That the modulation is
not known exactly scales both: the posterior is the mean over its Gaussian.
"""

import math
from dataclasses import dataclass

import numpy as np

from science.bursts.curve import Floats

Interval = tuple[float, float]

_SIGMAS = 6.0
_DEGREES, _ANGLES = 400, 200
_SCALES = np.linspace(-2.5, 2.5, 11)  # sigma of the modulation


@dataclass(frozen=True)
class Posterior:
    """What is known of a polarisation.

    Args:
        median: of the degree.
        degree_68: shortest interval that holds 68 %.
        degree_95: the same for 95 %.
        degree_99: the same for 99 %.
        limit_95: degree below which 95 % lie.
        limit_99: the same for 99 %.
        angle_deg: median of the angle, around its peak, 0 to 180.
        angle_68_deg: half width of its central 68 %.
    """

    median: float
    degree_68: Interval
    degree_95: Interval
    degree_99: Interval
    limit_95: float
    limit_99: float
    angle_deg: float
    angle_68_deg: float


def posterior(q: float, u: float, error: float, spread: float = 0.0) -> Posterior:
    """Return the posterior.

    Args:
        q: degree times cos 2 angle, for the assumed modulation.
        u: degree times sin 2 angle.
        error: 1 sigma of each.
        spread: 1 sigma of the modulation over the assumed one.
    """
    length = math.hypot(q, u)
    scales = np.array([1.0]) if spread <= 0 else np.maximum(1 + spread * _SCALES, 0.05)
    shares = np.array([1.0]) if spread <= 0 else np.exp(-(_SCALES**2) / 2)
    # Only what lies within six sigma of the measured value has any weight.
    low = max(0.0, min((length - _SIGMAS * error) / float(scales.max()), 1.0 - _SIGMAS * error))
    high = min(1.0, (length + _SIGMAS * error) / float(scales.min()))
    step = (high - low) / _DEGREES
    degree = low + step * (np.arange(_DEGREES) + 0.5)
    widest = min(math.pi / 2, _SIGMAS * error / (2 * length)) if length > _SIGMAS * error else math.pi / 2
    turn = widest * (2 * (np.arange(_ANGLES) + 0.5) / _ANGLES - 1)  # from the most likely angle
    weight = np.zeros((_DEGREES, _ANGLES))
    lowest = (max(length - float(scales.max()), 0.0) / error) ** 2 / 2  # of all: no exponent leaves the range
    for scale, share in zip(scales, shares, strict=True):
        seen = scale * degree[:, None]
        off = (seen**2 + length**2 - 2 * seen * length * np.cos(2 * turn)) / (2 * error**2)
        weight += share * np.exp(-(off - lowest))
    density = weight.sum(axis=1)
    grown = np.concatenate(([0.0], np.cumsum(density)))
    grown /= grown[-1]
    edges = np.asarray(low + step * np.arange(_DEGREES + 1), dtype=np.float64)
    median, limit_95, limit_99 = np.interp(np.array([0.5, 0.95, 0.99]), grown, edges)
    around = np.concatenate(([0.0], np.cumsum(weight.sum(axis=0))))
    sides = widest * (2 * np.arange(_ANGLES + 1) / _ANGLES - 1)
    left, middle, right = np.interp(np.array([0.16, 0.5, 0.84]) * around[-1], around, sides)
    return Posterior(
        median=float(median),
        degree_68=_shortest(grown, edges, 0.68),
        degree_95=_shortest(grown, edges, 0.95),
        degree_99=_shortest(grown, edges, 0.99),
        limit_95=float(limit_95),
        limit_99=float(limit_99),
        angle_deg=math.degrees(0.5 * math.atan2(u, q) + float(middle)) % 180,
        angle_68_deg=math.degrees(float(right - left)) / 2,
    )


def _shortest(grown: Floats, edges: Floats, share: float) -> Interval:
    """Return the shortest interval that holds a share of a distribution, from its sum up to each edge."""
    begins = edges[grown <= 1 - share]
    ends = np.interp(np.interp(begins, edges, grown) + share, grown, edges)
    best = int(np.argmin(ends - begins))
    return float(begins[best]), float(ends[best])
