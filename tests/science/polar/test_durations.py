"""Errors of T90 and counts of bursts of several shapes: how often they cover the truth."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from science.bursts.curve import Curve
from science.bursts.duration import TooLittleBackground, measure
from science.bursts.search import search, spaced_widths
from tests.science.bars import Bars

Floats = NDArray[np.float64]
Shape = Callable[[np.random.Generator, int], Floats]
_BIN_S, _RATE, _BINS, _START_S = 0.1, 100.0, 4000, 200.0
_COUNTS = (300, 500, 2000, 20_000)
_FEWEST = 20
SHAPES: dict[str, Shape] = {
    "exponential": lambda random, n: random.exponential(4.2, n),
    "box": lambda random, n: random.uniform(0, 10, n),
    "pulse": lambda random, n: random.gamma(2.0, 2.0, n),
}


def _true_t90(shape: Shape) -> float:
    low, high = np.quantile(shape(np.random.default_rng(0), 400_000), [0.05, 0.95])
    return float(high - low)


def _trial(shape: Shape, number: int, seed: int) -> tuple[float, float, float, float] | None:
    random = np.random.default_rng(seed)
    times = _START_S + random.uniform(0, _BIN_S) + shape(random, int(random.poisson(number)))
    counts = np.histogram(times, np.arange(_BINS + 1) * _BIN_S)[0] + random.poisson(_RATE * _BIN_S, _BINS)
    found = search(Curve(0.0, _BIN_S, counts.astype(float), np.ones(_BINS, bool)), spaced_widths(300), 6.0)
    try:
        burst = measure(found, found.excesses[0])
    except (TooLittleBackground, IndexError):
        return None
    return burst.t90_s, burst.t90_error_s, burst.counts, burst.error


def _coverage(bars: Bars, trials: int) -> None:
    for name, shape in SHAPES.items():
        true = _true_t90(shape)
        for number in _COUNTS:
            found = [one for one in (_trial(shape, number, seed) for seed in range(trials)) if one is not None]
            t90, t90_error, counts, error = np.array(found).T
            given = np.isfinite(t90)
            # A duration that is refused in words has no error to cover anything; few that are not say nothing.
            if given.sum() >= _FEWEST:
                _covers(bars, f"{name} of {number} counts: T90", np.abs(t90 - true)[given] < t90_error[given], trials)
            _covers(bars, f"{name} of {number} counts: counts", np.abs(counts - number) < error, trials)


def _covers(bars: Bars, what: str, inside: NDArray[np.bool_], trials: int) -> None:
    """Record how often 1 sigma covers the truth, of those trials that gave a number."""
    share, known = float(inside.mean()), float(np.sqrt(0.68 * 0.32 / inside.size))
    few = f"the share of {inside.size} trials is known to {known:.1%}" if known > 0.02 else None
    title = f"{what} given in {inside.size} of {trials}, 1 sigma covers"
    bars.record("B-45", title, share, "0.68 +- 0.05", abs(share - 0.68) <= 0.05, reason=few)
    # An error that is wrong by a third shows in a short form too.
    assert abs(share - 0.68) <= 0.05 + 3.5 * known


@pytest.mark.short
def test_errors_of_bursts_cover(bars: Bars) -> None:
    _coverage(bars, 80)


@pytest.mark.long
def test_errors_of_bursts_cover_1000_times(bars: Bars) -> None:
    _coverage(bars, 1000)
