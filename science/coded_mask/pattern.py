"""The scatter of a camera's background from pixel to pixel, as far as a map of it is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pattern:
    """How the background of pixels differs from a smooth shape, detector shape.

    Args:
        image: background over its smooth shape, minus 1.
        error: 1 sigma error of ``image``; the scatter of the pixels itself where nothing is known.
    """

    image: NDArray[np.float64]
    error: NDArray[np.float64]

    def typical_error(self, live: NDArray[np.bool_]) -> float:
        """Median error over the pixels in use."""
        return float(np.median(self.error[live])) if live.any() else 0.0


def pattern_of(
    counts: NDArray[np.float64], smooth: NDArray[np.float64], variance: NDArray[np.float64] | None = None
) -> Pattern:
    """Return the pattern that accumulated counts show.

    The ratio of counts and smooth background scatters by the true scatter s of the pixels and by the noise of the
    counts, n. The best estimate is the ratio minus 1 times s^2 / (s^2 + n^2), its variance s^2 n^2 / (s^2 + n^2).

    Args:
        counts: of the background alone: the models of sources are subtracted.
        smooth: smooth background fitted to the same exposures; 0 where a pixel was never used.
        variance: of the counts; the smooth background by default.
    """
    known = smooth > 0.0
    if not known.any():
        return Pattern(np.zeros(smooth.shape), np.zeros(smooth.shape))
    level = np.where(known, smooth, 1.0)
    ratio = np.where(known, counts / level - 1.0, 0.0)
    noise = np.where(known, (level if variance is None else variance) / level**2, np.inf)
    scatter = max(float(np.mean(ratio[known] ** 2 - noise[known])), 0.0)
    share = scatter / (scatter + noise) if scatter > 0.0 else np.zeros(smooth.shape)
    return Pattern(share * ratio, np.sqrt(scatter * (1.0 - share)))
