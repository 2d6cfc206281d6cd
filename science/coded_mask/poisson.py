"""Significance of Poisson counts against a known expectation."""

import numpy as np
from numpy.typing import NDArray


def significance(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed square root of the likelihood ratio; Gaussian sigma for many counts, valid for few."""
    safe = np.maximum(expected, 1e-12)
    log = np.where(counts > 0, counts * np.log(np.maximum(counts, 1e-12) / safe), 0.0)
    ratio: NDArray[np.float64] = np.sign(counts - safe) * np.sqrt(np.maximum(2.0 * (log - (counts - safe)), 0.0))
    return ratio
