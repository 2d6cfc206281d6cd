"""Polarisation responses of a detector of known modulation, in the layout of the published ones."""

from pathlib import Path

import numpy as np
from astropy.io import fits

ENERGY_KEV = np.linspace(50.0, 750.0, 15)
DIRECTION_DEG = np.arange(0.0, 180.0, 10.0)
_FINE = 200  # points a bin of scattering angle
_BAND_KEV = (20.0, 700.0)


def write_polarisation_response(
    path: Path, modulation: float, *, uneven: float = 0.0, turn_deg: float = 0.0, bins: int = 40
) -> Path:
    """Write a response and return its path.

    Args:
        path: of the file.
        modulation: of light polarised to 100 %, at all energies.
        uneven: amplitude of the answer to unpolarised light, 1 + uneven cos 2 phi.
        turn_deg: angle between the frame of directions and that of scattering angles.
        bins: of scattering angle.
    """
    edges = np.linspace(0.0, 360.0, bins + 1)
    width = 360.0 / bins
    phi = np.radians(edges[:-1, None] + (np.arange(_FINE) + 0.5) * width / _FINE)
    area = 1e-2 * ENERGY_KEV[:-1]  # cm2, any shape will do
    even = (1 + uneven * np.cos(2 * phi)).mean(axis=1)
    towards = np.radians(DIRECTION_DEG + turn_deg)[:, None, None]
    light = (1 + uneven * np.cos(2 * phi)) * (1 - modulation * np.cos(2 * (phi - towards)))
    column = fits.Column
    energies = fits.BinTableHDU.from_columns(
        [
            column("ENERG_LO", "E", unit="keV", array=ENERGY_KEV[:-1]),
            column("ENERG_HI", "E", unit="keV", array=ENERGY_KEV[1:]),
        ],
        name="INEBOUNDS",
    )
    directions = fits.BinTableHDU.from_columns([column("PA_IN", "E", unit="deg", array=DIRECTION_DEG)], name="INPAVALS")
    angles = fits.BinTableHDU.from_columns(
        [
            column("SABIN", "I", array=np.arange(bins)),
            column("SA_MIN", "E", unit="deg", array=edges[:-1]),
            column("SA_MAX", "E", unit="deg", array=edges[1:]),
        ],
        name="SABOUNDS",
    )
    polarised = fits.ImageHDU(light.mean(axis=2).T[:, :, None] * area, name="SPECRESP POLMATRIX")
    unpolarised = fits.ImageHDU(even[:, None] * area, name="SPECRESP UNPOLMATRIX")
    for hdu in (polarised, unpolarised):
        hdu.header["EMIN"], hdu.header["EMAX"] = _BAND_KEV
        hdu.header["UNIT"] = "cm2"
    path.parent.mkdir(parents=True, exist_ok=True)
    hdus = [fits.PrimaryHDU(), energies, directions, angles, polarised, unpolarised]
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path
