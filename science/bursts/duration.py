"""T90 and counts of a burst (Kouveliotou et al. 1993, ApJ 413, L101; Koshut et al. 1996, ApJ 463, 570).

T90 is the time in which the counts above the background grow from 5 % to 95 % of their sum. Counts, their error and
the noise that they are compared with are of one and the same time: the burst and what may be left of it on both sides.

Where 5 % lie is found by testing each time t: D(t) = S(<t) - 0.05 S must be 0 within its error, and that error is known
from the counts before and after t and from the fit of the background, whatever the shape of the burst. What passes at
1 sigma is the interval.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import isotonic_regression

from science.bursts.background import CUBIC, Background, TooLittleBackground
from science.bursts.blocks import Block
from science.bursts.curve import Curve, Flags, Floats, runs
from science.bursts.extent import Extent, extent_of
from science.bursts.search import Excess, Search

Method = Literal["cubic", "blocks"]

_PEAK_SIGMA = 10.0
_SHORTEST = 2.0  # bins; T90 below is that of the bins
_LEAST_COUNTS = 2.0  # sigma
_LEAST_SCORE = 12.0  # the extent of fainter bursts is chance, and errors of their durations would not hold
_LARGEST_GAP = 0.2  # of the burst
_BESIDE = 4  # live bins beside a gap that tell what it hides, and as many more as it is long
_UNKNOWN = float("nan")
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class Burst:
    """A burst measured.

    Args:
        begin_s: start of the burst, seconds (TT) since MJD 51544.
        end_s: its end.
        summed_from_s: start of the time that counts are summed over, in which what blocks do not show lies as well.
        summed_to_s: its end.
        t05_s: time of 5 % of the counts, the same scale; NaN where T90 is.
        t90_s: duration, s; NaN where it cannot be told.
        t90_error_s: 1 sigma, s.
        t50_s: time from 25 % to 75 %, s.
        t50_error_s: 1 sigma, s.
        duration_missing: why there is no duration; None where there is one.
        counts: above the background, corrected for dead time; NaN where a gap hides some.
        error: 1 sigma, counts.
        snr: counts over the noise of the background in the same time.
        counts_missing: why there are no counts; None where there are.
        peak_s: middle of the highest bin, seconds (TT) since MJD 51544.
        peak_rate: above the background, counts/s.
        peak_bin_s: length of the bin that it was measured in, s.
        background_rate: under the burst, counts/s.
        blocks: steps of the curve around the burst.
        curve: what was looked at.
        background: of it.
        quiet: bins of it that the background was fitted to, shape (n,).
        apart: further excesses in it that the burst leaves out, and so does its background: time in seconds (TT) since
            MJD 51544, and score.
    """

    begin_s: float
    end_s: float
    summed_from_s: float
    summed_to_s: float
    t05_s: float
    t90_s: float
    t90_error_s: float
    t50_s: float
    t50_error_s: float
    duration_missing: str | None
    counts: float
    error: float
    snr: float
    counts_missing: str | None
    peak_s: float
    peak_rate: float
    peak_bin_s: float
    background_rate: float
    blocks: tuple[Block, ...]
    curve: Curve
    background: Background
    quiet: Flags
    apart: tuple[tuple[float, float], ...]


def measure(search: Search, excess: Excess, *, method: Method = "cubic", degree: int = CUBIC) -> Burst:
    """Measure the burst that an excess belongs to.

    Args:
        search: of the curve.
        excess: the highest excess of the burst.
        method: ``cubic`` sums the burst and the time around it over the background polynomial; ``blocks`` its
            significant blocks alone.
        degree: of the polynomial.

    Raises:
        TooLittleBackground: the curve has not enough live bins beside the burst.
    """
    extent = extent_of(search, excess, padded=method == "cubic", degree=degree)
    near, ratio = extent.near, float(search.noise.at(min(extent.end - extent.begin, int(search.noise.widths[-1]))))
    growth = _growth(extent, ratio)
    counts, error = float(growth.net.sum()), growth.error
    level = float((extent.background.counts * near.share)[extent.begin : extent.end].sum())
    quiet = ratio * np.sqrt(max(level + growth.doubt, 1.0))
    hidden = _hidden(extent, growth)
    t90, t50, short = _durations(growth, near.bin_s, excess.score)
    missing = hidden or short
    if missing:
        t90 = t50 = _Duration(_UNKNOWN, _UNKNOWN, _UNKNOWN)
    if hidden:
        counts = error = _UNKNOWN
    inside = slice(extent.first - extent.begin, extent.last - extent.begin)
    under = float(extent.background.counts[extent.first : extent.last].mean())
    factor, peak, peak_rate = _peak(growth.net[inside], ratio * float(np.sqrt(max(under, 1.0))))
    start, end = near.start_s, near.time_s(near.counts.size)
    return Burst(
        begin_s=near.time_s(extent.first),
        end_s=near.time_s(extent.last),
        summed_from_s=near.time_s(extent.begin),
        summed_to_s=near.time_s(extent.end),
        t05_s=near.time_s(extent.begin + t90.begin),
        t90_s=t90.length * near.bin_s,
        t90_error_s=t90.error * near.bin_s,
        t50_s=t50.length * near.bin_s,
        t50_error_s=t50.error * near.bin_s,
        duration_missing=missing,
        counts=counts,
        error=error,
        snr=counts / quiet,
        counts_missing=hidden,
        peak_s=near.time_s(extent.first + peak),
        peak_rate=peak_rate / near.bin_s,
        peak_bin_s=factor * near.bin_s,
        background_rate=under / near.bin_s,
        blocks=extent.blocks,
        curve=near,
        background=extent.background,
        quiet=extent.quiet,
        apart=tuple(
            (search.curve.time_s(one.centre), one.score)
            for one in search.episodes
            if start <= search.curve.time_s(one.centre) < end
            and extent.others[int((search.curve.time_s(one.centre) - start) / near.bin_s)]
        ),
    )


@dataclass(frozen=True)
class _Growth:
    """How the counts grow in the time that is summed.

    Args:
        net: counts above the background per bin, corrected for dead time, shape (n,).
        before: their sum before each edge, shape (n + 1,).
        variance: of that sum, the background being known.
        rows: what the sum takes of each coefficient of the background, shape (n + 1, m).
        covariance: of those, shape (m, m).
    """

    net: Floats
    before: Floats
    variance: Floats
    rows: Floats
    covariance: Floats

    @property
    def doubt(self) -> float:
        """Variance of the background's sum from its fit."""
        return float(self.rows[-1] @ self.covariance @ self.rows[-1])

    @property
    def error(self) -> float:
        """1 sigma of all counts."""
        return float(np.sqrt(self.variance[-1] + self.doubt))

    def place(self, share: float) -> tuple[float, float]:
        """Return the place (bins) at which a share of the counts is reached, and its 1 sigma error.

        It is the middle of the interval that passes the test. Noise makes the counts go up and down, the light of a
        burst only up: what is tested is the nearest curve that never falls.
        """
        off = self.before - share * self.before[-1]
        rows = self.rows - share * self.rows[-1]
        known = (1 - share) ** 2 * self.variance + share**2 * (self.variance[-1] - self.variance)
        sigma = np.sqrt(np.maximum(known + np.einsum("ij,jk,ik->i", rows, self.covariance, rows), 1e-12))
        rising = np.asarray(isotonic_regression(off / sigma).x, dtype=np.float64)
        low, high = (_passed(rising, level) for level in (-1.0, 1.0))
        place = 0.5 * (low + high)
        return place, float(np.hypot(0.5 * (high - low), self._within_a_bin(place)))

    def _within_a_bin(self, place: float) -> float:
        """Error of a place inside a bin in which the rate changes, bins; the largest is that of a sharp rise."""
        k = min(int(place), self.net.size - 1)
        before, after = self.net[max(0, k - 1)], self.net[min(self.net.size - 1, k + 1)]
        change = abs(after - before) / max(abs(after) + abs(before), 1e-12)
        return float(change / np.sqrt(12))


