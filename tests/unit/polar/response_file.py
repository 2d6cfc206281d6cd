"""A made response in the layout of the published ones: 150 photon energies, 150 channels, area in the matrix."""

from pathlib import Path

import numpy as np
from astropy.io import fits

EDGES = np.linspace(0.0, 757.5, 151)


def write_response(path: Path, area_cm2: float = 300.0) -> Path:
    """Write the response of a detector of one area that measures energies exactly; return its path."""
    low, high = np.linspace(2.5, 747.5, 150), np.linspace(7.5, 752.5, 150)
    # Energies and channels have different edges, as in the published responses.
    shared = np.minimum(high[:, None], EDGES[1:]) - np.maximum(low[:, None], EDGES[:-1])
    share = np.clip(shared, 0.0, None) / (high - low)[:, None]
    column = fits.Column
    matrix = fits.BinTableHDU.from_columns(
        [
            column("ENERG_LO", "E", unit="keV", array=low),
            column("ENERG_HI", "E", unit="keV", array=high),
            column("N_GRP", "I", array=np.ones(150)),
            column("F_CHAN", "J", array=np.ones(150)),
            column("N_CHAN", "J", array=np.full(150, 150)),
            column("MATRIX", "150E", array=share * area_cm2),
        ],
        name="MATRIX",
    )
    matrix.header["TLMIN4"] = 1
    bounds = fits.BinTableHDU.from_columns(
        [
            column("CHANNEL", "I", array=np.arange(1, 151)),
            column("E_MIN", "E", unit="keV", array=EDGES[:-1]),
            column("E_MAX", "E", unit="keV", array=EDGES[1:]),
        ],
        name="EBOUNDS",
    )
    area = fits.BinTableHDU.from_columns(
        [
            column("ENERG_LO", "E", unit="keV", array=low),
            column("ENERG_HI", "E", unit="keV", array=high),
            column("SPECRESP", "E", unit="cm**2", array=np.full(150, area_cm2)),
        ],
        name="SPECRESP",
    )
    fits.HDUList([fits.PrimaryHDU(), matrix, bounds, area]).writeto(path)
    return path
