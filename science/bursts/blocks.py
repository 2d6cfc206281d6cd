"""Bayesian blocks: a curve as steps, as many as the data support (Scargle et al. 2013, ApJ 764, 167)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from science.bursts.curve import Curve, Floats

MOST_BINS = 1200
_FALSE_ALARM = 0.01
_NEIGHBOURS = 5
_LEAST_VARIANCE = 0.1


@dataclass(frozen=True)
class Block:
    """One step of a curve.

    Args:
        first: first bin.
        last: bin after the last.
        rate: excess over the background, counts/s.
        error: 1 sigma, counts/s.
    """

    first: int
    last: int
    rate: float
    error: float


def blocks_of(curve: Curve, background: Floats, ratio: float) -> list[Block]:
    """Cut a curve into blocks of constant excess; edges lie on bins of the curve.

    More than 1200 bins are joined first: the method takes time with their square.

    Args:
        curve: the counts.
        background: counts per bin without dead time, shape (n,).
        ratio: of the noise to Poisson noise on the scale of the bins.
    """
    factor = -(-curve.counts.size // MOST_BINS)
    whole = curve.counts.size // factor * factor

    def summed(values: Floats) -> Floats:
        joined: Floats = values[:whole].reshape(-1, factor).sum(axis=1)
        return joined

    share = curve.share
    live = summed(share)
    used = np.flatnonzero(live > 0)
    if used.size < 2:
        return []
    expected = summed(background * share)[used]
    net = (summed(curve.counts)[used] - expected) / live[used]
    # Of a single bin of few counts the root of its counts tells the noise badly: neighbours help.
    around = uniform_filter1d(summed(curve.counts)[used], _NEIGHBOURS, mode="nearest")
    error = ratio * np.sqrt(np.maximum(np.maximum(around, expected), _LEAST_VARIANCE)) / live[used]
    starts = _starts(net, 1 / error**2, 4 - np.log(73.53 * _FALSE_ALARM * used.size**-0.478))
    blocks = []
    # A block lasts to the next one: over a gap too.
    for first, last in pairwise([*(int(used[start]) * factor for start in starts), (int(used[-1]) + 1) * factor]):
        span = slice(first, last)
        seconds = float(share[span].sum()) * curve.bin_s
        if seconds:
            counts = float(curve.counts[span].sum())
            excess = counts - float((background * share)[span].sum())
            blocks.append(Block(first, last, excess / seconds, ratio * float(np.sqrt(max(counts, 1.0))) / seconds))
    return blocks


@njit(cache=True, nogil=True)
def _starts(values: Floats, weights: Floats, price: float) -> NDArray[np.int64]:
    """Return where the blocks begin that fit measured points best, each block at a price (equations 41 and 21).

    Astropy's function of the same method looks up the arguments of its fitness again for every point: a second a curve.

    Args:
        values: shape (n,).
        weights: inverse variances, shape (n,).
        price: of a block, in units of half the chi2.
    """
    size = values.size
    weight, product = np.zeros(size + 1), np.zeros(size + 1)
    for k in range(size):
        weight[k + 1] = weight[k] + weights[k]
        product[k + 1] = product[k] + weights[k] * values[k]
    best, last = np.zeros(size + 1), np.zeros(size + 1, np.int64)
    for end in range(1, size + 1):
        highest = -np.inf
        for start in range(end):
            gained = product[end] - product[start]
            fitness = best[start] + gained * gained / (2 * (weight[end] - weight[start])) - price
            if fitness > highest:
                highest, last[end] = fitness, start
        best[end] = highest
    found = [size]
    while found[-1] > 0:
        found.append(last[found[-1]])
    return np.array(found[:0:-1], dtype=np.int64)
