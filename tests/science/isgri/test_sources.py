"""Location, errors, flux and detection of single sources; ghosts; a bright source in the field."""

import numpy as np
import pytest

from science.coded_mask.sky_map import matched_map, noise_scale
from services.isgri.analysis.pif import pixel_illumination
from tests.science.bars import Bars
from tests.science.isgri.traced import ARCMIN, CRAB, expected_error, simulate, somewhere

_FULLY, _PARTIALLY = (0.0, 3.5), (6.0, 10.0)
_NEAR_ARCMIN = 6.0


def _trials(rng: np.random.Generator, region: tuple[float, float], snr: float, trials: int) -> np.ndarray:
    """Search fields with one source; returns offset [arcmin], pull, offset / error, bias."""
    found = []
    for _ in range(trials):
        tz, ty = somewhere(rng, *region)
        flux = snr * expected_error(tz, ty)
        sky = simulate(rng, [(tz, ty, flux)]).searched()
        distance = [float(np.hypot(s.tz - tz, s.ty - ty)) for s in sky.sources]
        if not distance or min(distance) > _NEAR_ARCMIN * ARCMIN:
            continue
        best = int(np.argmin(distance))
        fit, sigma = sky.fits[0], np.linalg.det(sky.sources[best].covariance) ** 0.25
        measured, error = fit.flux[best], fit.flux_error[best]
        found.append((distance[best] / ARCMIN, (measured - flux) / error, distance[best] / sigma, measured / flux - 1))
    assert len(found) >= 0.95 * trials
    return np.array(found)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("region", "bar", "limits", "trials"),
    [
        pytest.param(_FULLY, "B-5", {30: 0.45}, 80, marks=pytest.mark.short),
        pytest.param(_PARTIALLY, "B-6", {30: 0.55}, 80, marks=pytest.mark.short),
        pytest.param(_FULLY, "B-5", {10: 1.4, 30: 0.45, 100: 0.14}, 300, marks=pytest.mark.long),
        pytest.param(_PARTIALLY, "B-6", {10: 1.7, 30: 0.55, 100: 0.17}, 600, marks=pytest.mark.long),
    ],
)
def test_location_and_errors(
    bars: Bars, region: tuple[float, float], bar: str, limits: dict[float, float], trials: int
) -> None:
    rng = np.random.default_rng(5)
    for snr, limit in limits.items():
        offset, pulls, ratios, bias = _trials(rng, region, snr, trials).T
        where = f"SNR {snr}, {region[0]:g}-{region[1]:g} deg, {trials} trials"
        r90 = float(np.quantile(offset, 0.9))
        bars.record(bar, f"location r90 in arcmin, {where}", r90, f"<= {limit}", r90 <= limit)
        spread, ratio = float(np.std(pulls)), float(np.quantile(ratios, 0.9))
        bars.record("B-7", f"std of flux pulls, {where}", spread, "0.85-1.15", 0.85 <= spread <= 1.15)
        bars.record("B-7", f"90 % of offset / sigma, {where}", ratio, "1.9-2.5", 1.9 <= ratio <= 2.5)
        if snr == 30:
            mean = float(np.mean(bias))
            bars.record("B-8", f"flux bias of blind detections, {where}", mean, "< 1 %", abs(mean) < 0.01)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("mcrab", "live_s", "trials"),
    [
        pytest.param(1000.0, 1600.0, 5, marks=pytest.mark.short),
        pytest.param(20.0, 40_000.0, 250, marks=pytest.mark.long),
        pytest.param(200.0, 1600.0, 100, marks=pytest.mark.long),
        pytest.param(1000.0, 1600.0, 20, marks=pytest.mark.long),
        pytest.param(3000.0, 1600.0, 12, marks=pytest.mark.long),
    ],
)
def test_flux_of_known_sources(bars: Bars, mcrab: float, live_s: float, trials: int) -> None:
    rng = np.random.default_rng(8)
    for low, high in ((0.0, 4.0), (4.0, 8.0), (8.0, 12.0)):
        ratio, weight = [], []
        for _ in range(trials):
            tz, ty = somewhere(rng, low, high)
            flux = mcrab / 1000.0 * CRAB
            fit = simulate(rng, [(tz, ty, flux)], live_s=live_s).field().fits[0]
            fit.add(pixel_illumination(tz, ty))
            fit.fit()
            ratio.append(fit.flux[0] / flux)
            weight.append((flux / fit.flux_error[0]) ** 2)
        bias, error = float(np.average(ratio, weights=weight)) - 1.0, float(np.sum(weight) ** -0.5)
        snr = float(np.sqrt(np.median(weight)))
        what = f"flux bias, {mcrab:g} mCrab, SNR {snr:.0f}, {low:g}-{high:g} deg, {trials} trials (+- {error:.2%})"
        few = "the mean of so few trials is not known better" if error > 0.004 else None
        bars.record("B-8", what, bias, "< 1 %", abs(bias) < 0.01, reason=few)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("region", "limits", "trials"),
    [
        pytest.param(_FULLY, {8: 0.93}, 30, marks=pytest.mark.short),
        pytest.param(_FULLY, {8: 0.93, 10: 0.99}, 300, marks=pytest.mark.long),
        pytest.param(_PARTIALLY, {8: 0.80, 10: 0.97}, 300, marks=pytest.mark.long),
    ],
)
def test_detection_efficiency(bars: Bars, region: tuple[float, float], limits: dict[float, float], trials: int) -> None:
    rng = np.random.default_rng(9)
    for snr, limit in limits.items():
        found = 0
        for _ in range(trials):
            tz, ty = somewhere(rng, *region)
            sky = simulate(rng, [(tz, ty, snr * expected_error(tz, ty))]).searched(5.5)
            found += any(np.hypot(s.tz - tz, s.ty - ty) < _NEAR_ARCMIN * ARCMIN for s in sky.sources)
        what = f"efficiency at threshold 5.5, SNR {snr}, {region[0]:g}-{region[1]:g} deg, {trials} trials"
        few = f"one of {trials} trials is {1 / trials:.1%}" if trials < 100 else None
        bars.record("B-9", what, found / trials, f">= {limit}", found / trials >= limit, reason=few)
        assert found / trials > limit - 0.1


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    "trials", [pytest.param(40, marks=pytest.mark.short), pytest.param(300, marks=pytest.mark.long)]
)
def test_partially_coded_sources_are_not_found_at_their_ghosts(bars: Bars, trials: int) -> None:
    rng = np.random.default_rng(10)
    swapped = missed = 0
    for _ in range(trials):
        tz, ty = somewhere(rng, *_PARTIALLY)
        sky = simulate(rng, [(tz, ty, 12.0 * expected_error(tz, ty))]).searched()
        distance = [np.hypot(s.tz - tz, s.ty - ty) / ARCMIN for s in sky.sources]
        missed += not distance or min(distance) > _NEAR_ARCMIN
        swapped += any(d > _NEAR_ARCMIN for d in distance)
    bars.record("B-10", f"found at a ghost, {trials} at SNR 12, 6-10 deg", swapped, "0", swapped == 0)
    assert missed <= 0.01 * trials


@pytest.mark.parametrize("trials", [pytest.param(4, marks=pytest.mark.short), pytest.param(40, marks=pytest.mark.long)])
def test_a_crab_leaves_a_clean_map(bars: Bars, trials: int) -> None:
    rng = np.random.default_rng(12)
    spread, found = [], []
    for _ in range(trials):
        sky = simulate(rng, [(*somewhere(rng, 0.0, 10.0), CRAB)]).searched()
        spread.append(noise_scale(matched_map(sky.fits[0]).significance))
        found.append(len(sky.sources))
    worst = max(spread)
    bars.record("B-12", f"largest residual std of {trials} fields with 1 Crab, 0-10 deg", worst, "< 1.05", worst < 1.05)
    assert found == [1] * trials
