"""The search against a slow and plain computation, and what gaps, bursts and spikes do to it."""

import numpy as np
import pytest

from science.bursts.curve import Curve, Flags, Floats
from science.bursts.noise import noise_of
from science.bursts.search import all_widths, measured_fap, measured_rate, search, spaced_widths
from science.bursts.windows import windows_of

RATE = 4500.0


def noise(bins: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).poisson(RATE, bins).astype(float)


def curve(counts: Floats) -> Curve:
    return Curve(0.0, 0.05, counts, np.ones(counts.size, dtype=bool))


def plain_score(counts: Floats, first: int, width: int, ratio: float, bright: Flags | None = None) -> float:
    side, guard = 1200, 20
    quiet = np.ones(counts.size, dtype=bool) if bright is None else ~bright
    left = slice(first - guard - side, first - guard)
    right = slice(first + width + guard, first + width + guard + side)
    b = 0.5 * (counts[left][quiet[left]].mean() + counts[right][quiet[right]].mean())
    error = ratio * np.sqrt(b * width * (1 + width / (2 * side)))
    return float((counts[first : first + width].sum() - b * width) / error)


def test_scores_are_those_of_the_plain_formula() -> None:
    counts = noise(12_000)
    counts[7000:7020] += 150
    found = search(curve(counts), all_widths(100), 5.0)

    best = found.excesses[0]
    assert best.first == pytest.approx(7000, abs=2)
    assert best.width == pytest.approx(20, abs=4)
    ratio = float(found.noise.at(best.width))
    assert best.score == pytest.approx(plain_score(counts, best.first, best.width, ratio, found.bright), rel=1e-9)
    # No other box is better: the compiled loop left none out.
    others = [
        plain_score(counts, first, width, float(found.noise.at(width)), found.bright)
        for first in range(6990, 7010)
        for width in range(5, 40)
    ]
    assert max(others) == pytest.approx(best.score, rel=1e-9)
    assert float(found.score[best.first]) == pytest.approx(best.score, rel=1e-4)
    assert best.counts == pytest.approx(3000, abs=4 * best.error)


def test_a_large_rate_does_not_cost_precision() -> None:
    counts = np.random.default_rng(3).poisson(RATE, 200_000).astype(float)
    counts[150_000:150_010] += 400
    found = search(curve(counts), spaced_widths(200), 6.0)
    best = found.excesses[0]
    box = counts[best.first : best.first + best.width]
    assert best.counts + best.background == pytest.approx(box.sum())
    assert best.background == pytest.approx(RATE * best.width, rel=0.005)
    exact = plain_score(counts, best.first, best.width, float(found.noise.at(best.width)), found.bright)
    assert float(found.score[best.first]) == pytest.approx(exact, rel=1e-3)


def test_no_box_reaches_into_a_gap_and_its_edges_raise_no_alarm() -> None:
    counts = noise(20_000)
    live = np.ones(counts.size, dtype=bool)
    live[9000:9160] = False  # a lost packet
    live[14_000:15_500] = False
    counts[~live] = 0
    found = search(Curve(0.0, 0.05, counts, live), all_widths(100), 3.0)
    assert found.excesses
    for one in found.excesses:
        assert live[one.first : one.first + one.width].all()
    assert max(one.score for one in found.excesses) < 6
    # Within 24 s of the long gap one background window is mostly dead: nothing is claimed there.
    assert not any(13_400 < one.centre < 16_000 for one in found.excesses)


def test_noise_is_measured_and_a_burst_does_not_move_it() -> None:
    random = np.random.default_rng(5)
    counts = noise(40_000) + random.normal(0, np.sqrt(0.39 * RATE), 40_000)
    quiet = curve(counts)
    ratio = noise_of(quiet, [2], windows_of(quiet)).ratio[0]
    assert ratio**2 == pytest.approx(1.39, abs=0.06)
    counts[20_000:20_800] += 20_000
    found = search(curve(counts), spaced_widths(600), 8.0)
    assert float(found.noise.at(2)) ** 2 == pytest.approx(1.39, abs=0.06)
    assert found.excesses[0].score > 1000
    assert found.bright[20_000:20_800].all()
    assert found.bright.sum() < 3000


def test_a_spike_is_told_from_a_short_burst() -> None:
    counts = noise(12_000)
    counts[4000] += 1500
    counts[8000:8003] += 600
    found = search(curve(counts), all_widths(100), 8.0)
    assert [(one.first, one.spike) for one in sorted(found.excesses, key=lambda one: one.first)] == [
        (4000, True),
        (8000, False),
    ]


def test_the_measured_rate_leaves_out_the_window_and_never_is_zero() -> None:
    counts = noise(36_000)
    counts[18_000:18_004] += 400
    found = search(curve(counts), all_widths(60), 3.0)
    rate, live_s = measured_rate(found, 6.0, (12_000, 24_000))
    assert live_s == pytest.approx(1200)
    assert rate == pytest.approx(1 / 1200)
    often, _ = measured_rate(found, 3.2, (12_000, 24_000))
    assert often > 10 * rate


def test_the_measured_fap_is_a_probability() -> None:
    """Chance excesses even in delay and rate give a FAP below 5 % in 5 % of all trials."""
    random = np.random.default_rng(8)
    window_s, most_hz, below = 300.0, 0.1, 0
    trials = 2000
    for _ in range(trials):
        number = random.poisson(2 * window_s * most_hz)
        delays, rates = random.uniform(-window_s, window_s, number), random.uniform(0, most_hz, number)
        faps = [measured_fap(r, d, 2 * window_s * most_hz) for r, d in zip(rates, delays, strict=True)]
        below += min(faps, default=1.0) < 0.05
    assert below / trials == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / trials))


def test_nothing_to_search() -> None:
    dead = Curve(0.0, 0.05, np.zeros(100), np.zeros(100, dtype=bool))
    assert search(dead, all_widths(10), 5.0).excesses == ()
    assert search(curve(noise(50)), all_widths(200), 5.0).excesses == ()
