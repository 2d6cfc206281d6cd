"""T90 and counts of a burst (Kouveliotou et al. 1993, ApJ 413, L101; Koshut et al. 1996, ApJ 463, 570).

T90 is the time in which the counts above the background grow from 5 % to 95 % of their sum. What belongs to the burst
is found with blocks; the background is a polynomial fitted outside of it, never through it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from science.bursts.background import CUBIC, Background, TooLittleBackground, polynomial_background
from science.bursts.blocks import Block, blocks_of
from science.bursts.curve import Curve, Flags, Floats
from science.bursts.search import Excess, Search

Method = Literal["cubic", "blocks"]

_ROUNDS = 4
_BLOCK_SIGMA = 4.0
_PEAK_SIGMA = 10.0
_TRIALS = 200
_LEAST_SIDE_S = 100.0
_SIDES = 6.0  # background on each side, in lengths of the burst
_JOIN_S = 20.0


@dataclass(frozen=True)
class Burst:
    """A burst measured.

    Args:
        begin_s: start of the burst, seconds (TT) since MJD 51544.
        end_s: its end.
        t05_s: time of 5 % of the counts, the same scale.
        t90_s: duration, s.
        t90_error_s: 1 sigma, s.
        t50_s: time from 25 % to 75 %, s.
        counts: above the background.
        error: 1 sigma, counts.
        snr: counts over noise of the whole burst.
        peak_s: middle of the highest bin, seconds (TT) since MJD 51544.
        peak_rate: above the background, counts/s.
        peak_bin_s: length of the bin that it was measured in, s.
        background_rate: under the burst, counts/s.
        blocks: steps of the whole curve that was looked at.
        curve: what was looked at.
        background: of it.
    """

    begin_s: float
    end_s: float
    t05_s: float
    t90_s: float
    t90_error_s: float
    t50_s: float
    counts: float
    error: float
    snr: float
    peak_s: float
    peak_rate: float
    peak_bin_s: float
    background_rate: float
    blocks: tuple[Block, ...]
    curve: Curve
    background: Background


def measure(search: Search, excess: Excess, *, method: Method = "cubic", degree: int = CUBIC) -> Burst:
    """Measure the burst that an excess belongs to.

    Args:
        search: of the curve.
        excess: the highest excess of the burst.
        method: ``cubic`` takes the cumulative curve over the background polynomial; ``blocks`` the significant blocks
            alone.
        degree: of the polynomial.

    Raises:
        TooLittleBackground: the curve has not enough live bins beside the burst.
    """
    curve, noise = search.curve, search.noise
    first, last = excess.first, excess.first + excess.width
    for rounds in range(_ROUNDS):
        near, offset = _neighbourhood(curve, first, last)
        source = _flags(near, first - offset, last - offset)
        if rounds == 0:
            source |= search.bright[offset : offset + source.size]  # before the extent is known
        background = polynomial_background(near, source, degree)
        blocks = blocks_of(near, background.counts, float(noise.at(_block_bins(near))))
        found = _extent(near, blocks, first - offset, last - offset)
        if (found[0] + offset, found[1] + offset) == (first, last):
            break
        first, last = found[0] + offset, found[1] + offset
    begin, end = first - offset, last - offset
    net = np.where(near.live, near.counts - background.counts, 0.0)
    ratio = float(noise.at(min(end - begin, int(noise.widths[-1]))))
    length = end - begin
    window, plateau = slice(begin, end), method == "cubic"
    if plateau:
        window = slice(max(0, begin - length // 4), end + min(length, (near.counts.size - end) // 2))
    marks, counts = _crossings(net[window], plateau=plateau)
    marks += window.start
    level = float(background.counts[begin:end].sum())
    # A burst makes Poisson noise of its own; the excess over Poisson is the background's.
    error = float(np.sqrt(max(counts, 0) + ratio**2 * (level + background.sum_variance(begin, end))))
    snr = counts / (ratio * float(np.sqrt(max(level, 1.0))))
    spread = _spread(near, background, window, ratio, net, plateau=plateau)
    factor, peak, peak_rate = _peak(net[begin:end], ratio * float(np.sqrt(max(level / length, 1.0))))
    return Burst(
        begin_s=near.time_s(begin),
        end_s=near.time_s(end),
        t05_s=near.time_s(marks[0]),
        t90_s=(marks[3] - marks[0]) * near.bin_s,
        t90_error_s=spread * near.bin_s,
        t50_s=(marks[2] - marks[1]) * near.bin_s,
        counts=counts,
        error=error,
        snr=snr,
        peak_s=near.time_s(begin + peak),
        peak_rate=peak_rate / near.bin_s,
        peak_bin_s=factor * near.bin_s,
        background_rate=level / (end - begin) / near.bin_s,
        blocks=tuple(blocks),
        curve=near,
        background=background,
    )


def _neighbourhood(curve: Curve, first: int, last: int) -> tuple[Curve, int]:
    """Return the part of a curve around a burst, and where it begins."""
    side = int(max(_LEAST_SIDE_S, _SIDES * (last - first) * curve.bin_s) / curve.bin_s)
    low, high = max(0, first - side), min(curve.counts.size, last + side)
    return Curve(curve.time_s(low), curve.bin_s, curve.counts[low:high], curve.live[low:high]), low


def _flags(curve: Curve, first: int, last: int) -> Flags:
    """Flag where the burst may be: bursts rise fast and fade slowly, below what blocks show."""
    flags = np.zeros(curve.counts.size, dtype=bool)
    length = last - first
    tail = min(length, (curve.counts.size - last) // 2)  # something must be left for the fit
    flags[max(0, first - length // 4 - 2) : last + tail + 2] = True
    return flags


def _block_bins(curve: Curve) -> float:
    """Scale of the noise that blocks are cut against: that of ten of the joined bins."""
    return float(max(1, 10 * (curve.counts.size // 1200 + 1)))


def _extent(curve: Curve, blocks: list[Block], first: int, last: int) -> tuple[int, int]:
    """Extend a burst by the significant blocks that touch it or lie near; at least the box that was found."""
    bright = [block for block in blocks if block.rate > _BLOCK_SIGMA * block.error]
    low, high = first, last
    touching = [block for block in bright if block.first < last and block.last > first]
    if touching:
        low, high = min(block.first for block in touching), max(block.last for block in touching)
    reach = round(_JOIN_S / curve.bin_s)
    grown = True
    while grown:
        near = [one for one in bright if one.first < high + reach and one.last > low - reach]
        new = min([low, *(one.first for one in near)]), max([high, *(one.last for one in near)])
        grown = new != (low, high)
        low, high = new
    return low, high


def _crossings(net: Floats, *, plateau: bool) -> tuple[Floats, float]:
    """Return the places (bins) where 5, 25, 75 and 95 % of the counts are reached, and the counts.

    With a plateau after the burst, the median of the last tenth of the cumulative curve is its end: no single bin
    decides.
    """
    grown = np.concatenate(([0.0], np.cumsum(net)))
    tenth = grown.size // 10
    high = float(np.median(grown[-tenth:])) if plateau and tenth > 2 else float(grown[-1])
    places = []
    for share in (0.05, 0.25, 0.75, 0.95):
        above = np.flatnonzero(grown >= share * high)
        k = max(1, int(above[0])) if above.size else grown.size - 1
        step = grown[k] - grown[k - 1]
        places.append(k - 1 + (float(np.clip((share * high - grown[k - 1]) / step, 0, 1)) if step > 0 else 0.0))
    return np.asarray(places), high


def _spread(curve: Curve, background: Background, window: slice, ratio: float, net: Floats, *, plateau: bool) -> float:
    """Return the standard deviation of T90 in bins, from noise added to the curve once more (fixed seed)."""
    random = np.random.default_rng(90)
    level = np.maximum(background.counts[window], 0.0)
    sigma = np.sqrt(np.maximum(curve.counts[window] - level, 0.0) + ratio**2 * level)
    root = np.linalg.cholesky(background.covariance * ratio**2)
    lengths = []
    for _ in range(_TRIALS):
        drift = background.design[window] @ (root @ random.standard_normal(root.shape[0]))
        noisy = net[window] + sigma * random.standard_normal(sigma.size) - drift
        marks, counts = _crossings(noisy, plateau=plateau)
        if counts > 0:
            lengths.append(marks[3] - marks[0])
    low, high = np.percentile(lengths, [16, 84]) if lengths else (0.0, float("inf"))
    return float(high - low) / 2


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
