"""Box sums and the background beside a box, for all places of a curve at once."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from science.bursts.curve import Curve, Flags, Floats

Places = NDArray[np.int64]

SIDE_S = 60.0
"""Length of each of the two background windows, s."""
GUARD_S = 1.0
"""Distance of the background windows from the box, s: the burst is kept out of its own background."""

_LEAST_SHARE = 0.4
_MEDIAN_BIN_S = 10.0
_MEDIAN_SPAN_S = 600.0
_LOPSIDED = 2.0  # bins of the median
_LEAST_OF_A_LINE = 5


@dataclass(frozen=True)
class Windows:
    """Sums of a curve at its n + 1 bin edges, in float64.

    Args:
        counts: counts before the edge.
        live: live bins before it.
        quiet: live bins before it that have no burst in them.
        left: mean of the background window that ends one guard before it, counts per bin.
        right: mean of the one that begins one guard after it.
        usable_left: whether at least 40 % of the left window is live.
        usable_right: the same for the right one.
        side: length of a background window, bins.
    """

    counts: Floats
    live: Floats
    quiet: Floats
    left: Floats
    right: Floats
    usable_left: Flags
    usable_right: Flags
    side: int


def windows_of(curve: Curve) -> Windows:
    """Return the sums of a curve."""
    counts = np.concatenate(([0.0], np.cumsum(np.where(curve.live, curve.counts, 0.0))))
    live = np.concatenate(([0.0], np.cumsum(curve.live, dtype=np.float64)))
    side, guard = max(1, round(SIDE_S / curve.bin_s)), round(GUARD_S / curve.bin_s)
    left, n_left = _mean(counts, live, -guard - side, -guard)
    right, n_right = _mean(counts, live, guard, guard + side)
    least = _LEAST_SHARE * side
    return Windows(counts, live, live, left, right, n_left >= least, n_right >= least, side)


def without(curve: Curve, windows: Windows, bursts: Flags, steady: Windows) -> Windows:
    """Return the sums with a background that is taken from outside of some bursts.

    Args:
        curve: the counts.
        windows: its sums.
        bursts: shape (n,), bins that have a burst in them.
        steady: sums that stand in where a burst takes up more than 60 % of a window.
    """
    quiet = curve.live & ~bursts
    counts = np.concatenate(([0.0], np.cumsum(np.where(quiet, curve.counts, 0.0))))
    live = np.concatenate(([0.0], np.cumsum(quiet, dtype=np.float64)))
    guard = round(GUARD_S / curve.bin_s)
    left, n_left = _mean(counts, live, -guard - windows.side, -guard)
    right, n_right = _mean(counts, live, guard, guard + windows.side)
    least = _LEAST_SHARE * windows.side
    return replace(
        windows,
        quiet=live,
        left=np.where(n_left >= least, left, steady.left),
        right=np.where(n_right >= least, right, steady.right),
    )


def _mean(counts: Floats, live: Floats, begin: int, end: int) -> tuple[Floats, Floats]:
    """Return the mean over a window at each bin edge, counts per bin, and its live bins."""
    edge, last = np.arange(counts.size), counts.size - 1
    low, high = np.clip(edge + begin, 0, last), np.clip(edge + end, 0, last)
    n: Floats = live[high] - live[low]
    return (counts[high] - counts[low]) / np.maximum(n, 1.0), n


def steady_windows(curve: Curve, windows: Windows) -> Windows:
    """Return the sums with a running median over ten minutes as background, which a burst of minutes does not move."""
    joined = max(1, round(_MEDIAN_BIN_S / curve.bin_s))
    edges = np.arange(0, curve.counts.size + joined, joined).clip(max=curve.counts.size)
    live = np.diff(windows.live[edges])
    rate = np.where(live > 0, np.diff(windows.counts[edges]) / np.maximum(live, 1.0), np.nan)
    reach = round(_MEDIAN_SPAN_S / 2 / (joined * curve.bin_s))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(rate, reach, constant_values=np.nan), 2 * reach + 1)
    usable = np.isfinite(around).any(axis=1)
    if not usable.any():
        return windows
    level = np.nanmedian(around[usable], axis=1)
    there = np.isfinite(around[usable])
    centre = (there * np.arange(-reach, reach + 1)).sum(axis=1) / there.sum(axis=1)
    lopsided = (np.abs(centre) >= _LOPSIDED) & (there.sum(axis=1) >= _LEAST_OF_A_LINE)
    level[lopsided] = [_on_a_line(one, reach) for one in around[usable][lopsided]]
    middles = 0.5 * (edges[:-1] + edges[1:])[usable]
    median = np.interp(np.arange(windows.counts.size), middles, level)
    everywhere = np.ones(windows.counts.size, dtype=bool)
    return replace(windows, left=median, right=median, usable_left=everywhere, usable_right=everywhere)


def _on_a_line(rate: Floats, middle: int) -> float:
    """Return the level in the middle of a window that lies on one side of it, beside an edge or a gap: a robust line's.

    The median of a rate that drifts would be that of another time. The line is that of Theil and Sen.
    """
    there = np.isfinite(rate)
    places, values = np.flatnonzero(there) - middle, rate[there]
    first, second = _pairs(places.size)
    slope = float(np.median((values[second] - values[first]) / (places[second] - places[first])))
    return float(np.median(values - slope * places))


@cache
def _pairs(size: int) -> tuple[Places, Places]:
    """Return the places of every two of some values; a search asks for the same few dozen sizes again and again."""
    first, second = np.triu_indices(size, 1)
    return first, second


def background(windows: Windows, begin: Places, end: Places) -> Floats:
    """Return the counts per bin expected in boxes between two bin edges each."""
    both: Floats = 0.5 * (windows.left[begin] + windows.right[end])
    return both


def quiet_scores(windows: Windows, width: int, step: int = 1) -> Floats:
    """Return the excess of boxes of one width in units of Poisson noise; NaN where box or background is not quiet.

    z = (S - b w) / sqrt(b w (1 + w / 2h)), with the counts S of the box and the mean b of two windows of h bins.

    Args:
        windows: of the curve.
        width: of the box, bins.
        step: bins from box to box.
    """
    begin = np.arange(0, windows.counts.size - width, step, dtype=np.int64)
    end = begin + width
    b = background(windows, begin, end)
    inside = (windows.quiet[end] - windows.quiet[begin] == width) & (b > 0)
    inside &= windows.usable_left[begin] & windows.usable_right[end]
    b = np.where(inside, b, 1.0)
    excess = windows.counts[end] - windows.counts[begin] - b * width
    return np.where(inside, excess / np.sqrt(b * width * (1 + width / (2 * windows.side))), np.nan)
