"""Mask, geometry and illumination: the four ways to be wrong by arc-minutes with a good-looking map."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from science.coded_mask.geometry import separation_arcmin
from services.isgri.analysis.detector import SHAPE, module_map, y_mm, z_mm
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.mask import CELL_MM, CELLS, HALF_MM, HEIGHT_MM, mask_cells, sampled_mask
from services.isgri.analysis.pif import coded_fraction, illumination_gradient, pixel_illumination
from services.isgri.simulator.mask import passes


def test_mask_is_the_flown_one(shared_data: Path) -> None:
    flown = fits.getdata(shared_data / "instrument-models" / "ibis_mask_95x95.fits")
    np.testing.assert_array_equal(mask_cells(), flown)


def test_mask_is_not_transposed_and_its_centre_is_open() -> None:
    cells = mask_cells()
    assert cells[47].sum() == 1, "row 47 (constant Z) is the closed row"
    assert cells[:, 47].sum() > 90, "column 47 (constant Y) is the open column"
    assert cells[47, 47] == 1
    assert pytest.approx(3202.97, abs=0.01) == HEIGHT_MM


def test_misalignment_is_the_published_matrix(shared_data: Path) -> None:
    with fits.open(shared_data / "instrument-models" / "gnrl_irot_mod_inst_misalign_20050328.fits") as hdus:
        table = hdus[1].data
        published = table["MATRIX"][list(table["INSTRUMENT"]).index("ISGRI")].reshape(3, 3)
    np.testing.assert_allclose(INSTRUMENT.mounting, published, atol=1e-9)


def test_misalignment_moves_the_axis_by_eight_arcmin() -> None:
    attitude = INSTRUMENT.attitude(266.0, -29.0, 266.0, 61.0)
    assert float(separation_arcmin(266.0, -29.0, *attitude.sky(0.0, 0.0))) == pytest.approx(8.69, abs=0.02)


def test_positions_survive_the_way_through_the_instrument() -> None:
    attitude = INSTRUMENT.attitude(83.0, 22.0, 180.0, -20.0)
    ra, dec = attitude.sky(0.1, -0.05)
    np.testing.assert_allclose(attitude.tangents(ra, dec), (0.1, -0.05), atol=1e-12)
    again = INSTRUMENT.attitude(*attitude.spacecraft())
    np.testing.assert_allclose(again.axes, attitude.axes, atol=1e-12)


def test_directions_behind_the_instrument_have_no_tangents() -> None:
    attitude = INSTRUMENT.attitude(0.0, 0.0, 0.0, 90.0)
    assert np.isnan(attitude.tangents(180.0, 0.0)).all()
    assert coded_fraction(*attitude.tangents(180.0, 0.0)) == 0.0


def test_detector_has_gaps_between_modules_and_z_on_axis_0() -> None:
    modules = module_map()
    assert modules.shape == SHAPE == (134, 130)
    assert (modules >= 0).sum() == 128 * 128
    gaps = np.flatnonzero((modules < 0).all(axis=1)).tolist()
    assert gaps == [32, 33, 66, 67, 100, 101]
    assert np.flatnonzero((modules < 0).all(axis=0)).tolist() == [64, 65]
    assert z_mm()[66] == -y_mm()[65] + 4.6 * (66 - 66.5 + 65 - 64.5)


def test_samples_of_an_even_grid_do_not_shift_the_mask() -> None:
    openness, inside = sampled_mask(0.0, 0.0)
    centre = (np.arange(234) - 116.5) * 4.6
    weight = inside.sum(axis=0)
    assert abs((centre * weight).sum() / weight.sum()) < 1e-9
    np.testing.assert_allclose(openness.sum() / inside.sum(), mask_cells().mean(), rtol=0.01)


def test_illumination_is_the_exact_area_of_a_thin_mask_on_axis() -> None:
    """Straight below the mask both faces coincide: the share is a plain overlap, counted here on a fine grid."""
    image = pixel_illumination(0.0, 0.0)
    cells = mask_cells()
    fine = (np.arange(400) + 0.5) / 400 * 4.0 - 2.0
    for row, column in ((10, 20), (66, 64), (133, 129), (0, 65)):
        z = np.floor((z_mm()[row] + fine + HALF_MM) / CELL_MM).astype(int)
        y = np.floor((y_mm()[column] + fine + HALF_MM) / CELL_MM).astype(int)
        assert image[row, column] == pytest.approx(cells[np.ix_(z, y)].mean(), abs=0.006)


def test_thick_mask_takes_light_away_off_axis() -> None:
    tangent = np.tan(np.radians(4.0))
    live = module_map() >= 0
    share = pixel_illumination(tangent, 0.0)[live].mean() / pixel_illumination(0.0, 0.0)[live].mean()
    # 16 mm * tan 4 deg of each run of open cells is lost; runs are about two cells long.
    assert 0.92 < share < 0.97


@pytest.mark.parametrize(
    ("z_deg", "y_deg"), [(0.4, -0.3), (5.7, 5.6), (-8.0, 6.0), (12.5, 12.5), (13.0, -13.0), (-14.3, -7.0), (14.2, 0.0)]
)
def test_every_pixel_sees_what_a_ray_trace_through_the_thick_mask_sees(z_deg: float, y_deg: float) -> None:
    """Rays that change row and column of the mask are stopped by the cell between, also in the corners of the field."""
    tz, ty = np.tan(np.radians([z_deg, y_deg]))
    image = pixel_illumination(tz, ty)
    assert image.min() >= 0.0
    rng = np.random.default_rng(17)
    picked = rng.permutation(np.flatnonzero(((image > 0.0) & (module_map() >= 0)).ravel()))[:400]
    rows, columns = np.unravel_index(picked, SHAPE)
    fine = 40
    part_z, part_y = np.divmod(np.arange(fine * fine), fine)
    jitter = rng.random((2, picked.size, fine * fine))  # a regular grid would beat with the cells
    z = z_mm()[rows][:, None] + 4.0 * ((part_z + jitter[0]) / fine - 0.5)
    y = y_mm()[columns][:, None] + 4.0 * ((part_y + jitter[1]) / fine - 0.5)
    traced = passes(y.ravel(), z.ravel(), ty, tz).reshape(z.shape).mean(axis=1)
    np.testing.assert_allclose(image[rows, columns], traced, atol=0.012)
    assert image[rows, columns].sum() == pytest.approx(traced.sum(), rel=5e-4)


def test_gradient_predicts_a_small_shift() -> None:
    tz, ty, step = 0.05, -0.03, 2e-5
    by_z, by_y = illumination_gradient(tz, ty)
    moved = pixel_illumination(tz + step, ty) - pixel_illumination(tz, ty)
    assert np.corrcoef(moved.ravel(), by_z.ravel())[0, 1] > 0.95
    assert abs(np.corrcoef(moved.ravel(), by_y.ravel())[0, 1]) < 0.3


def test_coded_fraction_falls_to_zero_at_the_edge() -> None:
    edge = (HALF_MM + 134 * 2.3) / HEIGHT_MM
    assert coded_fraction(np.array(0.0), np.array(0.0)) == 1.0
    assert coded_fraction(np.array(edge + 0.001), np.array(0.0)) == 0.0
    assert np.all(pixel_illumination(edge + 0.001, 0.0) == 0.0)
    assert CELLS * CELL_MM == 2 * HALF_MM
