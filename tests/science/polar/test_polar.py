"""Polarisation against its formulas on simulated bursts, and the real photons of GRB 161218B."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from science.bursts.curve import Curve
from science.bursts.duration import measure
from science.bursts.search import search, spaced_widths
from services.polar.analysis.polarisation import measure_polarisation
from services.polar.simulator.events import scattering_angles
from tests.science.bars import Bars

MODULATION, DEGREE, ANGLE = 0.3, 0.5, 34.4
SOURCE, BACKGROUND, OFF = 3000, 2000, 10_000


def _trials(degree: float, trials: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return Q and U of many bursts, and error and MDP of the last."""
    q, u, last = [], [], [0.0, 0.0]
    for seed in range(trials):
        random = np.random.default_rng(seed)
        burst = scattering_angles(random, int(random.poisson(SOURCE)), MODULATION * degree, ANGLE)
        under = random.uniform(0, 360, random.poisson(BACKGROUND))
        beside = random.uniform(0, 360, random.poisson(OFF))
        found = measure_polarisation(np.concatenate((burst, under)), beside, BACKGROUND / OFF, MODULATION)
        q.append(found.degree * np.cos(np.radians(2 * found.angle_deg)))
        u.append(found.degree * np.sin(np.radians(2 * found.angle_deg)))
        last = [found.error, found.mdp99]
    return np.array(q), np.array(u), last


def _recovery(bars: Bars, trials: int) -> None:
    q, u, (error, mdp) = _trials(DEGREE, trials)
    mean = float(np.hypot(q.mean(), u.mean()))
    angle = float(np.degrees(0.5 * np.arctan2(u.mean(), q.mean())) % 180)
    bars.record(
        "B-32",
        f"degree from mean Q and U of {trials} bursts, true 0.5",
        mean,
        "within 5 %",
        abs(mean / DEGREE - 1) < 0.05,
    )
    bars.record("B-32", f"angle, true {ANGLE} deg", angle, "within 5 %", abs(angle / ANGLE - 1) < 0.05)
    scatter = float(np.sqrt(0.5 * (q.var() + u.var())))
    bars.record(
        "B-32",
        "stated error over the scatter of Q and U",
        error / scatter,
        "within 5 %",
        abs(error / scatter - 1) < 0.05,
    )
    formula = 4.29 * np.sqrt(SOURCE + BACKGROUND * (1 + BACKGROUND / OFF)) / (MODULATION * SOURCE)
    bars.record("B-32", "MDP99 over its formula", mdp / formula, "within 5 %", abs(mdp / formula - 1) < 0.05)
    q0, u0, _ = _trials(0.0, trials)
    share = float((np.hypot(q0, u0) > formula).mean())
    bars.record("-", "share of unpolarised bursts above MDP99", share, "0 to 0.03", share <= 0.03)


@pytest.mark.short
def test_polarisation_is_recovered(bars: Bars) -> None:
    _recovery(bars, 1200)


@pytest.mark.long
def test_polarisation_is_recovered_6000_times(bars: Bars) -> None:
    _recovery(bars, 6000)


def _coverage(bars: Bars, trials: int) -> None:
    inside, below = 0, 0
    for seed in range(trials):
        random = np.random.default_rng(50_000 + seed)
        true, angle = random.uniform(0, 1), random.uniform(0, 180)
        phi = np.concatenate(
            (
                scattering_angles(random, int(random.poisson(SOURCE)), MODULATION * true, angle),
                random.uniform(0, 360, random.poisson(BACKGROUND)),
            )
        )
        found = measure_polarisation(phi, random.uniform(0, 360, random.poisson(OFF)), BACKGROUND / OFF, MODULATION)
        inside += found.degree_68[0] <= true <= found.degree_68[1]
        below += true <= found.limit_99
    covered, limit = inside / trials, below / trials
    bars.record(
        "-",
        f"68 % interval of the posterior holds the true degree, {trials} bursts",
        covered,
        "0.65 to 0.71",
        0.65 <= covered <= 0.71,
    )
    bars.record("-", "99 % limit of the posterior holds it", limit, ">= 0.98", limit >= 0.98)


@pytest.mark.short
def test_the_posterior_covers(bars: Bars) -> None:
    _coverage(bars, 4000)


@pytest.mark.long
def test_the_posterior_covers_20000_times(bars: Bars) -> None:
    _coverage(bars, 20_000)


def test_real_photons_of_grb_161218b(shared_data: Path, bars: Bars) -> None:
    path = shared_data / "polar" / "fermi_gbm_tte_n4_bn161218356_GRB161218B.fit.gz"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    with fits.open(path) as hdus:
        low, high = (np.asarray(hdus["EBOUNDS"].data[name], dtype=float) for name in ("E_MIN", "E_MAX"))
        channel = np.asarray(hdus["EVENTS"].data["PHA"], dtype=int)
        time = np.asarray(hdus["EVENTS"].data["TIME"], dtype=float) - float(hdus[0].header["TRIGTIME"])
    used = (low[channel] >= 50) & (high[channel] <= 300)
    edges = np.arange(np.ceil(time.min() * 2) / 2, time.max(), 0.5)
    counts = np.histogram(time[used], edges)[0].astype(float)
    curve = Curve(float(edges[0]), 0.5, counts, np.ones(counts.size, dtype=bool))
    found = search(curve, spaced_widths(60), 6.0)
    burst = measure(found, found.excesses[0])
    bars.record(
        "-", "GRB 161218B, GBM n4, 50-300 keV: T90 [s]", burst.t90_s, "25.5 +- 1", abs(burst.t90_s - 25.5) < 1.0
    )
    peak = float(counts[np.argmin(np.abs(curve.start_s + curve.centres - 2.25))]) - burst.background_rate * 0.5
    bars.record("-", "the same: highest bin above the background", peak, "2975 +- 30", abs(peak - 2975) < 30)
    level = burst.background_rate * 0.5
    bars.record("-", "the same: background in 0.5 s", level, "158 +- 8", abs(level - 158) < 8)
