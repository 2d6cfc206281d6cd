"""Accuracy of the pixel illumination function against photons and against the standard software."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from services.isgri.analysis.detector import PIXEL_MM, SHAPE, module_map, y_mm, z_mm
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.pif import pixel_illumination
from services.isgri.simulator.mask import passes
from tests.science.bars import Bars

_PHOTONS = 8_000_000


@pytest.mark.parametrize(
    ("z_deg", "y_deg", "bar"),
    [
        (0.0, 0.0, 0.0015),
        (4.0, 0.0, 0.0015),
        (0.0, 8.0, 0.0015),
        (12.0, 0.0, 0.0015),
        (8.0, 6.0, 0.007),
        (12.5, 12.5, 0.007),
    ],
)
def test_total_agrees_with_a_ray_trace(bars: Bars, z_deg: float, y_deg: float, bar: float) -> None:
    tz, ty = np.tan(np.radians([z_deg, y_deg]))
    rng = np.random.default_rng(20)
    rows, columns = np.nonzero(module_map() >= 0)
    pick = rng.integers(0, rows.size, _PHOTONS)
    z = z_mm()[rows[pick]] + rng.uniform(-PIXEL_MM / 2, PIXEL_MM / 2, _PHOTONS)
    y = y_mm()[columns[pick]] + rng.uniform(-PIXEL_MM / 2, PIXEL_MM / 2, _PHOTONS)
    traced = passes(y, z, ty, tz).mean()
    ours = pixel_illumination(tz, ty)[module_map() >= 0].mean()
    off = ours / traced - 1.0
    what = f"PIF total / ray trace - 1, 8e6 photons, ({z_deg:g}, {y_deg:g}) deg"
    bars.record("B-1", what, off, f"+-{bar:.2%}", abs(off) < bar)


def test_agrees_with_the_standard_software_on_a_real_window(bars: Bars, shared_data: Path) -> None:
    path = shared_data / "isgri-scw-255900280010" / "isgri_pif_SGR1935_255900280010.fits.gz"
    with fits.open(path) as hdus:
        header, theirs = hdus[2].header, np.asarray(hdus[2].data, np.float64)
    assert theirs.shape == SHAPE
    attitude = INSTRUMENT.attitude(*(header[key] for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")))
    tz, ty = attitude.tangents(header["RA_OBJ"], header["DEC_OBJ"])
    pixels = module_map() >= 0
    correlation = np.corrcoef(pixel_illumination(float(tz), float(ty))[pixels], theirs[pixels])[0, 1]
    bars.record(
        "B-2", "real: correlation with the standard PIF, 16384 pixels", correlation, ">= 0.990", correlation >= 0.990
    )