@dataclass(frozen=True)
class _Duration:
    begin: float
    length: float
    error: float


def _growth(extent: Extent, ratio: float) -> _Growth:
    near, span = extent.near, slice(extent.begin, extent.end)
    share, level = near.share[span], np.maximum(extent.background.counts[span], 0.0)
    live = share > 0
    safe = np.where(live, share, 1.0)
    net = np.where(live, near.counts[span] / safe - extent.background.counts[span], 0.0)
    # A burst makes Poisson noise of its own; the excess over Poisson is the background's.
    variance = np.where(live, (near.counts[span] + (ratio**2 - 1) * level * share) / safe**2, 0.0)
    net, variance = (_bridged(values, live) for values in (net, variance))
    rows = extent.background.design[span]
    return _Growth(
        net=net,
        before=np.concatenate(([0.0], np.cumsum(net))),
        variance=np.concatenate(([0.0], np.cumsum(variance))),
        rows=np.concatenate((np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0))),
        covariance=extent.background.covariance * ratio**2,
    )


def _bridged(values: Floats, live: Flags) -> Floats:
    """Return values with lines across their gaps, between the means of as many live bins on both sides."""
    filled = values.copy()
    for first, last in runs(~live):
        sides = [values[max(0, 2 * first - last - _BESIDE) : first], values[last : 2 * last - first + _BESIDE]]
        flags = [live[max(0, 2 * first - last - _BESIDE) : first], live[last : 2 * last - first + _BESIDE]]
        levels = [float(side[flag].mean()) if flag.any() else 0.0 for side, flag in zip(sides, flags, strict=True)]
        filled[first:last] = np.linspace(levels[0], levels[1], last - first + 2)[1:-1]
    return filled


