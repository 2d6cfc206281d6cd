"""How much wider than Poisson the noise of a curve is, per time scale.

Savchenko et al. 2012 (A&A 541, A122) and 2017 (A&A 603, A46): the rate of SPI-ACS is over-Poissonian, and more so on
longer scales, so the excess is measured on the scale it is used on, never once for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from science.bursts.curve import Curve, Floats
from science.bursts.windows import Windows, quiet_scores

Kind = Literal["scores", "differences"]

_MOST_SAMPLES = 2000
_LEAST_SAMPLES = 12
_FEW_SAMPLES = 100
_DOUBT = 1.7  # twice the relative error of such a width, times the root of the number of boxes
_CENTRAL = 100 * norm.cdf([-1.0, 1.0])


@dataclass(frozen=True)
class Noise:
    """Excess of the noise over Poisson at some widths.

    Args:
        widths: bins, ascending.
        ratio: standard deviation over that of Poisson noise, one per width.
    """

    widths: Floats
    ratio: Floats

    def at(self, width: float | Floats) -> Floats:
        """Return the ratio at other widths (bins), interpolated in the logarithm of the width."""
        return np.asarray(np.interp(np.log(width), np.log(self.widths), self.ratio))


def noise_of(curve: Curve, widths: Sequence[int], windows: Windows, kind: Kind = "scores") -> Noise:
    """Measure the noise on several widths, from the central 68 % of a sample that bursts and spikes do not move.

    It is never taken below Poisson. Widths with too few independent boxes take the value of the next shorter one, and
    so do those whose own value is above it within the error of few boxes: noise grows with the scale, or does not.

    Args:
        curve: the counts.
        widths: bins, ascending.
        windows: sums of the curve.
        kind: ``scores`` measures what a search compares, boxes with their background windows, and so includes slow
            noise; ``differences`` compares neighbouring boxes, which a bright burst spoils far less of.
    """
    ratios: list[float] = []
    for width in widths:
        boxes = curve.counts.size - width
        step = max(1, width // 4, boxes // _MOST_SAMPLES)
        sample = quiet_scores(windows, width, step) if kind == "scores" else _differences(windows, width, step)
        sample = sample[np.isfinite(sample)]
        before = ratios[-1] if ratios else 1.0
        independent = sample.size * min(1.0, step / width)
        if independent < _LEAST_SAMPLES:
            ratios.append(before)
            continue
        low, high = np.percentile(sample, _CENTRAL)
        measured = max(1.0, float(high - low) / 2)
        doubt = _DOUBT * measured / float(np.sqrt(independent)) if independent < _FEW_SAMPLES else 0.0
        ratios.append(before if before < measured < before + doubt else measured)
    return Noise(np.asarray(widths, dtype=np.float64), np.asarray(ratios))


def _differences(windows: Windows, width: int, step: int) -> Floats:
    """Return differences of neighbouring boxes over their Poisson noise; NaN where they are not live."""
    begin = np.arange(0, max(0, windows.counts.size - 2 * width), step)
    middle, end = begin + width, begin + 2 * width
    both = windows.counts[end] - windows.counts[begin]
    inside = (windows.live[end] - windows.live[begin] == 2 * width) & (both > 0)
    difference = both - 2 * (windows.counts[middle] - windows.counts[begin])
    return np.where(inside, difference / np.sqrt(np.maximum(both, 1.0)), np.nan)
