"""Grid, sums and source lists of a mosaic."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from science.coded_mask.comparable import incomparable
from science.coded_mask.geometry import Attitude, sky_position, unit_vector
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_grid import MosaicGrid, MosaicSum, grid_for
from science.coded_mask.mosaic_source import MosaicSource, merge_sources
from science.coded_mask.sky_map import SkyMap
from science.coded_mask.source_list import WindowSource
from science.coded_mask.window_product import WindowProduct
from services.isgri.analysis.camera import GRID, isgri_camera
from services.isgri.analysis.instrument import INSTRUMENT

_HERE = INSTRUMENT.attitude(266.0, -29.0, 266.0, 61.0)
_NEAR = INSTRUMENT.attitude(268.0, -27.0, 268.0, 63.0)
_FAR = INSTRUMENT.attitude(90.0, 20.0, 90.0, 110.0)


def _frame(grid: MosaicGrid) -> WCS:
    header = fits.Header()
    for key, value, comment in grid.cards():
        header[key] = (value, comment)
    return WCS(header)


@pytest.mark.parametrize("attitudes", [[_HERE], [_HERE, _NEAR], [_HERE, _FAR]])
def test_grid_and_its_keywords_agree(attitudes: list[Attitude]) -> None:
    grid = grid_for(attitudes, GRID)
    assert max(grid.shape) <= 3001
    frame = _frame(grid)
    for attitude in attitudes:
        ra, dec = attitude.sky(0.05, -0.11)
        row, column = grid.pixel(unit_vector(ra, dec))
        assert 0 <= row < grid.shape[0]
        assert 0 <= column < grid.shape[1]
        np.testing.assert_allclose(frame.wcs_world2pix(ra, dec, 0), (column, row), atol=1e-6)
        back = sky_position(grid.direction(float(row), float(column)))
        np.testing.assert_allclose(back, (ra, dec), atol=1e-9)


def test_wide_jobs_use_an_equal_area_projection() -> None:
    assert grid_for([_HERE, _NEAR], GRID).gnomonic
    assert not grid_for([_HERE, _FAR], GRID).gnomonic


@pytest.mark.parametrize("attitudes", [[_HERE, _NEAR], [_HERE, _FAR]])
def test_a_pixel_of_a_window_lands_at_its_place_on_the_sky(attitudes: list[Attitude]) -> None:
    grid = grid_for(attitudes, GRID)
    total = MosaicSum(grid)
    flux = np.zeros(GRID.shape, np.float32)
    flux[148:153, 228:233] = 7.0
    image = SkyMap(flux, np.full(GRID.shape, 2.0, np.float32), 1, GRID)
    total.add(attitudes[0], image, np.full(GRID.shape, 100.0, np.float32))
    ra, dec = attitudes[0].sky(*image.tangents(150, 230))
    row, column = np.round(grid.pixel(unit_vector(ra, dec))).astype(int)
    assert total.intensity()[row, column] == 7.0
    assert total.variance()[row, column] == 4.0
    assert total.exposure_s[row, column] == 100.0
    assert np.isnan(total.intensity()[0, 0])


def test_windows_are_weighted_by_their_variance() -> None:
    grid = grid_for([_HERE], GRID)
    total = MosaicSum(grid)
    exposure = np.full(GRID.shape, 100.0, np.float32)
    for flux, sigma in ((1.0, 1.0), (4.0, 0.5)):
        image = SkyMap(np.full(GRID.shape, flux, np.float32), np.full(GRID.shape, sigma, np.float32), 1, GRID)
        total.add(_HERE, image, exposure)
    centre = tuple(np.round(grid.pixel(_HERE.axes[0])).astype(int))
    assert total.intensity()[centre] == pytest.approx((1.0 + 4.0 * 4.0) / 5.0)
    assert total.variance()[centre] == pytest.approx(1.0 / 5.0)
    assert total.exposure_s[centre] == 200.0


def test_nearest_pixels_keep_the_noise_width() -> None:
    rng = np.random.default_rng(5)
    total = MosaicSum(grid_for([_HERE, _NEAR], GRID))
    exposure = np.full(GRID.shape, 1.0, np.float32)
    for attitude in (_HERE, _NEAR):
        noise = rng.standard_normal(GRID.shape).astype(np.float32)
        total.add(attitude, SkyMap(noise, np.ones(GRID.shape, np.float32), 1, GRID), exposure)
    assert np.nanstd(total.intensity() / np.sqrt(total.variance())) == pytest.approx(1.0, abs=0.01)


def _source(name: str, ra: float, dec: float, significance: float, *, new: bool) -> WindowSource:
    return WindowSource(
        name=name,
        new=new,
        wanted=False,
        fitted=new,
        ra=ra,
        dec=dec,
        error_arcmin=1.0 if new else 0.0,
        catalogue_ra=np.nan if new else ra,
        catalogue_dec=np.nan if new else dec,
        catalogue_flag=0 if new else 1,
        flux=np.array([significance]),
        flux_error=np.array([1.0]),
    )


def _window(
    label: str, sources: list[WindowSource], *, background: float = 176.0, start_ijd: float = 0.0
) -> WindowProduct:
    return WindowProduct(
        Path(label),
        label,
        label,
        INSTRUMENT,
        isgri_camera,
        _HERE,
        start_ijd,
        start_ijd + 0.025,
        10.0,
        7.0,
        ((20.0, 40.0),),
        (1.0,),
        (background,),
        sources,
        None,
    )


def test_sources_of_windows_are_joined_by_name_or_place() -> None:
    windows = [
        _window("a", [_source("X-1", 266.0, -29.0, 9.0, new=False), _source("NEW_1", 267.0, -30.0, 8.0, new=True)]),
        _window("b", [_source("X-1", 266.0, -29.0, 7.0, new=False), _source("NEW_1", 267.02, -30.0, 12.0, new=True)]),
        _window("c", [_source("NEW_1", 260.0, -25.0, 6.0, new=True)]),
    ]
    merged = merge_sources(windows, 6.0)
    assert [(s.new, sorted(s.places)) for s in merged] == [(True, ["a", "b"]), (False, []), (True, ["c"])]
    ra, _, error = merged[0].position()
    assert 267.0 < ra < 267.02
    assert error == pytest.approx(1.0 / np.sqrt(2.0), rel=1e-3)


def test_windows_that_lost_telemetry_are_named() -> None:
    levels = [176.0, 180.0, 100.0, 171.0, 183.0, 90.0]
    windows = [_window(f"w{n}", [], background=level, start_ijd=0.03 * n) for n, level in enumerate(levels[:5])]
    late = _window("late", [], background=levels[5], start_ijd=3.0)  # nothing of its own hours to compare it with
    left_out, warnings = incomparable([*windows, late])
    assert not left_out
    [text] = warnings
    assert "20-40 keV" in text
    assert "w2 (56%)" in text
    assert "late" not in text
    assert incomparable(windows[:2] + windows[3:])[1] == []


def test_combined_flux_is_the_weighted_mean_and_chi2_shows_variability() -> None:
    source = MosaicSource("X-1", new=False, wanted=False, ra=266.0, dec=-29.0)
    source.fluxes = {"a": np.array([10.0]), "b": np.array([16.0])}
    source.errors = {"a": np.array([1.0]), "b": np.array([2.0])}
    mean, error, chi2 = source.combined()
    assert mean[0] == pytest.approx(11.2)
    assert error[0] == pytest.approx(np.sqrt(0.8))
    assert chi2[0] == pytest.approx(1.2**2 + 4.8**2 / 4.0)
    assert source.significance()[0] == pytest.approx(11.2 / np.sqrt(0.8))


def _noise(rng: np.random.Generator, pattern: np.ndarray, sigma: float = 1.0) -> SkyMap:
    """Return a map of Poisson noise of 1 and a pattern of 1 that windows have in common."""
    noise = rng.standard_normal(GRID.shape) + pattern
    return SkyMap((sigma * noise).astype(np.float32), np.full(GRID.shape, sigma * 2**0.5, np.float32), 1, GRID)


def test_windows_of_one_attitude_add_up_what_they_have_in_common() -> None:
    rng = np.random.default_rng(6)
    exposure = np.ones(GRID.shape, np.float32)
    pattern = rng.standard_normal(GRID.shape)
    staring, blind = (MosaicSum(grid_for([_HERE, _NEAR], GRID)) for _ in range(2))
    for total, share in ((staring, 0.5), (blind, 0.0)):
        for _ in range(8):
            total.add(_HERE, _noise(rng, pattern), exposure, share)
        total.end_group()
        for _ in range(2):  # elsewhere, and of another time: nothing in common
            total.add(_NEAR, _noise(rng, rng.standard_normal(GRID.shape)), exposure, share)
            total.end_group()
    staring.calibrate()
    assert staring.width == pytest.approx((9.0 / 2.0) ** 0.5, rel=0.2)
    assert staring.factor == pytest.approx(1.0, abs=0.05)
    assert staring.scale == pytest.approx(1.0, abs=0.02)
    centre = tuple(np.round(staring.grid.pixel(_HERE.axes[0])).astype(int))
    assert staring.variance()[centre] == pytest.approx(1.0 / 8.0 + 1.0, rel=0.5)
    significance = staring.intensity() / np.sqrt(staring.variance())
    assert np.nanstd(significance) == pytest.approx(1.0, abs=0.02)
    # Without a word of the share the sum is scaled as a whole.
    blind.calibrate()
    assert blind.factor == 1.0
    assert blind.scale > 1.5


def test_mosaic_sums_of_noise_alone_are_not_made_wider() -> None:
    rng = np.random.default_rng(7)
    total = MosaicSum(grid_for([_HERE], GRID))
    for _ in range(20):  # what chance makes of the width of each window
        noise = rng.standard_normal(GRID.shape).astype(np.float32)
        total.add(_HERE, SkyMap(noise, np.ones(GRID.shape, np.float32), 1, GRID), np.ones(GRID.shape, np.float32), 0.02)
    total.end_group()
    total.calibrate()
    assert total.factor < 0.3
    assert np.nanstd(total.intensity() / np.sqrt(total.variance())) == pytest.approx(1.0, abs=0.02)


def test_errors_of_a_mean_have_the_common_part_of_windows_with_the_same_shadow() -> None:
    source = MosaicSource("X-1", new=False, wanted=False, ra=266.0, dec=-29.0)
    for label in "abcd":
        source.fluxes[label], source.errors[label] = np.array([10.0]), np.array([1.0])
        source.common[label] = np.array([1.0])
    source.shadows = {"a": 0, "b": 0, "c": 0, "d": 0}
    assert source.combined()[1][0] == pytest.approx((1.0 / 4.0 + 1.0) ** 0.5)
    source.shadows = {"a": 0, "b": 1, "c": 2, "d": 3}
    assert source.combined()[1][0] == pytest.approx((2.0 / 4.0) ** 0.5)


def test_a_faint_new_source_is_marked_as_biased() -> None:
    mosaic = Mosaic.__new__(Mosaic)
    mosaic.threshold = 6.0

    def source(new: bool, sigma: float) -> MosaicSource:
        made = MosaicSource("S", new, False, 0.0, 0.0)
        made.fluxes["w"], made.errors["w"] = np.array([sigma]), np.array([1.0])
        return made

    assert mosaic.biased(source(True, 7.9))
    assert not mosaic.biased(source(True, 8.1))
    assert not mosaic.biased(source(False, 5.0))
