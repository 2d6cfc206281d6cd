"""The simulated mask against the real one and against brute force."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from services.isgri.simulator.mask import CELL_MM, CELLS, HEIGHT_MM, THICKNESS_MM, open_cells, passes


def test_pattern_equals_the_instrument_model(shared_data: Path) -> None:
    model = fits.getdata(shared_data / "instrument-models" / "ibis_mask_95x95.fits")
    assert np.array_equal(open_cells(), model.astype(bool))


def test_pattern_has_the_shape_of_a_mura() -> None:
    cells = open_cells()
    assert cells.sum() == 4515
    assert not cells[47].any(where=np.arange(CELLS) != 47)  # the closed row of Z = 0, but for the open centre
    assert np.array_equal(cells[:42, :42], cells[53:, 53:])  # one period is 53 cells


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.21, 0.0), (0.0, -0.17), (0.14, 0.11), (-0.2, 0.13), (-0.08, -0.24)])
def test_exact_path_through_the_slab_agrees_with_many_samples_along_it(slopes: tuple[float, float]) -> None:
    rng = np.random.default_rng(5)
    y, z = rng.uniform(-300, 300, (2, 20_000))
    traced = passes(y, z, *slopes)
    cells = open_cells()
    sampled = np.ones(y.size, dtype=bool)
    for height in HEIGHT_MM + THICKNESS_MM * np.linspace(-0.5, 0.5, 401):
        column = np.floor((y + height * slopes[0]) / CELL_MM + CELLS / 2).astype(int)
        row = np.floor((z + height * slopes[1]) / CELL_MM + CELLS / 2).astype(int)
        inside = (column >= 0) & (column < CELLS) & (row >= 0) & (row < CELLS)
        sampled &= inside & cells[np.clip(row, 0, CELLS - 1), np.clip(column, 0, CELLS - 1)]
    assert not (traced & ~sampled).any()  # samples can only miss a corner that the exact path cuts
    assert (traced != sampled).mean() < 1e-3


def test_thickness_takes_more_light_off_axis() -> None:
    rng = np.random.default_rng(6)
    y, z = rng.uniform(-296.8, 296.8, (2, 400_000))  # one period of the pattern
    on_axis, off_axis = (passes(y - slope * HEIGHT_MM, z, slope, 0.0).mean() for slope in (0.0, 0.1))
    assert on_axis == pytest.approx(0.5, abs=0.005)
    # At slope 0.1 the walls of open cells shade 1.6 of 11.2 mm wherever a closed cell adjoins: half of the walls.
    assert off_axis / on_axis == pytest.approx(1 - 0.5 * 1.6 / 11.2, abs=0.005)


def test_directions_that_cannot_reach_the_detector_are_refused() -> None:
    with pytest.raises(ValueError, match="too far off axis"):
        passes(np.zeros(1), np.zeros(1), 0.8, 0.0)
