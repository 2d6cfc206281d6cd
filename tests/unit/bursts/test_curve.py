"""Curves with gaps: cut, join, rebin, good times."""

import numpy as np
import pytest

from science.bursts.curve import Curve, join
from science.bursts.instants import seconds_of_utc, utc_of_seconds


def curve(start_s: float, values: list[float]) -> Curve:
    counts = np.array(values, dtype=float)
    return Curve(start_s, 0.5, np.where(counts < 0, 0.0, counts), counts >= 0)


def test_parts_join_on_one_grid_and_the_time_between_is_a_gap() -> None:
    whole = join([curve(102.0, [4, 5]), curve(100.0, [1, -1, 3])])

    assert whole.start_s == 100.0
    assert whole.counts.tolist() == [1, 0, 3, 0, 4, 5]
    assert whole.live.tolist() == [True, False, True, False, True, True]
    assert whole.gaps().tolist() == [[100.5, 101.0], [101.5, 102.0]]
    assert whole.gaps(at_least_s=0.6).tolist() == []
    assert whole.good_times().tolist() == [[100.0, 100.5], [101.0, 101.5], [102.0, 103.0]]
    assert (whole.live_s, whole.rate) == (2.0, 6.5)


def test_a_cut_takes_bins_that_begin_inside() -> None:
    whole = curve(100.0, [0, 1, 2, 3, 4])
    assert whole.cut(100.5, 101.5).counts.tolist() == [1, 2]
    assert whole.cut(100.5, 101.5).start_s == 100.5
    assert whole.cut(100.6, 101.6).counts.tolist() == [2, 3]
    assert whole.cut(0.0, 1000.0).counts.size == 5
    assert whole.cut(200.0, 300.0).counts.size == 0


def test_longer_bins_keep_the_counts_and_say_how_much_was_live() -> None:
    joined, exposed = curve(0.0, [1, 2, -1, 4, -1, -1, 9]).rebin(2)
    assert joined.counts.tolist() == [3, 4, 0]
    assert exposed.tolist() == [1.0, 0.5, 0.0]
    assert joined.live.tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("utc", "ijd"),
    [
        ("2017-08-17T12:41:04.430", 6438.529324236),
        ("2017-08-17T12:41:06.474598", 6438.529347900),
        ("2015-09-14T09:50:45.400", 5735.411036852),
        ("2019-04-25T08:18:05.017", 7054.346692141),
        ("2023-06-27T01:53:37.000", 8578.079701204),
    ],
)
def test_golden_conversions_of_utc_to_ijd(utc: str, ijd: float) -> None:
    seconds = seconds_of_utc(utc)
    assert seconds / 86400 == pytest.approx(ijd, abs=1e-9)
    assert utc_of_seconds(seconds, 6).startswith(utc)
