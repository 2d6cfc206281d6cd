"""False-alarm probabilities of windows without a burst, measured and by the published formula."""

import numpy as np
import pytest

from science.bursts.curve import Curve
from science.bursts.search import search, spaced_widths
from services.spiacs.analysis.false_alarms import LISTED_FROM, Window, false_alarms
from services.spiacs.simulator.rates import BIN_S, Background, simulated_counts
from tests.science.bars import Bars

_NOISE = Background(rate=1.1e5, slow=0.0, white=0.35)  # with spikes
_BINS, _T0_S, _WINDOW_S = 40_000, 1000.0, 100.0


def _least(seed: int) -> tuple[float, float]:
    """Return the smallest measured and published probability of a window without a burst."""
    counts = simulated_counts(_BINS, np.random.default_rng(70_000 + seed), _NOISE).astype(float)
    found = search(Curve(0.0, BIN_S, counts, np.ones(_BINS, dtype=bool)), spaced_widths(600), LISTED_FROM)
    near = [one for one in found.excesses if abs(found.curve.time_s(one.centre) - _T0_S) < _WINDOW_S]
    told = false_alarms(found, Window(_T0_S - _WINDOW_S, _T0_S + _WINDOW_S, _T0_S), near)
    return (
        min((one.fap_measured for one in told if one.fap_measured is not None), default=1.0),
        min((one.fap_published for one in told), default=1.0),
    )


def _calibration(bars: Bars, trials: int) -> None:
    faps = np.array([_least(seed) for seed in range(trials)])
    for column, name in enumerate(("measured", "by the formula, trials counted")):
        for limit in (0.05, 0.01, 0.003):
            share = float((faps[:, column] < limit).mean())
            most = limit + 3 * float(np.sqrt(limit * (1 - limit) / trials))
            what = f"share of {trials} windows without a burst with a FAP ({name}) below {limit}"
            bars.record("B-46", what, share, f"<= {most:.4f}", share <= most)


@pytest.mark.short
def test_false_alarm_probabilities_hold(bars: Bars) -> None:
    _calibration(bars, 300)


@pytest.mark.long
def test_false_alarm_probabilities_hold_1500_times(bars: Bars) -> None:
    _calibration(bars, 1500)
