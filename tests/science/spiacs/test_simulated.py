"""How well bursts are found and measured in simulated count rates with noise like the real one's."""

import numpy as np
import pytest

from science.bursts.curve import Curve
from science.bursts.duration import measure
from science.bursts.search import Search, measured_fap, measured_rate, search, spaced_widths
from services.spiacs.analysis.search_stage import search_widths
from services.spiacs.simulator.rates import BIN_S, Background, Floats, Pulse, expected_counts, simulated_counts
from tests.science.bars import Bars

QUIET = Background(spikes_a_day=0.0, slow=0.0, white=0.39)
GRB_170817A = Background(rate=1.1e5, spikes_a_day=0.0, slow=0.0, white=1.15**2 - 1)
TWO_KS = 40_000
FEW = "short form: too few trials for the bar"


def curve_of(seed: int, background: Background, pulses: tuple[Pulse, ...] = (), bins: int = TWO_KS) -> Curve:
    counts = simulated_counts(bins, np.random.default_rng(seed), background, pulses).astype(float)
    return Curve(0.0, BIN_S, counts, np.ones(bins, dtype=bool))


def mirrored(seed: int, background: Background, pulses: tuple[Pulse, ...]) -> tuple[Curve, Curve]:
    """Return a curve and the one whose noise has the other sign: means of both are free of noise to first order."""
    one = curve_of(seed, background, pulses)
    other = np.maximum(2 * expected_counts(one.counts.size, background, pulses) - one.counts, 0.0)
    return one, Curve(one.start_s, one.bin_s, other, one.live)


def nominal(score: float, length_s: float, background: Background) -> float:
    """Counts of a box burst of a nominal score."""
    return score * float(np.sqrt((1 + background.white) * background.rate * length_s))


def highest(found: Search, begin_s: float, end_s: float) -> float:
    inside = [one.score for one in found.excesses if begin_s <= found.curve.time_s(one.centre) < end_s]
    return max(inside, default=0.0)


def _targeted(bars: Bars, trials: int, reason: str | None) -> None:
    scores, first_three, lengths = [], 0, []
    for seed in range(trials):
        start = 1000.0 + np.random.default_rng(10_000 + seed).uniform(0, BIN_S)
        found = search(
            curve_of(seed, GRB_170817A, (Pulse(start + 1.9, nominal(4.6, 0.1, GRB_170817A), 0.0, 0.1),)),
            search_widths(),
            3.0,
        )
        at = [one for one in found.excesses if abs(found.curve.time_s(one.centre) - start - 1.95) < 0.2]
        scores.append(max((one.score for one in at), default=np.nan))
        if at:
            lengths.append(max(at, key=lambda one: one.score).width * BIN_S)
        apart = ((start - 300) / BIN_S, (start + 300) / BIN_S)
        near = [one for one in found.excesses if abs(found.curve.time_s(one.centre) - start) < 300]

        def fap(one: object, seen: Search = found, apart: tuple[float, float] = apart, start: float = start) -> float:
            delay = abs(seen.curve.time_s(one.centre) - start)  # type: ignore[attr-defined]
            rate = measured_rate(seen, one.score, apart)[0]  # type: ignore[attr-defined]
            return measured_fap(rate, max(delay, one.width * BIN_S), 60.0)  # type: ignore[attr-defined]

        first_three += any(one in at for one in sorted(near, key=fap)[:3])
    mean = float(np.nanmean(scores))
    bars.record(
        "B-26",
        f"mean score of {trials} bursts of 0.1 s, nominal 4.6",
        mean,
        "4.2 to 4.7",
        4.2 <= mean <= 4.7,
        reason=reason,
    )
    share = first_three / trials
    bars.record("-", "the same: among the first three of its window", share, "> 0.8", share > 0.8, reason=reason)
    median = float(np.median(lengths))
    bars.record(
        "-", "the same: median length found [s]", median, "0.10 to 0.15", 0.095 <= median <= 0.155, reason=reason
    )


@pytest.mark.short
def test_a_burst_like_grb_170817a(bars: Bars) -> None:
    _targeted(bars, 120, FEW)


@pytest.mark.long
def test_a_burst_like_grb_170817a_300_times(bars: Bars) -> None:
    _targeted(bars, 300, None)


def _false_alarms(bars: Bars, trials: int) -> None:
    top = np.array(
        [highest(search(curve_of(seed, QUIET), spaced_widths(600), 2.0), 0.0, 2000.0) for seed in range(trials)]
    )
    quantile = float(np.quantile(top, 0.99))
    bars.record(
        "B-27", f"99 % of the highest score of 2 ks of noise, {trials} times", quantile, "< 5.9", quantile < 5.9
    )
    above = [int((top > 6.5).sum()), int((top > 7.0).sum())]
    bars.record(
        "B-27", f"false alarms in {trials} x 2 ks above 6.5, 7.0", above, "<= 1, 0", above[0] <= 1 and above[1] == 0
    )


@pytest.mark.short
def test_false_alarms(bars: Bars) -> None:
    _false_alarms(bars, 60)


@pytest.mark.long
def test_false_alarms_300_times(bars: Bars) -> None:
    _false_alarms(bars, 300)


