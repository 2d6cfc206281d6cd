"""Location, flux and detection of single sources; ghosts; a bright source in the field."""

import numpy as np
import pytest
from coded_mask.field import Field
from coded_mask.search import Candidates, find_sources
from coded_mask.sky_map import matched_map, noise_scale

from tests.science.bars import Bars
from tests.science.isgri.traced import BACKGROUND_RATE, LIVE_S, Source, simulate

_ARCMIN = np.pi / 180.0 / 60.0


def _field(rng: np.random.Generator, sources: list[Source]) -> Field:
    sky = simulate(rng, sources).field()
    find_sources(sky, Candidates([]), 6.0)
    return sky


def _sigma(off_axis_deg: float) -> float:
    """Expected flux error, counts/s, from the background alone."""
    coded = 1.0 if off_axis_deg < 4.0 else 1.0 - (off_axis_deg - 4.0) / 10.7
    return float(2.26 * np.sqrt(BACKGROUND_RATE / LIVE_S / coded))


@pytest.mark.parametrize(
    ("low", "high", "snr", "bar"),
    [(0.0, 3.5, 30, 0.45), (0.0, 3.5, 100, 0.14), (6.0, 10.0, 30, 0.55), (6.0, 10.0, 100, 0.17)],
)
def test_location_flux_and_errors(bars: Bars, low: float, high: float, snr: float, bar: float) -> None:
    rng = np.random.default_rng(5)
    offsets, pulls, shifts, bias = [], [], [], []
    for _ in range(40):
        radius, angle = np.radians(rng.uniform(low, high)), rng.uniform(0.0, 2.0 * np.pi)
        tz, ty = np.tan(radius) * np.sin(angle), np.tan(radius) * np.cos(angle)
        flux = snr * _sigma(np.degrees(max(abs(tz), abs(ty))))
        sky = _field(rng, [(tz, ty, flux)])
        distance = [np.hypot(s.tz - tz, s.ty - ty) for s in sky.sources]
        best = int(np.argmin(distance))
        fit, source = sky.fits[0], sky.sources[best]
        offsets.append(distance[best] / _ARCMIN)
        pulls.append((fit.flux[best] - flux) / fit.flux_error[best])
        shifts.append(distance[best] / np.linalg.det(source.covariance) ** 0.25)
        bias.append(fit.flux[best] / flux - 1.0)
    where = f"SNR {snr}, {low:g}-{high:g} deg, 40 trials"
    r90, spread = float(np.quantile(offsets, 0.9)), float(np.std(pulls))
    ratio, mean = float(np.quantile(shifts, 0.9)), float(np.mean(bias))
    bars.record("B-5" if low < 4.0 else "B-6", f"location r90 in arcmin, {where}", r90, f"<= {bar}", r90 <= bar)
    few = "40 trials: the std is known to 11 %, the quantile to 10 %"
    bars.record("B-7", f"std of flux pulls, {where}", spread, "0.85-1.15", 0.85 <= spread <= 1.15, reason=few)
    bars.record("B-7", f"90 % of offset / sigma, {where}", ratio, "1.9-2.5", 1.9 <= ratio <= 2.5, reason=few)
    bars.record("B-8", f"flux bias, {where}", mean, "< 1 %", abs(mean) < 0.01)
    assert 0.7 < spread < 1.35
    assert ratio < 2.9


def test_partially_coded_sources_are_not_found_at_their_ghosts(bars: Bars) -> None:
    rng = np.random.default_rng(10)
    swapped = missed = 0
    trials = 60
    for _ in range(trials):
        radius, angle = np.radians(rng.uniform(6.0, 10.0)), rng.uniform(0.0, 2.0 * np.pi)
        tz, ty = np.tan(radius) * np.sin(angle), np.tan(radius) * np.cos(angle)
        sky = _field(rng, [(tz, ty, 12.0 * _sigma(np.degrees(max(abs(tz), abs(ty)))))])
        distance = [np.hypot(s.tz - tz, s.ty - ty) / _ARCMIN for s in sky.sources]
        missed += not distance or min(distance) > 6.0
        swapped += any(d > 6.0 for d in distance)
    bars.record("B-10", f"found at a ghost, {trials} at SNR 12, 6-10 deg", swapped, "0", swapped == 0)
    assert missed == 0


def test_a_crab_leaves_a_clean_map(bars: Bars) -> None:
    rng = np.random.default_rng(12)
    spread, found = [], []
    for tz, ty in ((0.01, 0.02), (0.07, -0.03), (-0.10, 0.06), (0.02, 0.13)):
        sky = _field(rng, [(tz, ty, 142.0)])
        spread.append(noise_scale(matched_map(sky.fits[0]).significance))
        found.append(len(sky.sources))
    bars.record("B-12", "largest residual std of 4 fields with 1 Crab", max(spread), "< 1.05", max(spread) < 1.05)
    assert found == [1, 1, 1, 1]
