"""Astropy reads our images and tables with their units as they are."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import QTable
from astropy.time import Time
from astropy.wcs import WCS, FITSFixedWarning

from mesh.kit.ogip.observation import Observation, date_cards
from mesh.kit.ogip.spectrum import spectrum_hdu
from science.coded_mask.tan_image import UNITS, BandImage, image_hdu, wcs_cards

_WCS = wcs_cards("TAN", (266.4, -29.0), (3.0, 3.0), ((-0.08, 0.0), (0.0, 0.08)))
_START, _STOP = 6876.5, 6877.25


@pytest.mark.parametrize("kind", list(UNITS))
def test_images_have_units_a_place_and_a_date(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "image.fits"
    image = image_hdu("ISGR-MOSA-IMA", 1, BandImage(kind, 20.0, 40.0, np.ones((5, 5), np.float32)), [])
    for key, value, comment in (*_WCS, ("MJDREF", 51544.0, ""), ("TIMESYS", "TT", ""), *date_cards(_START, _STOP)):
        image.header[key] = (value, comment)
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)  # DATEREF is worked out from MJDREF
        read = CCDData.read(path)
        place = WCS(image.header).pixel_to_world(2.0, 2.0)
    expected = {"VARIANCE": units.count**2 / units.s**2, "SIGNIFICANCE": units.one, "EXPOSURE": units.s}
    assert read.unit == expected.get(kind, units.count / units.s)
    assert place.ra.deg == pytest.approx(266.4)
    began = Time(image.header["DATE-OBS"], scale=str(image.header["TIMESYS"]).lower())
    assert began.mjd == pytest.approx(51544.0 + _START, abs=1e-8)
    assert image.header["MJD-END"] == 51544.0 + _STOP


def test_spectra_have_units_and_dates(tmp_path: Path) -> None:
    seen = Observation("IBIS", _START, _STOP, "Crab", 83.6, 22.0, detector="ISGRI")
    hdu = spectrum_hdu(np.ones(4), np.ones(4), exposure_s=10.0, observation=seen, first_channel=0)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "pha.fits")
    table = QTable.read(tmp_path / "pha.fits", hdu=1)
    assert table["RATE"].unit == units.count / units.s
    assert table.meta["DATE-OBS"] == "2018-10-29T12:00:00.000"
