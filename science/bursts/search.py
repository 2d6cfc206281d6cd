"""Search of a curve for excesses on all time scales."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.bursts.curve import Curve, Flags, Floats
from science.bursts.kernel import best_boxes
from science.bursts.noise import Noise, noise_of
from science.bursts.windows import Windows, steady_windows, windows_of, without

_BRIGHT = 6.0  # below what a search reports: nothing that it finds is in its own background
SPIKE_SHARE = 0.75
"""Share that two neighbouring bins hold of a spike: cosmic rays fall on edges and leave an afterglow."""

_SPIKE_BINS = 2
_NOISE_WIDTHS = 12
_NEVER = 1e7  # counts per bin that no detector sees


@dataclass(frozen=True)
class Excess:
    """A box with more counts than its background.

    Args:
        first: its first bin.
        width: bins.
        score: excess over noise.
        counts: excess counts.
        error: 1 sigma of the excess counts.
        background: counts expected in the box.
        spike: one bin or two neighbours hold nearly all of it, as is the case for cosmic rays.
    """

    first: int
    width: int
    score: float
    counts: float
    error: float
    background: float
    spike: bool

    @property
    def centre(self) -> float:
        """Its middle, bins."""
        return self.first + 0.5 * self.width


@dataclass(frozen=True)
class Search:
    """What a search of one curve gave.

    Args:
        curve: that was searched.
        excesses: above the threshold, highest score first; of overlapping ones the best leads.
        episodes: the same above 6 sigma, whatever the threshold: what no background is to be taken from.
        noise: that the scores are relative to.
        score: best score of the boxes that begin at each bin, shape (n,).
        bright: bins that are far above the noise on some scale, shape (n,).
    """

    curve: Curve
    excesses: tuple[Excess, ...]
    episodes: tuple[Excess, ...]
    noise: Noise
    score: NDArray[np.float32]
    bright: Flags


def all_widths(longest: int) -> NDArray[np.int64]:
    """Every width from one bin to *longest*."""
    return np.arange(1, longest + 1, dtype=np.int64)


def spaced_widths(longest: int, number: int = 40) -> NDArray[np.int64]:
    """At most *number* widths from one bin to *longest*, evenly spaced in the logarithm."""
    return np.unique(np.round(np.geomspace(1, max(1, longest), number)).astype(np.int64))


def search(curve: Curve, widths: Sequence[int] | NDArray[np.int64], threshold: float) -> Search:
    """Find all excesses above a threshold.

    The background is the mean of two windows of 60 s, one second beside the box; the noise is measured per width. Where
    a coarse pass against a running median finds something bright, no background is taken from it.

    Args:
        curve: the counts.
        widths: of the boxes, bins, ascending.
        threshold: sigma.
    """
    chosen = np.asarray(widths, dtype=np.int64)
    chosen = chosen[chosen <= curve.counts.size]
    if not chosen.size or not curve.live.any():
        nowhere = np.zeros(curve.counts.size, dtype=bool)
        nothing = np.full(nowhere.size, -np.inf, np.float32)
        return Search(curve, (), (), Noise(np.ones(1), np.ones(1)), nothing, nowhere)
    windows = windows_of(curve)
    some = spaced_widths(int(chosen[-1]), _NOISE_WIDTHS).tolist()
    # Neighbouring boxes tell the noise before it is known where the bursts are, and a median does not see them.
    few, coarse = np.asarray(some, dtype=np.int64), noise_of(curve, some, windows, "differences")
    steady = steady_windows(curve, windows)
    bright = _bright(*_boxes(curve, steady, few, coarse))
    if bright.any():
        windows = without(curve, windows, bright, steady)
    noise = noise_of(curve, some, windows)
    best, width = _boxes(curve, windows, chosen, noise)
    # A lower threshold adds to the list and takes nothing from it: the highest come first.
    leaders = _leaders(best, width, min(threshold, _BRIGHT))
    found = [_excess(curve, windows, noise, place, size) for place, size in leaders]
    excesses = tuple(one for one in found if best[one.first] > threshold)
    return Search(curve, excesses, tuple(one for one in found if best[one.first] > _BRIGHT), noise, best, bright)


def measured_rate(search: Search, score: float, apart: tuple[float, float]) -> tuple[float, float]:
    """Rate of excesses at least as high as *score* outside a part of the curve, and the live time it is from.

    Args:
        search: done with a threshold that is not above *score*.
        score: sigma.
        apart: begin and end of the part that is left out, bins.

    Returns:
        rate in 1/s, one excess added so that none seen gives a limit; live time, s.
    """
    curve = search.curve
    outside = curve.live.copy()
    outside[max(0, int(apart[0])) : max(0, int(apart[1]))] = False
    live_s = float(outside.sum()) * curve.bin_s
    seen = sum(one.score >= score and not apart[0] <= one.centre <= apart[1] for one in search.excesses)
    return (seen + 1) / live_s if live_s else float("inf"), live_s


def measured_fap(rate: float, delay_s: float, ceiling: float) -> float:
    """Probability that chance gives an excess as rare and as near to the trigger, or any pair that weighs as much.

    Chance excesses fill the plane of rate and delay evenly, so the area below ``2 |dt| rate = x`` is the expected
    number: 1 - exp(-x (1 + ln(ceiling / x))). The logarithm is the price of ranking near and rare together.

    Args:
        rate: of excesses at least as high, 1/s.
        delay_s: from the trigger, s.
        ceiling: expected number of excesses above the threshold of the list in the searched window.
    """
    x = min(rate * 2 * abs(delay_s), ceiling)
    if x <= 0 or not np.isfinite(x):
        return 0.0 if x == 0 else 1.0
    return float(-np.expm1(-x * (1 + np.log(ceiling / x))))


def _boxes(
    curve: Curve, windows: Windows, widths: NDArray[np.int64], noise: Noise
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the best score of the boxes that begin at each bin, and the width of the best box."""
    ratio = noise.at(widths.astype(np.float64))
    square, width = best_boxes(
        windows.counts,
        _run_lengths(curve.live),
        np.where(windows.usable_left, windows.left, _NEVER),
        np.where(windows.usable_right, windows.right, _NEVER),
        curve.counts.sum() / float(curve.live.sum()),
        widths,
        (1 / (ratio**2 * widths * (1 + widths / (2 * windows.side)))).astype(np.float32),
    )
    return np.sign(square) * np.sqrt(np.abs(square)), width


