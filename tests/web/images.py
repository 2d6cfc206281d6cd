"""Images of the sky with their catalogues, and coverage maps, as the analyses write them."""

import io

import numpy as np
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.io import fits
from mocpy import MOC


def mosaic() -> bytes:
    """Return images of noise, 10 deg wide, at the Galactic Centre: significance and intensity in two bands."""
    generator = np.random.default_rng(1)
    hdus = fits.HDUList([fits.PrimaryHDU()])
    for low, high in ((20.0, 40.0), (40.0, 80.0)):
        for kind, unit in (("SIGNIFICANCE", ""), ("INTENSITY", "count/s")):
            header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 266.4, "CRVAL2": -29.0})
            header.update({"CRPIX1": 50.5, "CRPIX2": 50.5, "CDELT1": -0.1, "CDELT2": 0.1})
            header.update({"IMATYPE": kind, "BUNIT": unit, "E_MIN": low, "E_MAX": high})
            hdus.append(fits.ImageHDU(generator.normal(size=(100, 100)).astype(np.float32), header))
    return _written(hdus)


def catalogue(count: int) -> bytes:
    """Return a catalogue of sources S0, S1, ... in that image; the flux of S1 is 1.5 and 2.5 in the two bands."""
    generator = np.random.default_rng(2)
    columns = [
        fits.Column("src_names", "20A", array=[f"S{number}" for number in range(count)]),
        fits.Column("ra", "1D", array=generator.uniform(262, 270, count)),
        fits.Column("dec", "1D", array=generator.uniform(-33, -25, count)),
        fits.Column("significance", "1E", array=generator.uniform(5, 50, count)),
        fits.Column("ERR_RAD", "1E", array=np.full(count, 0.01)),
        fits.Column("NEW_SOURCE", "1I", array=np.zeros(count)),
    ]
    for place, name in enumerate(("20_40", "40_80")):
        columns += [
            fits.Column(f"flux_{name}", "1D", unit="count/s", array=0.5 + place + np.arange(count)),
            fits.Column(f"flux_err_{name}", "1D", unit="count/s", array=np.full(count, 0.25)),
        ]
    return _written(fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]))


def region() -> bytes:
    """Return the coverage map of a circle of 2 deg, 20 deg north of that image."""
    circle = MOC.from_cone(Longitude(266.4, u.deg), Latitude(-9.0, u.deg), radius=2.0 * u.deg, max_depth=8)
    return _written(circle.serialize(format="fits"))


def _written(hdus: fits.HDUList) -> bytes:
    content = io.BytesIO()
    hdus.writeto(content)
    return content.getvalue()
