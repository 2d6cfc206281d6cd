"""What arrival times tell: light travel to the centre of the Earth, and the annulus of two spacecraft.

Triangulation as the Interplanetary Network does it (Hurley et al. 2013, ApJS 207, 39).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from science.bursts.curve import Curve, Floats

LIGHT_KM_S = 299792.458
_LEAST_COMMON = 10
_TROUGH = 9.0


class Unphysical(ValueError):
    """The delay is longer than light takes between the spacecraft: no source explains it."""


@dataclass(frozen=True)
class Annulus:
    """Directions that explain a delay between two spacecraft.

    Args:
        ra: of the centre, deg (ICRS).
        dec: of the centre, deg.
        radius: deg.
        half_width: 1 sigma, deg.
        baseline_s: light travel time between the spacecraft.
    """

    ra: float
    dec: float
    radius: float
    half_width: float
    baseline_s: float


def direction(ra: float, dec: float) -> Floats:
    """Return the unit vector of a direction given in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def delay_at_geocentre(position_km: ArrayLike, ra: float, dec: float) -> float:
    """Return how much later the centre of the Earth sees a wave than a spacecraft does, s.

    Args:
        position_km: of the spacecraft from the centre of the Earth, km (equatorial J2000), shape (3,).
        ra: direction of the source, deg.
        dec: its declination, deg.
    """
    return float(np.asarray(position_km, dtype=float) @ direction(ra, dec)) / LIGHT_KM_S


def annulus(first_km: ArrayLike, second_km: ArrayLike, delay_s: float, error_s: float) -> Annulus:
    """Return the annulus of a delay.

    cos(radius) = delay / D about the direction from the first craft to the second, half width = error / (D sin radius).

    Args:
        first_km: position of the first craft, km, shape (3,).
        second_km: of the second.
        delay_s: arrival at the first less arrival at the second, s: positive when the second is hit first.
        error_s: 1 sigma of the delay, clocks included, s.

    Raises:
        Unphysical: the delay exceeds the baseline by more than three sigma.
    """
    baseline = (np.asarray(second_km, dtype=float) - np.asarray(first_km, dtype=float)) / LIGHT_KM_S
    length = float(np.linalg.norm(baseline))
    if length == 0 or abs(delay_s) > length + 3 * error_s:
        text = f"a delay of {delay_s:.3f} +- {error_s:.3f} s does not fit a baseline of {length:.3f} s: not one source"
        raise Unphysical(text)
    cosine = float(np.clip(delay_s / length, -1.0, 1.0))
    # Near the poles of the baseline the annulus becomes a disc: its width is where the cosine changes by one sigma.
    inner, outer = (np.arccos(np.clip(cosine + sign * error_s / length, -1.0, 1.0)) for sign in (1, -1))
    x, y, z = baseline / length
    return Annulus(
        ra=float(np.degrees(np.arctan2(y, x)) % 360),
        dec=float(np.degrees(np.arcsin(z))),
        radius=float(np.degrees(np.arccos(cosine))),
        half_width=float(np.degrees(outer - inner)) / 2,
        baseline_s=length,
    )


def delay_between(
    first: Curve,
    second: Curve,
    longest_s: float,
    *,
    ratio: float = 1.0,
    second_variance: Floats | None = None,
) -> tuple[float, float]:
    """Return the delay of one curve after another and its 1 sigma error, s, from chi2 over all lags.

    The second curve, scaled and with a constant added, is fitted to the first at each lag; bins that either lacks are
    left out. The two must have the same spectrum: a burst that is longer at low energies shifts the delay.

    Args:
        first: counts of the first craft around the burst.
        second: of the second, in bins of the same length; its clock must cover the lags. Its counts may be rates times
            the bin, less a background.
        longest_s: greatest lag, s: the baseline.
        ratio: of the noise of the first curve to Poisson noise.
        second_variance: of each bin of the second, counts^2; its counts when left out.

    Raises:
        ValueError: the bins differ, or the second curve does not cover the first with all lags.
    """
    if not np.isclose(first.bin_s, second.bin_s):
        raise ValueError(f"bins of {first.bin_s} s and {second.bin_s} s cannot be compared")
    step, size = first.bin_s, first.counts.size
    offset = (first.start_s - second.start_s) / step
    reach = int(np.ceil(longest_s / step)) + 2
    lags = np.arange(-reach, reach + 1)
    begins = np.round(offset - lags).astype(int)
    if begins.min() < 0 or begins.max() + size > second.counts.size:
        raise ValueError("the second curve must cover the first and the longest lag on both sides")
    exact = (offset - begins) * step  # lag that each comparison really has, s
    variance = ratio**2 * np.maximum(first.counts, 1.0)
    others = np.maximum(second.counts, 1.0) if second_variance is None else second_variance
    chi2 = np.empty(lags.size)
    for place, begin in enumerate(begins):
        span = slice(begin, begin + size)
        both = first.live & second.live[span]
        if both.sum() < _LEAST_COMMON:
            raise ValueError(
                f"the two curves have fewer than {_LEAST_COMMON} bins in common: there are gaps in the burst"
            )
        design = np.column_stack((second.counts[span][both], np.ones(int(both.sum()))))
        weighted = design / variance[both, None]
        fit = np.linalg.solve(weighted.T @ design, weighted.T @ first.counts[both])
        noise = variance[both] + fit[0] ** 2 * others[span][both]
        # Per bin: gaps would else favour the lags at which more of the burst falls into them.
        chi2[place] = float((((first.counts[both] - design @ fit) ** 2) / noise).mean()) * size
    delay, error = _lowest(exact, chi2, step)
    # Light that changes within a bin is placed no better than the bin.
    return delay, float(np.hypot(error, step / np.sqrt(12)))


def _lowest(lags_s: Floats, chi2: Floats, step: float) -> tuple[float, float]:
    """Return the place and the 1 sigma width of the lowest point of a noisy chi2, from a parabola over its trough.

    The parabola takes the lags around the lowest one up to the first, on each side, that is 9 above it; five at least.
    """
    best = int(np.argmin(chi2))
    high = np.flatnonzero(chi2 > chi2[best] + _TROUGH)
    below, above = high[high < best], high[high > best]
    first = min(int(below[-1]) + 1 if below.size else 0, max(best - 2, 0))
    last = max(int(above[0]) if above.size else chi2.size, best + 3)
    curve = np.polynomial.Polynomial.fit(lags_s[first:last] - lags_s[best], chi2[first:last], 2).convert().coef
    if curve.size < 3 or curve[2] <= 0:
        return float(lags_s[best]), float("inf")
    shift = -curve[1] / (2 * curve[2])
    widest = 0.5 * (last - first) * step
    return float(lags_s[best] + np.clip(shift, -widest, widest)), float(1 / np.sqrt(curve[2]))
