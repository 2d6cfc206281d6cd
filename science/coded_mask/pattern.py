"""The scatter of a camera's background from pixel to pixel, as far as a map of it is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BLOCK = 2048
"""Pixels at a time: their matrices for 18 groups then take 5 MB."""


@dataclass(frozen=True)
class Pattern:
    """How the background of pixels differs from a smooth shape, detector shape.

    Args:
        image: background over its smooth shape, minus 1.
        error: 1 sigma error of ``image``; the scatter of the pixels itself where nothing is known.
    """

    image: Array
    error: Array

    def typical_error(self, live: NDArray[np.bool_]) -> float:
        """Median error over the pixels in use."""
        return float(np.median(self.error[live])) if live.any() else 0.0


@dataclass(frozen=True)
class Patterns:
    """The same in several energy groups, with what their errors have in common.

    Args:
        image: of each group, shape (groups, *detector).
        covariance: of the groups, of each pixel, shape (*detector, groups, groups).
    """

    image: Array
    covariance: Array

    def band(self, level: Array) -> Pattern:
        """Return the pattern of the sum of groups.

        Args:
            level: background of each group in the sum, shape (groups,), not all 0.
        """
        weight = level / level.sum()
        used = np.flatnonzero(weight)
        covariance = self.covariance[..., used[:, None], used]
        variance = np.einsum("...gh,g,h->...", covariance, weight[used], weight[used])
        return Pattern(np.tensordot(weight[used], self.image[used], 1), np.sqrt(np.maximum(variance, 0.0)))


def patterns_of(counts: Array, smooth: Array, variance: Array | None = None) -> Patterns:
    """Return the patterns that accumulated counts show in several energy groups.

    The ratios q of counts and smooth background, minus 1, scatter by the true scatter of the pixels and by the noise of
    the counts, ``<q q^T> = K + diag(n^2)``. K tells how alike the groups are: where the pattern is the same, each knows
    as much as all together. The best estimate of a pixel is ``(1 + K W)^-1 K W q``, W = diag(n^-2), its covariance
    ``(1 + K W)^-1 K`` (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, eq. 2.25 and 2.26).

    Args:
        counts: of the background alone, shape (groups, *detector): the models of sources are subtracted.
        smooth: smooth background fitted to the same exposures; 0 where a pixel was never used.
        variance: of the counts; the smooth background by default.
    """
    groups, shape = len(counts), counts.shape[1:]
    level = smooth.reshape(groups, -1)
    known = level > 0.0
    safe = np.where(known, level, 1.0)
    ratio = np.where(known, counts.reshape(groups, -1) / safe - 1.0, 0.0)
    noise = np.where(known, (level if variance is None else variance.reshape(groups, -1)) / safe**2, 0.0)
    scatter = _scatter(ratio, noise, known)
    precision = np.divide(1.0, noise, out=np.zeros_like(noise), where=noise > 0.0)
    image, covariance = np.empty_like(ratio), np.empty((level.shape[1], groups, groups))
    for first in range(0, level.shape[1], _BLOCK):
        block = slice(first, first + _BLOCK)
        matrix = np.eye(groups) + scatter * precision[:, block].T[:, None, :]
        covariance[block] = np.linalg.solve(matrix, np.broadcast_to(scatter, matrix.shape))
        image[:, block] = np.einsum("pgh,hp->gp", covariance[block], precision[:, block] * ratio[:, block])
    return Patterns(image.reshape(counts.shape), covariance.reshape(*shape, groups, groups))


def _scatter(ratio: Array, noise: Array, known: NDArray[np.bool_]) -> Array:
    """Return the covariance K of the groups that pixels show beyond their noise.

    Of n pixels and g groups without any pattern the eigenvalues scatter within ``2 sqrt(g / n) + g / n`` of the noise
    (Marchenko and Pastur 1967, Math. USSR-Sbornik 1, 457): what lies below is no pattern.
    """
    together = known.astype(np.float64)
    pairs = np.maximum(together @ together.T, 1.0)
    mean = noise.sum(axis=1) / np.diag(pairs)
    unit = np.sqrt(np.where(mean > 0.0, mean, 1.0))
    covariance = (ratio @ ratio.T) / pairs - np.diag(mean)
    values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
    share = len(ratio) / max(float(together.sum(axis=1).max()), 1.0)
    significant = values > 2.0 * np.sqrt(share) + share
    found: Array = np.outer(unit, unit) * ((vectors * (values * significant)) @ vectors.T)
    return found