def _eight_seconds(bars: Bars, trials: int) -> None:
    found_ones, ratios = 0, []
    counts = nominal(8.0, 8.0, QUIET)
    for seed in range(trials):
        found = search(curve_of(seed, QUIET, (Pulse(1000.0, counts, 0.0, 8.0),)), spaced_widths(600), 3.0)
        found_ones += highest(found, 1000.0, 1008.0) > 6.5
        box = slice(round(1000 / BIN_S), round(1008 / BIN_S))
        ratios.append(measured_counts(found, box) / counts)
    share = found_ones / trials
    bars.record(
        "B-28",
        f"bursts of 8 s, nominal 8, above 6.5: share of {trials}",
        share,
        ">= 0.88",
        share >= 0.88,
    )
    bias = float(np.mean(ratios)) - 1
    bars.record(
        "B-28",
        "the same: bias and rms of their counts",
        [bias, float(np.std(ratios))],
        "< 0.04",
        abs(bias) < 0.04,
    )


def measured_counts(found: Search, box: slice) -> float:
    """Counts of a burst of known place above a cubic background."""
    from science.bursts.background import polynomial_background  # noqa: PLC0415

    near = slice(box.start - 4000, box.stop + 4000)
    part = Curve(0.0, BIN_S, found.curve.counts[near], found.curve.live[near])
    source = np.zeros(part.counts.size, dtype=bool)
    source[4000 : 4000 + box.stop - box.start] = True
    net: Floats = part.counts - polynomial_background(part, source).counts
    return float(net[source].sum())


@pytest.mark.short
def test_bursts_of_eight_seconds(bars: Bars) -> None:
    _eight_seconds(bars, 300)


@pytest.mark.long
def test_bursts_of_eight_seconds_2000_times(bars: Bars) -> None:
    _eight_seconds(bars, 2000)


def _durations(bars: Bars, pairs: int) -> None:
    pulse = Pulse(1000.0, 60_000.0, 1.0, 5.62)
    drifting = Background(spikes_a_day=0.0, slow=0.0, white=0.39, drift=0.01, drift_s=1500.0)
    t90, counts, errors = [], [], []
    for seed in range(pairs):
        for curve in mirrored(seed, drifting, (pulse,)):
            found = search(curve.rebin(2)[0], spaced_widths(300), 6.0)
            best = max(found.excesses, key=lambda one: one.score)
            burst = measure(found, best)
            t90.append(burst.t90_s)
            counts.append(burst.counts)
            errors.append(burst.t90_error_s)
    bias = float(np.mean(t90)) / pulse.t90_s() - 1
    bars.record(
        "B-30",
        f"T90 of {2 * pairs} bursts of 60000 counts, true {pulse.t90_s():.2f} s, drift 1 %: bias",
        bias,
        "< 0.15",
        abs(bias) < 0.15,
    )
    off = float(np.mean(counts)) / pulse.counts - 1
    bars.record("B-30", "the same: bias of the counts", off, "< 0.02", abs(off) < 0.02)
    said = float(np.mean(errors) / np.std(t90))
    bars.record("-", "the same: stated error of T90 over its scatter", said, "0.5 to 2", 0.5 < said < 2)


@pytest.mark.short
def test_t90_on_a_drifting_background(bars: Bars) -> None:
    _durations(bars, 12)


@pytest.mark.long
def test_t90_on_a_drifting_background_300_times(bars: Bars) -> None:
    _durations(bars, 150)


def _least_fap(curve: Curve, start: float, window_s: float = 100.0) -> float:
    """Return the smallest measured false-alarm probability near a trigger."""
    found = search(curve, spaced_widths(600), 3.0)
    apart = ((start - window_s) / BIN_S, (start + window_s) / BIN_S)
    near = [one for one in found.excesses if abs(found.curve.time_s(one.centre) - start) < window_s]
    most = measured_rate(found, 3.0, apart)[0] * 2 * window_s
    faps = [
        measured_fap(
            measured_rate(found, one.score, apart)[0],
            max(abs(found.curve.time_s(one.centre) - start), one.width * BIN_S),
            most,
        )
        for one in near
    ]
    return min(faps, default=1.0)


def _acceptance(bars: Bars, trials: int, reason: str | None) -> None:
    below, recovered, below_turned = 0, 0, 0
    start = 1000.0
    for seed in range(trials):
        noise = curve_of(seed, GRB_170817A)
        below += _least_fap(noise, start) < 0.05
        # Dips in place of excesses: what they give by chance no burst can have made.
        turned = np.maximum(2 * expected_counts(noise.counts.size, GRB_170817A) - noise.counts, 0.0)
        below_turned += _least_fap(Curve(noise.start_s, noise.bin_s, turned, noise.live), start) < 0.05
        bright = curve_of(seed, GRB_170817A, (Pulse(start + 1.9, nominal(8.0, 0.1, GRB_170817A), 0.0, 0.1),))
        again = search(bright, spaced_widths(600), 3.0)
        recovered += highest(again, start + 1.7, start + 2.2) > 4.5
    share, error = below / trials, float(np.sqrt(0.05 * 0.95 / trials))
    bars.record(
        "-",
        f"noise alone: share of {trials} with FAP < 0.05",
        share,
        f"<= {0.05 + 3 * error:.3f}",
        share <= 0.05 + 3 * error,
    )
    share = below_turned / trials
    limit = 0.05 + 3 * error
    bars.record("-", "the same with the sign of the noise turned", share, f"<= {limit:.3f}", share <= limit)
    found_share = recovered / trials
    bars.record(
        "-",
        f"nominal 8, 0.1 s: share of {trials} recovered",
        found_share,
        ">= 0.99",
        found_share >= 0.99,
        reason=reason,
    )


@pytest.mark.short
def test_acceptance_with_and_without_a_burst(bars: Bars) -> None:
    _acceptance(bars, 40, FEW)


@pytest.mark.long
def test_acceptance_with_and_without_a_burst_1000_times(bars: Bars) -> None:
    _acceptance(bars, 1000, None)
