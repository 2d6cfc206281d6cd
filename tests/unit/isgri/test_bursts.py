"""The burst search on light curves."""

import numpy as np
import pytest

from science.coded_mask.position_error import radius90_arcmin
from services.isgri.analysis.burst_table import burst_table, joined_bursts
from services.isgri.analysis.bursts import Burst, burst_spans

_WHOLE = np.array([[0.0, 1000.0]])


def _times(rng: np.random.Generator, rate: float, bursts: list[tuple[float, float, int]]) -> np.ndarray:
    steady = rng.uniform(0.0, 1000.0, rng.poisson(rate * 1000.0))
    return np.sort(np.concatenate([steady, *(rng.uniform(start, start + length, n) for start, length, n in bursts)]))


def test_quiet_windows_have_no_bursts() -> None:
    rng = np.random.default_rng(1)
    for rate in (5.0, 30.0, 300.0):
        for _ in range(20):
            assert burst_spans(_times(rng, rate, []), _WHOLE) == []


def test_short_and_long_bursts_are_found_once_with_their_counts() -> None:
    rng = np.random.default_rng(2)
    bursts = [(100.0, 0.1, 120), (300.2, 0.7, 400), (700.0, 9.0, 1500)]
    spans = burst_spans(_times(rng, 250.0, bursts), _WHOLE)
    assert len(spans) == 3
    for span, (start, length, counts) in zip(spans, bursts, strict=True):
        slack = 0.2 + 0.2 * length
        assert span.t_start_s == pytest.approx(start, abs=slack)
        assert span.t_stop_s == pytest.approx(start + length, abs=slack)
        assert span.counts == pytest.approx(counts, rel=0.2)
        assert span.sigma > 8.0


def test_spikes_half_a_second_apart_are_one_burst() -> None:
    rng = np.random.default_rng(3)
    spans = burst_spans(_times(rng, 250.0, [(100.0, 0.1, 150), (100.4, 0.1, 150), (103.0, 0.1, 150)]), _WHOLE)
    assert len(spans) == 2


def test_telemetry_gaps_are_no_dips_and_their_edges_no_bursts() -> None:
    rng = np.random.default_rng(4)
    gti = np.array([[0.0, 300.03], [400.07, 1000.0]])
    time = _times(rng, 250.0, [(400.5, 0.1, 150)])
    time = time[(time < 300.03) | (time > 400.07)]
    spans = burst_spans(time, gti)
    assert [round(span.t_start_s, 1) for span in spans] == pytest.approx([400.5], abs=0.11)


def test_slow_background_changes_are_no_bursts() -> None:
    rng = np.random.default_rng(5)
    time = np.sort(1000.0 * rng.beta(1.0, 0.9, 250_000))
    assert burst_spans(time[time < 990.0], np.array([[0.0, 990.0]])) == []


def test_a_window_shorter_than_the_longest_scale_is_not_searched() -> None:
    assert burst_spans(np.linspace(0.0, 5.0, 1000), np.array([[0.0, 5.0]])) == []


def test_radius_of_ninety_per_cent() -> None:
    sigma = np.radians(0.5 / 60.0)
    assert radius90_arcmin(np.eye(2) * sigma**2) == pytest.approx(2.146 * 0.5, rel=1e-6)
    assert radius90_arcmin(np.zeros((2, 2))) == 0.0


def test_bursts_of_several_windows_are_one_table_by_time() -> None:
    nan = float("nan")
    late = burst_table([Burst(5.0, 5.2, 40.0, 9.0, 10.0, 20.0, 1.0, 7.0)], 100.0)
    early = burst_table([Burst(1.0, 1.1, 30.0, 8.5, nan, nan, nan, nan)], 99.0)
    joined = joined_bursts([("w2", late.data), ("w1", early.data)]).data
    assert list(joined["SWID"]) == ["w1", "w2"]
    assert joined["T_START"][1] == 100.0 + 5.0 / 86400.0
    assert np.isnan(joined["RA"][0])
    assert joined["RA"][1] == 10.0