def _hidden(extent: Extent, growth: _Growth) -> str | None:
    """Say why gaps hide too much of a burst; None where they do not."""
    dead = ~extent.near.live[extent.begin : extent.end]
    if not dead.any():
        return None
    of_burst = dead[extent.first - extent.begin : extent.last - extent.begin]
    lost = float(growth.net[dead].sum())
    if of_burst.mean() <= _LARGEST_GAP and abs(lost) <= growth.error:
        return None
    seconds = float(dead.sum()) * extent.near.bin_s
    return f"{seconds:.3g} s of the burst have no data, in which some {max(lost, 0.0):.0f} counts may be"


def _durations(growth: _Growth, bin_s: float, score: float) -> tuple[_Duration, _Duration, str | None]:
    """Return T90 and T50 in bins, and why they cannot be told; None where they can."""
    marks = {share: growth.place(share) for share in (0.05, 0.25, 0.75, 0.95)}
    t90, t50 = (
        _Duration(marks[low][0], marks[high][0] - marks[low][0], float(np.hypot(marks[low][1], marks[high][1])))
        for low, high in ((0.05, 0.95), (0.25, 0.75))
    )
    counts, why = float(growth.net.sum()), None
    if counts < _LEAST_COUNTS * growth.error:
        why = f"too faint: {counts:.0f} +- {growth.error:.0f} counts"
    elif score < _LEAST_SCORE:
        why = f"too faint: {score:.1f} sigma, {_LEAST_SCORE:g} are needed"
    elif t90.length < _SHORTEST:
        why = f"shorter than {_SHORTEST * bin_s:.3g} s, two bins"
    elif t90.error > t90.length:
        why = f"too faint: it would be {t90.length * bin_s:.2g} +- {t90.error * bin_s:.2g} s"
    return t90, t50, why


def _passed(rising: Floats, level: float) -> float:
    """Return where a curve on edges that never falls passes a level, interpolated, in bins."""
    first, last = (int(np.searchsorted(rising, level, side)) for side in _SIDES)
    if first < last:
        return 0.5 * (first + last - 1)
    if not 0 < first < rising.size:
        return float(np.clip(first, 0, rising.size - 1))
    return first - 1 + float((level - rising[first - 1]) / (rising[first] - rising[first - 1]))


def _peak(net: Floats, sigma: float) -> tuple[int, float, float]:
    """Return bins joined, place (bins) and counts per bin of the peak, in the shortest bins that show it clearly.

    Args:
        net: counts above the background.
        sigma: noise of one bin, counts.
    """
    factor = 1
    while True:
        means = np.convolve(net, np.full(factor, 1 / factor), mode="valid")
        k = int(np.argmax(means))
        if means[k] > _PEAK_SIGMA * sigma / np.sqrt(factor) or 2 * factor > net.size:
            return factor, k + 0.5 * factor, float(means[k])
        factor *= 2


__all__ = ["Burst", "Method", "TooLittleBackground", "measure"]
