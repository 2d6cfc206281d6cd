"""What makes a burst hard to measure: dead time, gaps, edges, drifts, several episodes, short and faint ones."""

import numpy as np
import pytest

from science.bursts.curve import Curve, Floats
from science.bursts.duration import Burst, TooLittleBackground, measure
from science.bursts.search import search, spaced_widths

BIN_S, RATE = 0.1, 100.0


def curve_of(light: Floats, seed: int = 1) -> Curve:
    counts = np.random.default_rng(seed).poisson(RATE * BIN_S + light).astype(float)
    return Curve(0.0, BIN_S, counts, np.ones(counts.size, dtype=bool))


def box(bins: int, first: int, last: int, per_bin: float) -> Floats:
    light = np.zeros(bins)
    light[first:last] = per_bin
    return light


def measured(curve: Curve) -> Burst:
    found = search(curve, spaced_widths(300), 6.0)
    return measure(found, found.excesses[0])


def test_dead_time_is_taken_off() -> None:
    curve = curve_of(box(4000, 2000, 2100, 40.0))
    alive = np.ones(4000)
    alive[2000:2050] = 0.5
    seen = np.random.default_rng(2).binomial(curve.counts.astype(int), alive).astype(float)
    burst = measured(Curve(0.0, BIN_S, seen, curve.live, alive))
    assert burst.counts == pytest.approx(4000, abs=4 * burst.error)
    assert burst.t50_s == pytest.approx(5.0, abs=4 * burst.t50_error_s)


def test_two_episodes_are_one_burst_and_none_is_its_own_background() -> None:
    light = box(6000, 2000, 2150, 20.0) + box(6000, 2450, 2600, 20.0)
    burst = measured(curve_of(light))
    assert burst.t90_s == pytest.approx(57.0, abs=4 * burst.t90_error_s)
    assert burst.counts == pytest.approx(6000, abs=4 * burst.error)


def test_an_episode_minutes_away_is_left_out_and_told() -> None:
    light = box(8000, 2000, 2100, 30.0) + box(8000, 3000, 3100, 60.0)
    burst = measured(curve_of(light))
    assert burst.counts == pytest.approx(6000, abs=4 * burst.error)
    assert [time for time, _ in burst.apart] == [pytest.approx(205.0, abs=3)]


def test_a_gap_inside_a_burst_is_told() -> None:
    curve = curve_of(box(4000, 2000, 2100, 40.0))
    live = curve.live.copy()
    live[2030:2060] = False
    burst = measured(Curve(0.0, BIN_S, np.where(live, curve.counts, 0.0), live))
    assert burst.counts_missing is not None
    assert "have no data" in burst.counts_missing
    assert np.isnan(burst.t90_s)


def test_short_and_faint_bursts_have_no_duration_and_a_reason() -> None:
    assert "two bins" in str(measured(curve_of(box(4000, 2000, 2001, 300.0))).duration_missing)
    assert "too faint" in str(measured(curve_of(box(4000, 2000, 2100, 2.8), seed=3)).duration_missing)


def test_a_burst_at_the_end_is_refused() -> None:
    light = box(4000, 3550, 4000, 30.0)
    found = search(curve_of(light), spaced_widths(300), 6.0)
    with pytest.raises(TooLittleBackground, match="after the burst"):
        measure(found, found.excesses[0])


def test_a_rising_background_makes_no_nonsense() -> None:
    for seed in range(10):
        ramp = np.linspace(0.0, 0.8, 3000) * RATE * BIN_S
        curve = curve_of(ramp + box(3000, 2450, 2500, 40.0), seed)
        found = search(curve, spaced_widths(300), 6.0)
        try:
            burst = measure(found, found.excesses[0])
        except TooLittleBackground:
            continue
        assert burst.counts == pytest.approx(2000, abs=4 * burst.error)
        assert burst.t90_s == pytest.approx(4.5, abs=5 * burst.t90_error_s)


def test_a_spike_on_the_edge_of_two_bins_is_one() -> None:
    counts = np.random.default_rng(4).poisson(4500.0, 12_000).astype(float)
    counts[6000] += 700
    counts[6001] += 600
    found = search(Curve(0.0, 0.05, counts, np.ones(counts.size, dtype=bool)), spaced_widths(100), 8.0)
    assert [one.spike for one in found.excesses] == [True]
