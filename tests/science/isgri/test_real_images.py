"""Images of the standard software beside ours: width of the noise, and width of a source."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from science.coded_mask.sky_map import matched_map
from tests.science.bars import Bars
from tests.science.isgri.traced import CRAB, simulate

_PIXEL_ARCMIN = 60.0 * 0.0822862539
_WINDOW, _MOSAIC = "isgri_sky_ima_066500280010_25-80keV_Crab", "isgri_mosa_ima_rev0051_20-40keV_4U1700-377_5scw"


def _image(path: Path, kind: str) -> NDArray[np.float64]:
    with fits.open(path) as hdus:
        images = [hdu for hdu in hdus if hdu.is_image and hdu.header.get("IMATYPE") == kind]
        return np.asarray(images[0].data, np.float64)


def _width(image: NDArray[np.float64]) -> float:
    """Half the distance between the 16th and the 84th percentile."""
    known = image[np.isfinite(image) & (image != 0.0)]
    low, high = np.percentile(known, [15.865, 84.135])
    return float(high - low) / 2.0


def _fwhm_arcmin(image: NDArray[np.float64], significance: NDArray[np.float64]) -> float:
    """FWHM of a round Gaussian on a level, fitted around the most significant pixel."""
    row, column = np.unravel_index(int(np.nanargmax(significance)), image.shape)
    part = image[row - 3 : row + 4, column - 3 : column + 4]
    y, x = np.mgrid[-3:4, -3:4].astype(float)

    def gaussian(place: NDArray[np.float64], *shape: float) -> NDArray[np.float64]:
        height, x0, y0, sigma, level = shape
        value: NDArray[np.float64] = level + height * np.exp(
            -((place[0] - x0) ** 2 + (place[1] - y0) ** 2) / (2.0 * sigma**2)
        )
        return value

    found, _ = curve_fit(gaussian, np.array([x.ravel(), y.ravel()]), part.ravel(), (part.max(), 0.0, 0.0, 1.2, 0.0))
    return float(abs(found[3]) * 2.3548 * _PIXEL_ARCMIN)


@pytest.mark.parametrize(("name", "width"), [(_WINDOW, 1.06), (_MOSAIC, 1.5)])
def test_noise_of_images_of_the_standard_software(bars: Bars, shared_data: Path, name: str, width: float) -> None:
    theirs = _width(_image(shared_data / "isgri-images" / f"{name}.fits.gz", "SIGNIFICANCE"))
    bars.record("-", f"real: width of the significance in {name} of OSA (ours: B-3, B-13, B-22)", theirs, "", True)
    assert 0.95 < theirs < width


def test_a_source_is_as_wide_as_in_the_standard_software(bars: Bars, shared_data: Path) -> None:
    path = shared_data / "isgri-images" / f"{_WINDOW}.fits.gz"
    theirs = _fwhm_arcmin(_image(path, "INTENSITY"), _image(path, "SIGNIFICANCE"))
    rng = np.random.default_rng(1)
    widths = []
    for tz, ty in ((0.01, 0.02), (0.071, -0.031), (-0.055, 0.083)):
        fit = simulate(rng, [(tz, ty, CRAB)]).field().fits[0]
        fit.fit()
        image = matched_map(fit)
        widths.append(_fwhm_arcmin(image.flux.astype(np.float64), image.significance.astype(np.float64)))
    ours = float(np.mean(widths))
    bars.record("-", f"FWHM of a Crab in our map, arcmin (OSA, real: {theirs:.1f})", ours, "12-14", 12.0 < ours < 14.0)
    assert 12.5 < theirs < 14.5
