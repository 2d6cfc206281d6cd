"""Numbers that others published, reproduced: false alarms, upper limits, real bursts."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from bursts.curve import Curve
from bursts.duration import measure
from bursts.instants import seconds_of_utc, utc_of_seconds
from bursts.search import search, spaced_widths
from spiacs_analysis.response import HARD, fluence, limit_counts
from spiacs_analysis.significance import published_fap

from tests.science.bars import Bars

# S/N, delay, scale -> printed false-alarm probability.
FAPS = (
    (3.371209972, -0.220751702, 2.4, 0.00943247),
    (3.614447449, -24.570770527, 0.4, 0.348665),
    (3.290626868, -56.370796699, 1.0, 0.643467),
    (4.682586185, 277.379471434, 0.7, 0.728069),
    (4.6, 1.9, 0.1, 0.0367877),
    (5.0, 1.0, 1.0, 0.00152711),
    (6.0, 10.0, 0.1, 0.0931094),
    (8.0, 0.5, 0.05, 0.00214103),
)

# GCN circular: relative response, excess variance, limit on the fluence of a hard burst of 1 s [1e-7 erg/cm2].
CIRCULARS = (
    ("24571", 0.61, 1.9, 2.7),
    ("24629", 0.53, 1.4, 4.0),
    ("24951", 0.97, 1.1, 1.6),
    ("25698", 0.91, 1.2, 2.2),
    ("26333", 0.50, 1.1, 3.4),
    ("26351", 0.93, 1.2, 1.8),
    ("26401", 0.40, 1.1, 5.2),
)
_RATE_2019 = 9.5e4


def test_published_false_alarm_probabilities(bars: Bars) -> None:
    worst = max(abs(published_fap(snr, delay, scale) / fap - 1) for snr, delay, scale, fap in FAPS)
    bars.record("-", "published FAP, 8 values, relative difference", worst, "six digits: < 5e-6", worst < 5e-6)


def test_upper_limits_of_circulars(bars: Bars) -> None:
    ratios = []
    for _, response, excess_variance, limit in CIRCULARS:
        counts = limit_counts(_RATE_2019, float(np.sqrt(excess_variance)), 1.0)
        ratios.append(fluence(counts, HARD, response) / (limit * 1e-7))
    good = sum(abs(ratio - 1) < 0.25 for ratio in ratios)
    bars.record("B-29", "ours over the limits of 7 circulars", ratios, "within 25 % for 6 of 7", good >= 6)


def test_limit_chain_of_s230627c(bars: Bars) -> None:
    short, long = limit_counts(83_669.9, 1.1929, 1.0), limit_counts(83_669.9, 1.1857, 8.0)
    holds = abs(short - 1035.2) < 0.1 and abs(long - 2910.3) < 0.2
    bars.record("-", "3 sigma counts of S230627c, 1 s and 8 s", [short, long], "1035.2, 2910.3", holds)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Curve:
    """The public light curve of GRB 230307A in bins of 0.1 s."""
    path = shared_data / "spi-acs" / "spiacs_lc_GRB230307A_0.1s.fits"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    with fits.open(path) as hdus:
        rows, header = hdus["RATE"].data, hdus["RATE"].header
        first = float(header["TIMEZERO"]) + float(rows["TIME"][0]) - 0.05
        rate = np.asarray(rows["RATE"], dtype=float)
        # Bins of 75 and 125 ms stand here and there; the error tells the length of each: rate / error^2.
        length = rate / np.asarray(rows["ERROR"], dtype=float) ** 2
        assert set(np.round(length, 3)) <= {0.05, 0.1, 0.15}
    return Curve(first, 0.1, rate * 0.1, np.ones(rate.size, dtype=bool))


def test_grb_230307a(real: Curve, bars: Bars) -> None:
    found = search(real, spaced_widths(300), 5.0)
    best = found.excesses[0]
    bars.record("B-31", "GRB 230307A: score", best.score, "> 1000", best.score > 1000)
    burst = measure(found, best)
    peak = utc_of_seconds(burst.peak_s)
    near = abs(burst.peak_s - seconds_of_utc("2023-03-07T15:44:10.43")) < 0.06
    bars.record("-", "GRB 230307A: peak, UTC", peak, "15:44:10.43", near)
    bars.record("-", "GRB 230307A: T90 [s]", burst.t90_s, "28.5 +- 1", abs(burst.t90_s - 28.5) < 1.0)
    counts = burst.counts / 1.524e7
    bars.record("-", "GRB 230307A: counts over 1.524e7", counts, "1 +- 0.01", abs(counts - 1) < 0.01)
    variance = float(found.noise.at(1)) ** 2
    bars.record(
        "-", "noise of the real light curve, variance over mean", variance, "1.39 +- 0.05", abs(variance - 1.39) < 0.05
    )


def test_quiet_time_before_grb_230307a(real: Curve, bars: Bars) -> None:
    quiet = real.cut(real.start_s, seconds_of_utc("2023-03-07T15:44:05"))
    found = search(quiet, spaced_widths(60), 2.0)
    highest = max(one.score for one in found.excesses)
    bars.record("B-31", "quiet time before GRB 230307A: highest score", highest, "< 5", highest < 5)
