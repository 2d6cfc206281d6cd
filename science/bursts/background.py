"""The background under a burst: a polynomial fitted beside it."""

from dataclasses import dataclass

import numpy as np

from science.bursts.curve import Curve, Flags, Floats

CUBIC = 3
_LEAST_BINS = 12


class TooLittleBackground(ValueError):
    """The bins beside the burst do not suffice for a fit."""


@dataclass(frozen=True)
class Background:
    """Counts per bin that would be there without the burst.

    Args:
        counts: of a bin that is not dead at all, shape (n,).
        design: Legendre polynomials at the bins, shape (n, degree + 1).
        covariance: of their coefficients, for Poisson noise.
    """

    counts: Floats
    design: Floats
    covariance: Floats

    def sum_variance(self, first: int, last: int) -> float:
        """Variance of the background counts summed over some bins, from the fit alone."""
        row = self.design[first:last].sum(axis=0)
        return float(row @ self.covariance @ row)


def polynomial_background(curve: Curve, source: Flags, degree: int = CUBIC) -> Background:
    """Fit a polynomial to the live bins outside the source, less dead time, weighted with their Poisson errors.

    Args:
        curve: the counts.
        source: shape (n,), bins that the burst may be in.
        degree: of the polynomial; a constant makes the durations of long bursts far too long on a drifting rate.

    Raises:
        TooLittleBackground: too few bins are left.
    """
    share = curve.share
    used = curve.live & ~source & (share > 0)
    if used.sum() < _LEAST_BINS:
        raise TooLittleBackground(f"{int(used.sum())} bins beside the burst, {_LEAST_BINS} are needed")
    seen, share = curve.counts[used] / share[used], share[used]
    x = np.linspace(-1.0, 1.0, curve.counts.size)
    design = np.polynomial.legendre.legvander(x, degree)
    variance = np.full(seen.size, max(float(np.mean(seen)), 1e-3)) / share
    for _ in range(2):
        weighted = design[used] / variance[:, None]
        covariance = np.linalg.inv(weighted.T @ design[used])
        level = design @ (covariance @ (weighted.T @ seen))
        variance = np.maximum(level[used], 1e-3 * max(float(np.mean(seen)), 1e-3)) / share
    return Background(np.asarray(level, dtype=np.float64), np.asarray(design, dtype=np.float64), np.asarray(covariance))
