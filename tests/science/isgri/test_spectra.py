"""Spectra of all sources at once: index and flux of a power law, agreement with images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import least_squares

from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.joint_fit import JointModel, fit_jointly
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.detector import PIXELS
from services.isgri.analysis.response import facts, model_response
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.analysis.window_fit import WindowFit, count_channels, fit_window
from services.isgri.simulator.sky import SkySource
from tests.science.bars import Bars
from tests.science.isgri.windows import CENTRE, pointing, targets, window

_INDEX, _MCRAB = 2.1, 100.0
_SKY = (
    SkySource("target", CENTRE[0] + 1.0, CENTRE[1] + 1.5, _MCRAB, photon_index=_INDEX),
    SkySource("bright", CENTRE[0] - 3.0, CENTRE[1] + 2.0, 500.0, photon_index=1.8),
    SkySource("soft", CENTRE[0] + 3.5, CENTRE[1] - 2.5, 200.0, photon_index=3.0),
    SkySource("near", CENTRE[0] + 1.6, CENTRE[1] + 1.0, 60.0, photon_index=2.3),
)
_RANGE_KEV = (20.0, 200.0)
_MIDDLE = (edges_kev()[1:] + edges_kev()[:-1]) / 2.0


@dataclass(frozen=True)
class _PowerLaw:
    """Fitted power law; ``norm`` is that at 1 keV over the true one."""

    index: float
    index_error: float
    flux: float
    chi2_per_dof: float


def _fit_power_law(rate: NDArray[np.float64], error: NDArray[np.float64]) -> _PowerLaw:
    used = model_response()
    inside = (edges_kev()[:-1] >= _RANGE_KEV[0]) & (edges_kev()[1:] <= _RANGE_KEV[1])
    folded = used.area_cm2[:, None] * used.matrix[:, inside]
    edges = used.energy_kev / 40.0
    norm = facts()["crab"]["norm"] * _MCRAB / 1000.0 * 40.0 ** (1.0 - _INDEX)

    def residual(p: NDArray[np.float64]) -> NDArray[np.float64]:
        photons = norm * p[0] * -np.diff(edges ** (1.0 - p[1])) / (p[1] - 1.0)
        pulls: NDArray[np.float64] = (rate[inside] - photons @ folded) / error[inside]
        return pulls

    best = least_squares(residual, [1.0, 2.0])
    covariance = np.linalg.inv(best.jac.T @ best.jac)
    dof = int(inside.sum()) - 2
    return _PowerLaw(float(best.x[1]), float(covariance[1, 1] ** 0.5), float(best.x[0]), 2.0 * float(best.cost) / dof)


def _extract(directory: Path, trial: int) -> WindowFit:
    rng = np.random.default_rng(trial)
    at = pointing(trial, *rng.uniform(-1.0, 1.0, 2))
    ready = window(directory, at, _SKY, seed=100 + trial)
    return fit_window(ready, targets(_SKY), count_channels(ready, edges_kev()), _MIDDLE)


@pytest.mark.parametrize("trials", [pytest.param(6, marks=pytest.mark.short), pytest.param(60, marks=pytest.mark.long)])
def test_index_and_flux_of_a_power_law(bars: Bars, tmp_path: Path, trials: int) -> None:
    fits = []
    for trial in range(trials):
        found = _extract(tmp_path, trial)
        fits.append(_fit_power_law(found.fit.flux[0], found.fit.flux_error[0]))
    pulls = np.array([(fit.index - _INDEX) / fit.index_error for fit in fits])
    bias, spread = float(pulls.mean()), float(pulls.std(ddof=1))
    chi2 = float(np.mean([fit.chi2_per_dof for fit in fits]))
    flux = float(np.mean([fit.flux for fit in fits])) - 1.0
    what = f"{trials} windows, 100 mCrab, 3 neighbours up to 500 mCrab, 20-200 keV"
    if trials >= 30:  # fewer do not tell
        bars.record("B-16", f"mean pull of the index, {what}", bias, "< 0.5", abs(bias) < 0.5)
        bars.record("B-16", f"std of pulls, {what}", spread, "0.8-1.3", 0.8 <= spread <= 1.3)
    bars.record("B-16", f"mean reduced chi2, {what}", chi2, "0.94-1.1", 0.94 <= chi2 <= 1.1)
    scatter = float(np.std([fit.index for fit in fits]))
    print(f"index pulls {bias:.2f} +- {spread:.2f}, flux at 40 keV {flux:+.1%}, rms of the index {scatter:.3f}")
    assert abs(bias) < 4.0 / np.sqrt(trials)
    assert abs(flux) < 0.05


def test_channels_add_up_to_the_image(bars: Bars, tmp_path: Path) -> None:
    found = _extract(tmp_path, 1)
    band = (20.0, 39.5)  # whole channels
    inside = (edges_kev()[:-1] >= band[0]) & (edges_kev()[1:] <= band[1])
    counts = shadowgrams(found.window.events, found.window.used, [band])[0]
    image = ShadowgramFit(Shadowgram(*band, counts, found.window.usable, found.window.live_time_s, CAMERA), templates())
    for target in found.targets:
        tz, ty = found.window.events.attitude.tangents(target.ra, target.dec)
        image.add(CAMERA.illumination(float(tz), float(ty)))
    image.fit()
    shift = (found.fit.flux[:, inside].sum(axis=1) - image.flux) / image.flux_error
    worst = float(np.abs(shift).max())
    bars.record(
        "B-17", "sum of channels against the band's image fit, worst of 4 sources, sigma", worst, "< 0.5", worst < 0.5
    )


def test_a_background_map_takes_the_pattern_of_the_pixels_away() -> None:
    """Pixels that differ by 20 % in their background: with the map the fit is Poisson again, without it flagged."""
    rng = np.random.default_rng(7)
    pixels, channels = 6000, 5
    pif = (rng.random((2, pixels)) < 0.5) * 1600.0 / PIXELS
    pattern = 1.0 + 0.2 * rng.standard_normal((channels, pixels)).clip(-3, 3)
    flux = np.array([[60.0], [20.0]]) * np.ones(channels)
    counts = rng.poisson(40.0 * pattern + (flux.T @ pif)).astype(np.float64)
    flat = np.ones((1, pixels))
    with_map = fit_jointly(counts, JointModel(pif, flat, pattern))
    without = fit_jointly(counts, JointModel(pif, flat))
    pulls = (with_map.flux - flux) / with_map.flux_error
    print(f"pulls {np.round(pulls, 2).tolist()}, chi2 without the map {without.chi2_per_dof.mean():.2f}")
    assert np.abs(pulls).max() < 4.0
    assert np.all(with_map.chi2_per_dof < 1.06)
    assert np.all(without.chi2_per_dof > 1.7)
    one = fit_jointly(counts, JointModel(pif, flat, np.ones_like(pattern)))
    assert np.allclose(one.flux, without.flux, rtol=1e-6)
