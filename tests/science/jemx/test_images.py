"""Accuracy of JEM-X images against an independent ray trace: empty fields, illumination, places and fluxes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import matched_map, noise_scale
from services.jemx.analysis.camera import JemxCamera, camera
from services.jemx.analysis.detector import window
from services.jemx.simulator.photons import traced
from tests.science.bars import Bars
from tests.science.jemx.traced import BAND, CRAB, binned, simulate

_ARCSEC = np.degrees(1.0) * 3600.0
_FEW = "{} trials: the quantile is known to {:.0%}"


@pytest.mark.parametrize("fields", [pytest.param(6, marks=pytest.mark.short), pytest.param(60, marks=pytest.mark.long)])
def test_empty_fields_are_unit_gaussian(bars: Bars, fields: int) -> None:
    rng = np.random.default_rng(24)
    spread, highest = [], []
    for _ in range(fields):
        fit = simulate(rng, []).fits[0]
        fit.fit()
        significance = matched_map(fit).significance
        spread.append(noise_scale(significance))
        highest.append(float(np.nanmax(significance)))
    std = float(np.mean(spread))
    bars.record(
        "B-24", f"JEM-X: std of the map of empty fields, mean of {fields}", std, "1.00 +- 0.02", abs(std - 1) <= 0.02
    )
    peak = max(highest)
    bars.record("-", f"JEM-X: highest of {fields} empty fields, sigma", peak, "< 6.5, the threshold", peak < 6.5)


@pytest.mark.parametrize("tangents", [(0.0, 0.0), (0.012, -0.02), (-0.04, 0.05)])
def test_illumination_agrees_with_the_ray_trace(bars: Bars, tangents: tuple[float, float]) -> None:
    tz, ty = tangents
    photons = 3_000_000
    energy = np.full(photons, 10.0)
    y, z, seen = traced(np.random.default_rng(5), (ty, tz), photons, energy)
    traced_counts = binned(y[seen], z[seen])[window()]
    lens = JemxCamera(**{**camera(1, *BAND).__dict__, "fwhm_mm": 1.0})
    expected = (lens.illumination(tz, ty) * photons / (np.pi * 129.0**2))[window()]
    lit = expected > 5.0
    chi2 = float(np.mean((traced_counts - expected)[lit] ** 2 / expected[lit]))
    total = float(traced_counts.sum() / expected.sum())
    degrees = np.degrees(np.arctan(np.hypot(tz, ty)))
    what = f"JEM-X: illumination against ray trace at {degrees:.1f} deg"
    bars.record("-", f"{what}: chi2 per pixel, {int(lit.sum())} pixels", chi2, "1.00 +- 0.05", abs(chi2 - 1) < 0.05)
    bars.record("-", f"{what}: total", total, "within 1 %", abs(total - 1) < 0.01)


def _trials(rng: np.random.Generator, crab: float, trials: int) -> tuple[NDArray[np.float64], ...]:
    """Significance, offset (arcsec), offset over its predicted sigma, and flux over truth of blind searches."""
    rows = []
    for _ in range(trials):
        tz, ty = rng.uniform(-0.02, 0.02, 2)  # up to 1.6 deg off axis
        sky = simulate(rng, [(tz, ty, crab)])
        find_sources(sky, Candidates([]), 6.5)
        if not sky.sources:
            continue
        source, fit = sky.sources[0], sky.fits[0]
        offset = float(np.hypot(source.tz - tz, source.ty - ty)) * _ARCSEC
        sigma = float(np.linalg.det(source.covariance) ** 0.25) * _ARCSEC
        rows.append(
            (float(fit.flux[0] / fit.flux_error[0]), offset, offset / sigma, float(fit.flux[0] / (crab * CRAB)))
        )
    assert len(rows) == trials, f"only {len(rows)} of {trials} found"
    return tuple(np.array(rows).T)


@pytest.mark.parametrize(
    ("crab", "limit"),
    [(0.020, 15.0), (0.2, 2.5), (1.0, 1.0)],
)
@pytest.mark.parametrize("trials", [pytest.param(5, marks=pytest.mark.short), pytest.param(60, marks=pytest.mark.long)])
def test_sources_are_where_and_as_bright_as_they_are(bars: Bars, crab: float, limit: float, trials: int) -> None:
    """SNR 17, 119 and 330: at the last a shift by half a sample of the rendered mask (10 arcsec) would stand out."""
    snr, offset, ratio, flux = _trials(np.random.default_rng(int(crab * 1000)), crab, trials)
    r90 = float(np.quantile(offset, 0.9))
    few = _FEW.format(trials, 1 / np.sqrt(trials)) if trials < 20 else None
    name = "B-24" if crab < 1.0 else "-"
    what = f"JEM-X at SNR {np.mean(snr):.0f}, {trials} trials"
    bars.record(name, f"{what}: r90 of the place, arcsec", r90, f"{limit:g}", r90 < limit, reason=few)
    if np.mean(snr) > 30:
        bias, error = float(np.mean(flux)) - 1.0, float(np.std(flux) / np.sqrt(trials))
        text = f"{what}: flux bias (+- {error:.2%})"
        bars.record("B-24", text, bias, "< 1.5 %", abs(bias) < 0.015)
    # Offsets are those of a round Gaussian: the mean square is 2 sigma^2, its own scatter 2 / sqrt(N).
    square = float(np.mean(ratio**2))
    assert abs(square - 2.0) < 4.0 * 2.0 / np.sqrt(trials)
    if trials >= 20:
        scale = float(np.quantile(ratio, 0.9))
        bars.record("-", f"{what}: 90 % of offset / sigma", scale, "1.9-2.5", 1.9 < scale < 2.5)
