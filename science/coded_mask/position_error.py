"""Radius of 90 % probability of a fitted position."""

import numpy as np
from numpy.typing import NDArray

R90 = 2.146
"""Radius of 90 % probability of a round two-dimensional Gaussian, in units of its sigma."""


def radius90_arcmin(covariance: NDArray[np.float64]) -> float:
    """Radius of 90 % probability, arcmin, of a covariance of tangents (geometric mean of the axes)."""
    area = max(float(np.linalg.det(covariance)), 0.0) ** 0.25
    return float(np.degrees(R90 * area) * 60.0)
