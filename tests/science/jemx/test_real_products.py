"""The model of JEM-X against products of the standard software: vignetting maps, and the spectrum of the Crab."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from services.jemx.analysis.camera import camera
from services.jemx.analysis.channels import standard_edges_kev
from services.jemx.analysis.response import crab_rate
from tests.science.bars import Bars

_STEP_DEG = 0.026


@pytest.fixture
def jemx(shared_data: Path) -> Path:
    folder = shared_data / "jemx"
    if not folder.is_dir():
        pytest.skip("the real JEM-X products are not there")
    return folder


@pytest.mark.parametrize("unit", [1, 2])
def test_vignetting_is_that_of_the_real_maps(jemx: Path, bars: Bars, unit: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)  # a card of its header cannot be parsed
        with fits.open(jemx / f"jmx{unit}_vignetting_map.fits.gz") as hdus:
            real = next(np.asarray(hdu.data, float) for hdu in hdus if hdu.data is not None)
    rows, columns = np.indices(real.shape)
    centre = [(place * real).sum() / real.sum() for place in (rows, columns)]
    z, y = ((place - middle) * _STEP_DEG for place, middle in zip((rows, columns), centre, strict=True))
    ours = camera(unit, 3.0, 20.0).coded_fraction(np.tan(np.radians(z)), np.tan(np.radians(y)))
    off_axis = np.hypot(z, y)
    rings = [(off_axis >= low) & (off_axis < low + 0.5) for low in np.arange(0.0, 6.5, 0.5)]
    difference = np.array([ours[ring].mean() - real[ring].mean() for ring in rings])
    inner, outer = float(np.abs(difference[:5]).max()), float(np.abs(difference[5:]).max())
    what = f"real: vignetting of JEM-X {unit}, model less map, largest of rings of 0.5 deg"
    bars.record("-", f"{what}, to 2.5 deg", inner, "< 0.04", inner < 0.04)
    bars.record("-", f"{what}, beyond", outer, "< 0.06", outer < 0.06)


def test_the_crab_of_revolution_665_has_the_rates_of_the_model(jemx: Path, bars: Bars) -> None:
    table = fits.getdata(jemx / "jmx1_spec_Crab_pha_066500230010.fits.gz", "JMX1-PHA1-SPE")
    rate, error = np.asarray(table["RATE"], float), np.hypot(table["STAT_ERR"], 0.03 * np.asarray(table["RATE"]))
    expected = crab_rate(standard_edges_kev())
    ratio = float(rate.sum() / expected.sum())
    bars.record("-", "real: Crab of JEM-X 1, rate over model, 3-35 keV", ratio, "within 8 %", abs(ratio - 1) < 0.08)
    chi2 = float(np.mean(((rate - expected) / error) ** 2))
    bars.record("-", "real: Crab of JEM-X 1, chi2 per channel with 3 % systematics", chi2, "< 2", chi2 < 2.0)


def test_the_standard_channels_are_those_of_the_real_response(jemx: Path, bars: Bars) -> None:
    bounds = fits.getdata(jemx / "jmx1_rmf_Crab_066500230010.fits.gz", "EBOUNDS")
    real = np.append(bounds["E_MIN"], bounds["E_MAX"][-1])
    worst = float(np.abs(standard_edges_kev() - real).max())
    bars.record("-", "real: edges of the 16 channels, keV", worst, "< 0.2, half a PI channel", worst < 0.2)
