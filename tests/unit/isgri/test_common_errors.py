"""Errors that numbers have in common: forced fits, groups of windows, means, sums of spectra, light curves."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.spectrum import correction_hdu
from science.coded_mask.common_error import (
    attitude_groups,
    constant,
    grouped_constant,
    shadow_groups,
    shared_only,
    weighted_error,
)
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.forced_map import ZONES, forced_excess, forced_significance, zones
from science.coded_mask.pixel_scatter import PixelScatter, pooled_scatter
from science.coded_mask.sky_map import coded_map
from science.coded_mask.spectrum_sum import sum_spectra
from science.coded_mask.window_spectra import WindowSpectra
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA, GRID
from services.isgri.analysis.detector import SHAPE, module_map
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.mask import HEIGHT_MM, PERIOD_MM

Array = NDArray[np.float64]
_LIVE = module_map() >= 0
_CELL = CAMERA.resolution


def _fit(counts: Array) -> ShadowgramFit:
    fit = ShadowgramFit(Shadowgram(20.0, 40.0, counts * _LIVE, _LIVE, 1000.0, CAMERA), templates())
    fit.fit()
    return fit


def test_the_forced_map_is_what_forced_fits_give() -> None:
    """But for the thickness of the mask, which the map does not know: 25 places in the field."""
    rng = np.random.default_rng(1)
    # A background that the templates do not follow.
    shape = 1.0 + 0.2 * np.sin(np.linspace(0.0, 9.0, SHAPE[0]))[:, None] * np.ones(SHAPE)
    fit = _fit(rng.poisson(30.0 * shape).astype(np.float64))
    significance = forced_significance(fit)
    mapped, fitted = [], []
    for _ in range(25):
        row, column = rng.integers(-120, 121, 2)
        mapped.append(significance[GRID.axis[0] + row, GRID.axis[1] + column])
        fit.add(CAMERA.illumination(row * GRID.step, column * GRID.step))
        fit.fit()
        fitted.append(fit.flux[0] / fit.flux_error[0])
        fit.remove(0)
    assert np.corrcoef(mapped, fitted)[0, 1] > 0.9
    assert np.std(mapped) / np.std(fitted) == pytest.approx(1.0, abs=0.35)
    assert np.std(fitted) > 1.3


def test_forced_fits_of_poisson_noise_have_no_excess_and_those_of_scattered_pixels_what_is_expected() -> None:
    rng = np.random.default_rng(2)
    flat = [forced_excess(_fit(rng.poisson(np.full(SHAPE, 20.0)).astype(np.float64))) for _ in range(6)]
    assert np.abs(np.mean(flat, axis=0)).max() < 0.08
    pixels = np.exp(rng.normal(0.0, 0.186, SHAPE))
    scattered = [forced_excess(_fit(rng.poisson(20.0 * pixels).astype(np.float64))) for _ in range(3)]
    assert np.mean(scattered) == pytest.approx(20.0 * 0.186**2, rel=0.15)
    # A wave that the templates do not follow is seen by directions that a part of the detector sees.
    wave = 1.0 + 0.1 * np.sin(np.linspace(0.0, 12.0, SHAPE[0]))[:, None] * np.ones(SHAPE)
    excess = forced_excess(_fit(rng.poisson(50.0 * wave).astype(np.float64)))
    assert excess[2] > excess[-1] + 1.0


def test_what_directions_of_one_zone_have_in_common_counts() -> None:
    """A ring of the background that no template has lifts whole zones of the field off zero."""
    rng = np.random.default_rng(3)
    height, width = np.meshgrid(*(np.linspace(-1.0, 1.0, size) for size in SHAPE), indexing="ij")
    ring = 1.0 + 0.1 * np.cos(4.0 * np.hypot(height, width))
    fit = _fit(rng.poisson(60.0 * ring).astype(np.float64))
    significance = forced_significance(fit)
    excess = forced_excess(fit)
    zone = zones(coded_map(CAMERA, _LIVE))
    inside = [significance[(zone == number) & np.isfinite(significance)] for number in range(len(ZONES) + 1)]
    off = np.array([np.median(values) for values in inside])
    assert np.abs(off).max() > 1.0, "this background shows nothing"
    square = np.array([np.mean(values**2) for values in inside])
    assert np.sqrt(1.0 + excess) == pytest.approx(np.sqrt(square), rel=0.2)


def test_shadows_are_the_same_within_half_a_cell_and_one_period_on() -> None:
    period = PERIOD_MM / HEIGHT_MM
    tz = np.array([0.0, 0.4 * _CELL, 0.6 * _CELL, period, 0.0, 0.0])
    ty = np.array([0.0, 0.0, 0.0, -period, 0.0, 3.0 * _CELL])
    day = np.array([0.0, 1.0, 2.0, 3.0, 400.0, 5.0])
    assert list(shadow_groups(tz, ty, day, CAMERA)) == [0, 0, 1, 0, 2, 3]
    detector = np.array([0, 1, 0, 0, 0, 0])
    assert list(shadow_groups(tz, ty, day, CAMERA, detector)) == [0, 1, 2, 0, 3, 4]
    assert shadow_groups(np.zeros(0), np.zeros(0), np.zeros(0), CAMERA).size == 0


def test_attitudes_are_the_same_when_all_of_the_field_is() -> None:
    here, near, far = (INSTRUMENT.attitude(ra, 0.0, ra, 90.0) for ra in (10.0, 10.05, 10.5))
    turned = INSTRUMENT.attitude(10.0, 0.0, 100.0, 85.0)  # 5 degrees of roll
    assert list(attitude_groups([here, near, far, turned, here], np.arange(5.0), CAMERA)) == [0, 0, 1, 2, 0]


def _dense(own: Array, common: Array) -> Array:
    return np.asarray(np.linalg.inv(np.diag(own**2) + common @ common.T), np.float64)


def test_a_constant_is_that_of_the_whole_covariance() -> None:
    rng = np.random.default_rng(3)
    number = np.array([0, 0, 1, 2, 1, 0, 3])
    value, own, part = rng.normal(5.0, 2.0, 7), rng.uniform(0.5, 2.0, 7), rng.uniform(0.1, 3.0, 7)
    common = np.zeros((7, 4))
    common[np.arange(7), number] = part
    inverse, ones = _dense(own, common), np.ones(7)
    mean = ones @ inverse @ value / inverse.sum()
    left = value - mean
    expected = (mean, inverse.sum() ** -0.5, left @ inverse @ left / 6.0)
    found = constant(value, own, sparse.csr_array(common))
    assert (found.value, found.error, found.chi2_per_dof) == pytest.approx(expected)
    two = [np.column_stack([x, x]) for x in (value, own, part)]
    columns = grouped_constant(two[0], two[1], two[2], number)
    assert [float(column[1]) for column in columns] == pytest.approx(expected)
    weight = rng.uniform(1.0, 2.0, 7)
    covariance = np.diag(own**2) + common @ common.T
    error = (weight @ covariance @ weight) ** 0.5 / weight.sum()
    assert weighted_error(weight, own, sparse.csr_array(common)) == pytest.approx(error)
    alone, shared = shared_only(own, sparse.csr_array(common))
    assert np.allclose(np.diag(alone**2) + (shared @ shared.T).toarray(), covariance)
    assert shared.shape[1] == 2, "two groups of one number each are their own"


def _spectra(tz: float, day: float, unit: float, excess: float = 1.0) -> WindowSpectra:
    scatter = PixelScatter(
        np.full((len(ZONES) + 1, 3), excess), np.ones(3), np.zeros(1, np.intp), np.full((1, 3), unit)
    )
    return WindowSpectra(
        names=["A"],
        ra=np.zeros(1),
        dec=np.zeros(1),
        exposure_s=np.full(1, 100.0),
        tangents=np.array([[tz], [0.0]]),
        rate=np.full((1, 3), 2.0),
        error=np.full((1, 3), 0.3),
        scatter=scatter,
        observation=Observation("IBIS", day, day + 0.1),
    )


def test_sums_of_windows_keep_the_common_error_where_the_shadow_is_the_same() -> None:
    [staring] = sum_spectra([_spectra(0.0, float(day), 0.5) for day in range(4)], CAMERA)
    assert np.allclose(staring.error, 0.15)
    assert np.allclose(staring.common, 0.5)
    [dithered] = sum_spectra([_spectra(day * 2.0 * _CELL, float(day), 0.5) for day in range(4)], CAMERA)
    assert np.allclose(dithered.common, 0.25)
    # Channels have it in common: a band has their sum, not their sum in quadrature.
    rate, error = staring.band(np.array([10.0, 20.0, 30.0, 40.0]), 20.0, 40.0)
    assert (rate, error) == pytest.approx((4.0, np.hypot(2**0.5 * 0.15, 1.0)))


def test_the_scatter_of_a_group_is_pooled_with_its_sign() -> None:
    up, down = (_spectra(0.0, 0.0, 0.5, excess) for excess in (0.05, -0.05))
    assert np.all(pooled_scatter([up.scatter, down.scatter]) == 0.0)
    [together] = sum_spectra([up, down], CAMERA)
    assert np.all(together.common == 0.0)


def test_a_correction_file_is_what_xspec_takes() -> None:
    hdu = correction_hdu(
        [1.0, np.nan, 2.0], exposure_s=10.0, observation=Observation("IBIS", 0.0, 1.0), first_channel=0
    )
    assert (hdu.header["HDUCLAS1"], hdu.header["HDUCLAS2"], hdu.header["CORRFILE"]) == ("SPECTRUM", "BKG", "NONE")
    assert list(hdu.data["RATE"]) == [1.0, 0.0, 2.0]
    assert hdu.header["DETCHANS"] == 3
