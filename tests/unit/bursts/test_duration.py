"""Blocks, background and duration of made bursts."""

import numpy as np
import pytest

from science.bursts.background import TooLittleBackground, polynomial_background
from science.bursts.blocks import blocks_of
from science.bursts.curve import Curve
from science.bursts.duration import measure
from science.bursts.search import search, spaced_widths


def test_blocks_find_the_edges_of_a_box() -> None:
    counts = np.random.default_rng(2).poisson(100.0, 1000).astype(float)
    counts[400:420] += 200
    curve = Curve(0.0, 0.1, counts, np.ones(1000, dtype=bool))
    blocks = blocks_of(curve, np.full(1000, 100.0), 1.0)
    high = max(blocks, key=lambda block: block.rate)
    assert (high.first, high.last) == (400, 420)
    assert high.rate == pytest.approx(2000, abs=4 * high.error)


def test_the_cubic_background_is_unbiased_under_the_burst() -> None:
    x = np.linspace(-1, 1, 2000)
    truth = 1000 * (1 + 0.02 * x - 0.03 * x**2 + 0.01 * x**3)
    source = np.zeros(2000, dtype=bool)
    source[800:1200] = True
    sums, predicted = [], 0.0
    for seed in range(60):
        counts = np.random.default_rng(seed).poisson(truth + 500 * source).astype(float)
        fit = polynomial_background(Curve(0.0, 0.1, counts, np.ones(2000, dtype=bool)), source)
        sums.append(float((fit.counts - truth)[source].sum()))
        predicted = fit.sum_variance(800, 1200)
    assert abs(np.mean(sums)) < 4 * np.sqrt(predicted / 60)
    assert np.std(sums) == pytest.approx(np.sqrt(predicted), rel=0.4)


def test_too_little_background() -> None:
    curve = Curve(0.0, 0.1, np.ones(100), np.ones(100, dtype=bool))
    with pytest.raises(TooLittleBackground, match="0 bins beside the burst"):
        polynomial_background(curve, np.ones(100, dtype=bool))


@pytest.mark.parametrize("method", ["cubic", "blocks"])
def test_t90_of_a_box(method: str) -> None:
    counts = np.random.default_rng(4).poisson(900.0, 6000).astype(float)
    counts[3000:3200] += 600
    found = search(Curve(1000.0, 0.1, counts, np.ones(6000, dtype=bool)), spaced_widths(300), 7.0)
    burst = measure(found, found.excesses[0], method="cubic" if method == "cubic" else "blocks")
    assert burst.t90_s == pytest.approx(18.0, abs=0.6)
    assert burst.counts == pytest.approx(120_000, abs=4 * burst.error)
    assert burst.begin_s == pytest.approx(1300.0, abs=0.3)
    assert burst.end_s == pytest.approx(1320.0, abs=0.5)
    assert burst.background_rate == pytest.approx(9000, rel=0.01)
    assert 0 < burst.t90_error_s < 1.5
