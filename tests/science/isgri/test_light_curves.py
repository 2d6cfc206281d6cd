"""Light curves: a constant stays constant, pulsars show their periods, a real curve follows that of OSA."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.extraction import Target
from science.coded_mask.weighted_curve import weighted_rates
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.lc_stage import band_weights, in_band, live_bins
from services.isgri.analysis.window_fit import WindowFit, count_bands, fit_window, pixel_of
from services.isgri.simulator.sky import Pulsation, SkySource
from tests.real_window import assemble, parts
from tests.science.bars import Bars
from tests.science.isgri.windows import CENTRE, pointing, targets, window

_BAND = (20.0, 40.0)
Array = NDArray[np.float64]


def _fit(ready: ExposedWindow, wanted: list[Target], band: tuple[float, float] = _BAND) -> WindowFit:
    return fit_window(ready, wanted, count_bands(ready, [band]), np.array([sum(band) / 2.0]))


def _curve(
    found: WindowFit, width_s: float, first_s: float, band: tuple[float, float] = _BAND
) -> tuple[Array, Array, Array, Array]:
    """Bin middles after the start of the window, share of good time, rates and errors of the first source."""
    ready = found.window
    count = int(np.ceil((float(ready.gti[-1, 1]) - first_s) / width_s))
    bins = live_bins(ready, first_s, width_s, count)
    rate, error, _ = weighted_rates(
        ready.events.time_s, pixel_of(ready), in_band(ready, band), bins, band_weights(found, 0)
    )
    return first_s + width_s * (np.arange(count, dtype=np.float64) + 0.5), bins.exposed.mean(axis=0), rate[0], error[0]


def test_a_constant_source_is_constant(bars: Bars, tmp_path: Path) -> None:
    sky = (
        SkySource("target", CENTRE[0] + 1.0, CENTRE[1] + 1.5, 300.0),
        SkySource("bright", CENTRE[0] - 3.0, CENTRE[1] + 2.0, 500.0),
    )
    windows = 4
    fits = [_fit(window(tmp_path, pointing(n), sky, seed=n), targets(sky)) for n in range(windows)]
    for width in (10.0, 1.0, 0.1):
        total = dof = 0.0
        shifts = []
        for found in fits:
            _, exposed, rate, error = _curve(found, width, float(found.window.gti[0, 0]))
            used = exposed > 0.3
            mean = np.average(rate[used], weights=exposed[used])
            total += float((((rate - mean) / error)[used] ** 2).sum())
            dof += float(used.sum() - 1)
            shifts.append(float(abs(mean - found.fit.flux[0, 0]) / found.fit.flux_error[0, 0]))
        chi2 = total / dof
        what = f"constant of 300 mCrab beside 500 mCrab, {width:g} s, {windows} windows"
        bars.record("B-18", f"chi2 per dof, {what}", chi2, "0.9-1.1", 0.9 <= chi2 <= 1.1)
        bars.record("B-18", f"mean against the image flux, sigma, {what}", max(shifts), "< 0.5", max(shifts) < 0.5)


def test_event_weights_show_a_fast_pulsar(bars: Bars, tmp_path: Path) -> None:
    period = 0.0335
    sky = (SkySource("Crab", *CENTRE, 1000.0, pulsation=Pulsation(period, 0.3)),)
    found = _fit(window(tmp_path, pointing(0, 1.0, 0.5), sky, seed=2), targets(sky))
    used = in_band(found.window, _BAND)
    weight = band_weights(found, 0).weights[0, pixel_of(found.window)[used]]
    time = found.window.events.time_s[used]
    step = 5e-5
    trials = 1.0 / period + step * np.arange(-20, 21)
    z2 = np.array([_z2(time, weight, frequency) for frequency in trials])
    best = int(np.argmax(z2))
    what = "Crab, 33.5 ms, 30 % sine, one window: Z2 of weighted events"
    bars.record("B-19", what, float(z2[best]), "> 500", z2[best] > 500)
    off = abs(best - 20)
    bars.record("B-19", "frequency off by steps of 5e-5 Hz", off, "<= 2", off <= 2)


def _z2(time: Array, weight: Array, frequency: float) -> float:
    turns = 2.0 * np.pi * frequency * time
    power = sum(abs(np.sum(weight * np.exp(1j * k * turns))) ** 2 for k in (1, 2))
    return float(2.0 * power / np.sum(weight**2))


@pytest.mark.parametrize(
    ("windows", "limit_s"),
    [
        pytest.param(3, 1.5, id="6 ks", marks=pytest.mark.short),
        pytest.param(25, 0.1, id="50 ks", marks=pytest.mark.long),
    ],
)
def test_a_slow_pulsar_has_its_period(bars: Bars, tmp_path: Path, windows: int, limit_s: float) -> None:
    period = 283.5
    times, rates, errors = [], [], []
    for number in range(windows):
        at = pointing(number, *np.random.default_rng(number).uniform(-2.0, 2.0, 2))
        # One phase for all windows: that of the start of each.
        phase = at.t_start_ijd * DAY_S / period % 1.0
        sky = (SkySource("Vela X-1 like", *CENTRE, 300.0, pulsation=Pulsation(period, 0.35, phase)),)
        found = _fit(window(tmp_path, at, sky, seed=3), targets(sky))
        time, exposed, rate, error = _curve(found, 10.0, float(found.window.gti[0, 0]))
        used = exposed > 0.3
        times.append(at.t_start_ijd * DAY_S + time[used])
        rates.append(rate[used])
        errors.append(error[used])
    time, rate, error = (np.concatenate(part) for part in (times, rates, errors))
    trials = np.arange(period - 15.0, period + 15.0, 0.01)
    chi2 = np.array([_sine_gain(time - time[0], rate, error, trial) for trial in trials])
    off = float(abs(trials[int(np.argmax(chi2))] - period))
    what = f"period of 283.5 s off by s, 300 mCrab, 35 %, {windows * 2} ks"
    bars.record("B-19", what, off, f"<= {limit_s} (0.1 in 50 ks)", off <= limit_s)


def _sine_gain(time: Array, rate: Array, error: Array, period: float) -> float:
    """Return how much a sine of this period lowers chi2 of a constant."""
    turns = 2.0 * np.pi * time / period
    rows = np.array([np.ones(time.size), np.sin(turns), np.cos(turns)]) / error
    score = rows @ (rate / error)
    return float(score @ np.linalg.solve(rows @ rows.T, score))


def test_real_light_curve_follows_that_of_osa(bars: Bars, shared_data: Path, tmp_path: Path) -> None:
    pieces = parts(shared_data)
    official = shared_data / "osa-spectra-lightcurves" / "IBIS_lc_SGR_1935+2154.fits"
    if len(pieces) != 3 or not official.exists():
        pytest.skip("real data: the science window or OSA's light curve of SGR 1935+2154 is not there")
    path = tmp_path / "isgri_events.fits"
    assemble(pieces, path)
    ready = expose(path, lambda _: nullcontext())
    band = (28.0, 80.0)
    wanted = [Target("SGR 1935+2154", 293.7317, 21.8967), Target("Cyg X-1", 299.5903, 35.2016)]
    found = _fit(ready, wanted, band)
    with fits.open(official, memmap=False) as hdus:
        [table] = [hdu.data for hdu in hdus if hdu.name == "ISGR-SRC.-LCR"]
        inside = (table["TIME"] > ready.events.tstart_ijd) & (table["TIME"] < ready.events.tstop_ijd)
        time, osa, osa_error = (np.array(table[key][inside], np.float64) for key in ("TIME", "RATE", "ERROR"))
    assert osa.size == 4
    first = (float(time[0]) - ready.events.tstart_ijd) * DAY_S - 500.0
    _, _, rate, error = _curve(found, 1000.0, first, band)
    rate, error = rate[:4], error[:4]
    scale = 1.0
    for _ in range(20):  # the error of the difference depends on the scale
        weight = 1.0 / (osa_error**2 + (scale * error) ** 2)
        scale = float((weight * osa * rate).sum() / (weight * rate**2).sum())
    chi2 = float((weight * (osa - scale * rate) ** 2).sum())
    print(f"ours {np.round(rate, 2)} +- {np.round(error, 2)}, OSA {np.round(osa, 2)} +- {np.round(osa_error, 2)}")
    bars.record("B-21", "real: light curve against OSA's 4 bins, chi2 for 3 dof", chi2, "< 8", chi2 < 8.0)
    bars.record("B-21", "real: scale OSA / ours", scale, "1.15-1.35", 1.15 <= scale <= 1.35)