def _bright(best: NDArray[np.float32], width: NDArray[np.int32]) -> Flags:
    """Flag every bin of a box that is far above the noise, and a quarter as much again on both sides."""
    steps = np.zeros(best.size + 1)
    for first in np.flatnonzero(best > _BRIGHT):
        pad = int(width[first]) // 4 + 1
        steps[max(0, int(first) - pad)] += 1
        steps[min(best.size, int(first) + int(width[first]) + pad)] -= 1
    return np.cumsum(steps)[:-1] > 0


def _run_lengths(live: Flags) -> NDArray[np.int32]:
    """Return the number of live bins in a row from each of the n + 1 bin edges on."""
    edges = np.arange(live.size + 1)
    dead = np.where(np.append(~live, True), edges, live.size)
    lengths: NDArray[np.int32] = (np.minimum.accumulate(dead[::-1])[::-1] - edges).astype(np.int32)
    return lengths


def _leaders(best: NDArray[np.float32], width: NDArray[np.int32], threshold: float) -> list[tuple[int, int]]:
    """Choose the excesses: highest first; one whose middle is nearer to a leader than the larger width joins it."""
    inner = np.concatenate(([np.float32(-100)], best, [np.float32(-100)]))
    peaks = np.flatnonzero((best > threshold) & (best >= inner[:-2]) & (best > inner[2:]))
    middles: list[float] = []
    reach: dict[float, int] = {}
    leaders = []
    longest = 0
    for first in peaks[np.argsort(-best[peaks], kind="stable")]:
        size = int(width[first])
        middle = float(first) + 0.5 * size
        span = max(size, longest)
        near = middles[bisect_left(middles, middle - span) : bisect_left(middles, middle + span)]
        if any(abs(middle - other) < max(size, reach[other]) for other in near):
            continue
        insort(middles, middle)
        reach[middle] = max(size, reach.get(middle, 0))
        longest = max(longest, size)
        leaders.append((int(first), size))
    return leaders


def _excess(curve: Curve, windows: Windows, noise: Noise, first: int, width: int) -> Excess:
    end = first + width
    b = 0.5 * float(windows.left[first] + windows.right[end])
    counts = windows.counts[end] - windows.counts[first] - b * width
    error = float(noise.at(width)) * np.sqrt(b * width * (1 + width / (2 * windows.side)))
    around = curve.counts[max(0, first - 1) : end + 1] - b  # a box of one bin may be half of a spike
    pairs: Floats = np.convolve(around, np.ones(_SPIKE_BINS), mode="valid")
    spike = bool(pairs.size and pairs.max() > SPIKE_SHARE * counts)
    return Excess(first, width, float(counts / error), float(counts), float(error), float(b * width), spike)
