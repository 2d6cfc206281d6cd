"""Which bins of a curve belong to a burst: from the significant blocks near an excess, and further episodes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from science.bursts.background import CUBIC, Background, TooLittleBackground, polynomial_background
from science.bursts.blocks import MOST_BINS, Block, blocks_of
from science.bursts.curve import Curve, Flags
from science.bursts.noise import Noise
from science.bursts.search import SPIKE_SHARE, Excess, Search

_ROUNDS = 5
_BLOCK_SIGMA = 4.0
_JOIN_S = 20.0
_EPISODE_S = 60.0
_LEAST_SIDE_S = 100.0
_SIDES = 6.0  # background on each side, in lengths of the burst
_AROUND = 30  # what is cut into blocks on each side, in lengths of the burst
_BEFORE, _AFTER = 0.25, 1.5  # bursts rise fast and fade slowly, below what blocks show; in lengths of the burst
_AFTER_SIGMA, _LEAST_AFTER, _MOST_AFTER = 40.0, 1.0, 2.0  # of a bright burst blocks show more; score times lengths
_TAIL = 3  # what fades is no longer than so many widths of the highest excess
_LEAST_PAD = 3
_LEAST_SIDE = 12  # live bins of background on each side
_MOST_DOUBT = 3.0  # error of the background over the Poisson noise of the burst's time


@dataclass(frozen=True)
class Extent:
    """A burst in its neighbourhood; all places are bins of *near*.

    Args:
        near: the part of the curve around it.
        first: its first bin.
        last: bin after its last.
        begin: first of the bins that are summed: nothing of the burst lies outside of them.
        end: bin after the last of those.
        background: of *near*.
        blocks: steps of the curve around the burst.
        others: bins of *near* that further excesses may be in, which the burst leaves out.
        quiet: live bins of *near* that the background was fitted to.
    """

    near: Curve
    first: int
    last: int
    begin: int
    end: int
    background: Background
    blocks: tuple[Block, ...]
    others: Flags
    quiet: Flags


def extent_of(search: Search, excess: Excess, *, padded: bool, degree: int = CUBIC) -> Extent:
    """Find the extent of the burst that an excess belongs to.

    Significant blocks within 20 s belong to it, and episodes above 6 sigma within 60 s that no cosmic ray explains. The
    background is fitted outside of it and of every other excess.

    Args:
        search: of the curve.
        excess: the highest excess of the burst.
        padded: whether the time before and after is summed as well, in which blocks show nothing.
        degree: of the polynomial of the background.

    Raises:
        TooLittleBackground: an edge or a gap lies so near that the background under the burst is not known.
    """
    curve = search.curve
    first, last = _with_episodes(search, excess.first, excess.first + excess.width)
    seen: set[tuple[int, int]] = set()
    for _ in range(_ROUNDS):
        near, offset = _neighbourhood(curve, first, last)
        others = _others(search, first, last)[offset : offset + near.counts.size]
        begin, end = _summed(near, (first - offset, last - offset), others, excess)
        source = others.copy()
        source[begin:end] = True
        background = polynomial_background(near, source, degree)
        blocks = _blocks(near, background, search.noise, first - offset, last - offset)
        if (first, last) in seen:
            break
        seen.add((first, last))
        low, high = _with_blocks(near, background, blocks, first - offset, last - offset)
        first, last = _with_episodes(search, low + offset, high + offset)
    _check_sides(near, source, background, begin, end)
    if not padded:
        begin, end = first - offset, last - offset
    return Extent(
        near, first - offset, last - offset, begin, end, background, tuple(blocks), others, near.live & ~source
    )


def _neighbourhood(curve: Curve, first: int, last: int) -> tuple[Curve, int]:
    """Return the part of a curve around a burst, and where it begins."""
    side = int(max(_LEAST_SIDE_S, _SIDES * (last - first) * curve.bin_s) / curve.bin_s)
    low, high = max(0, first - side), min(curve.counts.size, last + side)
    return curve.between(low, high), low


def _summed(near: Curve, burst: tuple[int, int], others: Flags, excess: Excess) -> tuple[int, int]:
    """Return the bins that are summed: those of the burst and some on both sides, up to the next excess."""
    first, last = burst
    length = min(last - first, _TAIL * excess.width)
    share = min(max(_AFTER_SIGMA / excess.score, _LEAST_AFTER), _MOST_AFTER)
    begin = max(0, first - max(_LEAST_PAD, int(_BEFORE * length)))
    end = min(near.counts.size, last + max(_LEAST_PAD, int(share * length)))
    before, after = np.flatnonzero(others[begin:first]), np.flatnonzero(others[last:end])
    return (begin + int(before[-1]) + 1 if before.size else begin), (last + int(after[0]) if after.size else end)


def _with_episodes(search: Search, first: int, last: int) -> tuple[int, int]:
    """Extend a burst by the episodes within a minute, and those within a minute of them."""
    apart = int(_EPISODE_S / search.curve.bin_s)
    chosen = [one for one in search.episodes if not one.spike]
    return _grown(((one.first, one.first + one.width) for one in chosen), first, last, apart)


def _with_blocks(near: Curve, background: Background, blocks: list[Block], first: int, last: int) -> tuple[int, int]:
    """Extend a burst by the significant blocks that touch it or lie near; at least what is known of it."""
    bright = [block for block in blocks if block.rate > _BLOCK_SIGMA * block.error]
    touching = [block for block in bright if block.first <= last and block.last >= first]
    first, last = _grown(((block.first, block.last) for block in touching), first, last, 0)
    apart = [block for block in bright if not _spiky(near, background, block)]
    return _grown(((block.first, block.last) for block in apart), first, last, int(_JOIN_S / near.bin_s))


def _spiky(near: Curve, background: Background, block: Block) -> bool:
    """Tell whether two bins hold nearly all of a block, as is the case for cosmic rays."""
    span = slice(block.first, block.last)
    net = np.where(near.live[span], near.counts[span] - (background.counts * near.share)[span], 0.0)
    pairs = np.convolve(net, np.ones(min(2, net.size)), mode="valid")
    return bool(pairs.max() > SPIKE_SHARE * net.sum())


def _grown(spans: Iterable[tuple[int, int]], first: int, last: int, apart: int) -> tuple[int, int]:
    """Extend a span by all others that are at most *apart* away from what it has become."""
    left = list(spans)
    while True:
        near = [span for span in left if span[0] <= last + apart and span[1] >= first - apart]
        new = min([first, *(span[0] for span in near)]), max([last, *(span[1] for span in near)])
        if new == (first, last):
            return new
        first, last = new


def _others(search: Search, first: int, last: int) -> Flags:
    """Flag the bins of excesses outside of the burst, and what may be left of each before and after."""
    flags = np.zeros(search.curve.counts.size, dtype=bool)
    for one in search.episodes:
        if one.first < last and one.first + one.width > first:
            continue
        before, after = (max(_LEAST_PAD, int(share * one.width)) for share in (_BEFORE, _AFTER))
        flags[max(0, one.first - before) : one.first + one.width + after] = True
    flags[first:last] = False
    return flags


def _blocks(near: Curve, background: Background, noise: Noise, first: int, last: int) -> list[Block]:
    """Cut the curve around the burst into blocks: so much of it that they are fine enough for its length."""
    reach = max(MOST_BINS // 2, _AROUND * (last - first))
    low, high = max(0, first - reach), min(near.counts.size, last + reach)
    joined = -(-(high - low) // MOST_BINS)
    ratio = float(noise.at(float(10 * joined)))  # blocks are some ten of the joined bins long
    found = blocks_of(near.between(low, high), background.counts[low:high], ratio)
    return [Block(one.first + low, one.last + low, one.rate, one.error) for one in found]


def _check_sides(near: Curve, source: Flags, background: Background, begin: int, end: int) -> None:
    """Refuse a burst whose background is extrapolated, or as good as not known.

    Raises:
        TooLittleBackground: says on which side, and what to do.
    """
    quiet = near.live & ~source
    for side, name, ask in (
        (quiet[:begin], "before", "begins earlier"),
        (quiet[end:], "after", "ends later"),
    ):
        if side.sum() < _LEAST_SIDE:
            seconds = float(side.sum()) * near.bin_s
            text = f"only {seconds:.2g} s of background {name} the burst: ask for an interval that {ask}"
            raise TooLittleBackground(text)
    level = max(float(background.counts[begin:end].sum()), 1.0)
    doubt = np.sqrt(background.sum_variance(begin, end) / level)
    if doubt > _MOST_DOUBT:
        sides = [float(side.sum()) * near.bin_s for side in (quiet[:begin], quiet[end:])]
        text = (
            f"the background under the burst is known {doubt:.1f} times worse than counted: there are {sides[0]:.3g} "
            f"s of it before and {sides[1]:.3g} s after; ask for a longer interval"
        )
        raise TooLittleBackground(text)
