"""What a fit minimises: the deviance of counts from a model, for Gaussian and for Poisson errors, with a background.

Formulas of the XSPEC manual, appendix B ("Statistics in XSPEC"), with the terms of the data that make each zero where
the model agrees. Each function returns the signed root of every group's share: its squares add up to the statistic, so
that one minimiser of sums of squares serves all.
"""

from typing import Literal

import numpy as np

from services.spectral_fit.analysis.ogip_files import Array

StatisticName = Literal["chi2", "cstat", "wstat", "pgstat"]
_LEAST = 1e-25  # counts: a model below could not be compared with any count


def chi2(counts: Array, error: Array, model: Array) -> Array:
    """Return (data - model) / error; errors are Gaussian."""
    return (counts - model) / error


def cstat(counts: Array, model: Array) -> Array:
    """Return the roots of C (Cash 1979): counts of photons without a background."""
    model = np.maximum(model, _LEAST)
    return _root(_poisson(counts, model), counts - model)


def wstat(counts: Array, behind: Array, ratio: Array, model: Array) -> Array:
    """Return the roots of W: counts of photons, and counts of a background whose spectrum is not known.

    The expected background b of each group is the one that fits best, the positive root of
    ``r (1 + r) b^2 - (r (S + B) - (1 + r) m) b - B m = 0``.

    Args:
        counts: S.
        behind: B, counts of the background.
        ratio: r, of the background's counts beneath the source to those that were measured.
        model: m, expected counts of the source.
    """
    model = np.maximum(model, _LEAST)
    half = 0.5 * (ratio * (counts + behind) - (1.0 + ratio) * model)
    root = np.sqrt(half**2 + ratio * (1.0 + ratio) * behind * model)
    # Two forms of the same root: each is exact where the other loses all digits.
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(half >= 0.0, (half + root) / (ratio * (1.0 + ratio)), behind * model / (root - half))
    below = np.nan_to_num(np.maximum(below, 0.0))
    expected = model + ratio * below
    return _root(_poisson(counts, expected) + _poisson(behind, below), counts - expected)


def pgstat(counts: Array, behind: Array, error: Array, model: Array) -> Array:
    """Return the roots of PG: counts of photons, and a background beneath them with a Gaussian error.

    The expected counts x of source and background fit best, the positive root of ``x^2 - (m + B - e^2) x - S e^2 = 0``;
    a background is not negative.

    Args:
        counts: S.
        behind: B, counts of the background beneath the source.
        error: e, its error; 0 for a background that is known.
        model: m, expected counts of the source.
    """
    model = np.maximum(model, _LEAST)
    half = 0.5 * (model + behind - error**2)
    root = np.sqrt(half**2 + counts * error**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(half >= 0.0, half + root, counts * error**2 / (root - half))
    expected = np.maximum(np.nan_to_num(expected), model)
    off = np.divide(expected - model - behind, error, out=np.zeros_like(model), where=error > 0.0)
    return _root(_poisson(counts, expected) + off**2, counts - expected)


def _poisson(counts: Array, expected: Array) -> Array:
    """Return ``2 (m - S + S ln(S / m))``, not below 0 for the rounding."""
    ratio = np.divide(counts, expected, out=np.ones_like(expected), where=(counts > 0.0) & (expected > 0.0))
    return np.maximum(2.0 * (expected - counts + counts * np.log(ratio)), 0.0)


def _root(deviance: Array, sign: Array) -> Array:
    return np.copysign(np.sqrt(deviance), sign)
