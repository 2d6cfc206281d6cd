"""Bayesian blocks: a curve as steps, as many as the data support (Scargle et al. 2013, ApJ 764, 167)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy.stats import bayesian_blocks

from science.bursts.curve import Curve, Floats

MOST_BINS = 1200
_FALSE_ALARM = 0.01


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
        background: counts per bin, shape (n,).
        ratio: of the noise to Poisson noise on the scale of the bins.
    """
    factor = -(-curve.counts.size // MOST_BINS)
    whole = curve.counts.size // factor * factor

    def summed(values: Floats) -> Floats:
        joined: Floats = values[:whole].reshape(-1, factor).sum(axis=1)
        return joined

    live = summed(curve.live.astype(float))
    used = np.flatnonzero(live > 0)
    if used.size < 2:
        return []
    expected = summed(np.where(curve.live, background, 0.0))[used]
    net = (summed(curve.counts)[used] - expected) / live[used]
    error = ratio * np.sqrt(np.maximum(summed(curve.counts)[used], 1.0)) / live[used]
    edges = bayesian_blocks(used + 0.5, net, error, fitness="measures", p0=_FALSE_ALARM)
    blocks = []
    for low, high in pairwise(edges):
        first, last = (int(np.ceil(edge - 0.5)) * factor for edge in (low, high))
        last = whole if high == edges[-1] else last
        span = slice(first, last)
        seconds = float(curve.live[span].sum()) * curve.bin_s
        if seconds:
            counts = float(curve.counts[span].sum())
            excess = counts - float(background[span][curve.live[span]].sum())
            blocks.append(Block(first, last, excess / seconds, ratio * float(np.sqrt(max(counts, 1.0))) / seconds))
    return blocks
