"""Dead time of each module: fluxes and light curves where modules differ, and what a real window shows of it."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from science.coded_mask.weighted_curve import weighted_rates
from services.isgri.analysis.dead_time import ModuleTimes
from services.isgri.analysis.detector import EVENT_DEAD_S, module_map
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.lc_stage import band_weights, in_band, live_bins
from services.isgri.analysis.window import analyse_window
from services.isgri.analysis.window_fit import count_bands, fit_window, pixel_of
from services.isgri.simulator import Burst, SkySource, simulate_window
from tests.real_window import assemble, parts
from tests.science.isgri.windows import CENTRE, pointing, targets

_BAND = (40.0, 80.0)
_TICK_S = 61.03515625e-6
_NOISE = (0.0, 2500.0, 0.0, 0.0, 600.0, 0.0, 0.0, 0.0)
"""Events/s of electronic noise: module 1 is busy for a quarter of the time, module 4 for 7 %."""
_CRAB = SkySource("Crab", CENTRE[0] + 3.0, CENTRE[1] + 4.0, 1000.0)
_QUIET = SkySource("quiet", CENTRE[0] - 3.0, CENTRE[1] + 2.0, 200.0)


@pytest.fixture(scope="module")
def noisy_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("noisy") / "isgri_events.fits"
    simulate_window(path, pointing(0), [_CRAB, _QUIET], seed=31, exposure_s=2000.0, module_noise=_NOISE)
    yield path
    path.unlink()


def _ready(path: Path) -> ExposedWindow:
    return expose(path, lambda _: nullcontext())


def test_the_live_fraction_of_each_module(noisy_file: Path) -> None:
    window = _ready(noisy_file)
    live = window.modules.live_fractions
    # 660 events/s of background on eight modules, the light of the sources, and noise of the 94 % pixels that live.
    arriving = np.array([84.0 + 15.0 + 0.943 * noise for noise in _NOISE])
    free = 1.0 / (1.0 + EVENT_DEAD_S * arriving)
    print(f"live fractions {np.round(live, 4).tolist()}, DEADC {window.live_fraction:.4f}")
    assert live / live.mean() == pytest.approx(free / free.mean(), abs=0.004)
    assert live.mean() == pytest.approx(window.live_fraction, rel=1e-6)


def _flux_per_module(window: ExposedWindow) -> NDArray[np.float64]:
    """Fit the first source to the pixels of one module at a time."""
    counts = count_bands(window, [_BAND])
    middle = np.array([sum(_BAND) / 2.0])
    fluxes = []
    for module in range(8):
        part = ExposedWindow(
            window.events, window.used, window.gti, window.modules, window.usable & (module_map() == module)
        )
        fluxes.append(fit_window(part, targets([_CRAB, _QUIET]), counts, middle).fit.flux[0, 0])
    return np.array(fluxes)


def test_fluxes_of_modules_of_different_rates_agree(noisy_file: Path) -> None:
    window = _ready(noisy_file)
    found = fit_window(window, targets([_CRAB, _QUIET]), count_bands(window, [_BAND]), np.array([60.0]))
    modules = _flux_per_module(window)
    one_for_all = ModuleTimes(window.modules.good, np.zeros(8), window.live_fraction)
    same = ExposedWindow(window.events, window.used, window.gti, one_for_all, window.usable)
    without = _flux_per_module(same)
    print(f"by module {np.round(modules, 1).tolist()}; one dead time for all {np.round(without, 1).tolist()}")
    others = np.delete(np.arange(8), 1)
    error = modules[others].std(ddof=1)
    assert modules[1] == pytest.approx(modules[others].mean(), abs=3.5 * error)
    assert without[1] < 0.85 * without[others].mean()
    image = analyse_window(noisy_file, [_BAND], [], 6.0, burst_search=False, step=lambda _: nullcontext())
    fluxes = image.sky.fits[0].flux
    assert fluxes.max() == pytest.approx(found.fit.flux[0, 0], rel=0.01)


def test_a_light_curve_in_a_bright_burst(tmp_path: Path) -> None:
    """A burst of 15 000 events/s: modules are blind for a fifth of the time, but only while it lasts."""
    path = tmp_path / "isgri_events.fits"
    mcrab = 120_000.0
    steady = SkySource("Crab", CENTRE[0] + 0.5, CENTRE[1] + 1.0, 1000.0)
    burst = SkySource("burst", CENTRE[0] - 2.0, CENTRE[1] - 1.0, 0.0, bursts=(Burst(500.0, 2.0, mcrab),))
    simulate_window(path, pointing(0), [steady, burst], seed=32, exposure_s=1000.0)
    window = _ready(path)
    sky = [steady, burst]
    found = fit_window(window, targets(sky), count_bands(window, [_BAND]), np.array([60.0]))
    bins = live_bins(window, 0.0, 0.1, int(window.gti[-1, 1] / 0.1))
    weights = band_weights(found, 0)
    middle = 0.1 * (np.arange(bins.exposed.shape[1]) + 0.5)
    inside = (middle > 500.0) & (middle < 502.0)
    means = []
    for used_bins in (bins, replace(bins, dead_s=0.0, total_dead_s=0.0)):
        rate, _, _ = weighted_rates(window.events.time_s, pixel_of(window), in_band(window, _BAND), used_bins, weights)
        means.append(float(np.nanmean(rate[1, inside])))
    # The sources have the same spectrum: the burst has 120 times the rate of the Crab in every band.
    expected = mcrab / 1000.0 * float(found.fit.flux[0, 0])
    dead = float(np.mean(np.asarray(bins.dead_s)[:, inside] / (bins.exposed[:, inside] * 0.1)))
    print(f"burst {means[0]:.0f} counts/s of {expected:.0f}; without {means[1]:.0f}; modules blind for {dead:.0%}")
    assert means[0] == pytest.approx(expected, rel=0.03)
    assert means[1] < 0.93 * expected


def test_the_real_window_shows_the_dead_time(shared_data: Path, tmp_path: Path) -> None:
    """Events of one module keep the distance that its dead time demands, events of two modules do not."""
    pieces = parts(shared_data)
    if len(pieces) != 3:
        pytest.skip("the three parts of the real science window are not there")
    assemble(pieces, tmp_path / "isgri_events.fits")
    window = _ready(tmp_path / "isgri_events.fits")
    ticks = np.round(window.events.time_s / _TICK_S).astype(np.int64)
    module = module_map()[window.events.row, window.events.column]
    same = np.zeros(4)
    for number in range(8):
        same += np.bincount(np.minimum(np.diff(ticks[module == number]), 3), minlength=4)[:4]
    apart, other = np.diff(ticks), np.diff(module) != 0
    across = np.bincount(np.minimum(apart[other], 3), minlength=4)
    live = window.modules.live_fractions
    print(f"pairs one and two ticks apart: one module {same[1:3]}, two modules {across[1:3]}; live {np.round(live, 4)}")
    assert same[0] + same[1] < 0.1 * same[2]
    assert across[1] > 0.8 * across[2]
    assert np.ptp(live) < 0.005  # modules count 83-92 events/s each
    # Bursts of 24000 events/s leave the modules a good half of the time.
    bins = live_bins(window, 0.0, 0.01, int(window.gti[-1, 1] / 0.01))
    blind = np.max(bins.dead_s, axis=0) / 0.01
    print(f"largest share of 10 ms lost by a module {blind.max():.2f}")
    assert 0.3 < blind.max() < 1.0
