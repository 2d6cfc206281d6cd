"""Spectra of all sources of one window, as one file that a sum over windows reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import Observation, table
from science.coded_mask.camera import Instrument
from science.coded_mask.pixel_scatter import PixelScatter

_SPECTRA, _BOUNDS = "-SRC.-SPE", "-EBDS-MOD"

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WindowSpectra:
    """Spectra of one window.

    ``exposure_s`` is the live time of each source times the share of the detector that it lights; ``tangents`` are the
    places of the sources in the field, shape (2, sources); ``rate`` and ``error`` (counts/s, Poisson) have shape
    (sources, channels). ``scatter`` is what the pixels add to the errors.
    """

    names: Sequence[str]
    ra: Array
    dec: Array
    exposure_s: Array
    tangents: Array
    rate: Array
    error: Array
    scatter: PixelScatter
    observation: Observation


def spectra_hdus(spectra: WindowSpectra, instrument: Instrument, edges_kev: Array, first_channel: int) -> fits.HDUList:
    """Return the file: one row per source with its rates and errors, and the energies of the channels.

    SCAT_ERR is the error by pixels that scatter by 1, of the same sign in all channels; EXCESS and BKG_PIX tell by how
    much they do (``pixel_scatter``).
    """
    channels = spectra.rate.shape[1]
    column = fits.Column
    rows = table(
        instrument.structure + _SPECTRA,
        [
            column("NAME", "64A", array=list(spectra.names)),
            column("RA_OBJ", "1D", unit="deg", array=spectra.ra),
            column("DEC_OBJ", "1D", unit="deg", array=spectra.dec),
            column("EXPOSURE", "1D", unit="s", array=spectra.exposure_s),
            column("Z_TAN", "1D", array=spectra.tangents[0]),
            column("Y_TAN", "1D", array=spectra.tangents[1]),
            column("RATE", f"{channels}D", unit="count/s", array=spectra.rate),
            column("STAT_ERR", f"{channels}D", unit="count/s", array=spectra.error),
            column("ZONE", "1I", array=spectra.scatter.zone),
            column("SCAT_ERR", f"{channels}D", unit="count/s", array=spectra.scatter.unit),
        ],
        spectra.observation.cards(),
    )
    bounds = table(
        instrument.structure + _BOUNDS,
        [
            column("CHANNEL", "1I", array=np.arange(first_channel, first_channel + channels)),
            column("E_MIN", "1E", unit="keV", array=edges_kev[:-1]),
            column("E_MAX", "1E", unit="keV", array=edges_kev[1:]),
            column("EXCESS", f"{len(spectra.scatter.excess)}D", array=spectra.scatter.excess.T),
            column("BKG_PIX", "1D", unit="count", array=spectra.scatter.background),
        ],
        spectra.observation.cards(),
    )
    return fits.HDUList([fits.PrimaryHDU(), rows, bounds])


def read_spectra(path: Path, label: str, instrument: Instrument) -> WindowSpectra:
    """Read what ``spectra_hdus`` wrote.

    Raises:
        BadInput: BadWindowProduct: the file is no such product.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            rows = hdus[instrument.structure + _SPECTRA]
            data, header = rows.data, rows.header
            bounds = hdus[instrument.structure + _BOUNDS].data
            return WindowSpectra(
                names=[str(name) for name in data["NAME"]],
                ra=np.array(data["RA_OBJ"], np.float64),
                dec=np.array(data["DEC_OBJ"], np.float64),
                exposure_s=np.array(data["EXPOSURE"], np.float64),
                tangents=np.array([data["Z_TAN"], data["Y_TAN"]], np.float64),
                rate=np.array(data["RATE"], np.float64),
                error=np.array(data["STAT_ERR"], np.float64),
                scatter=PixelScatter(
                    np.array(bounds["EXCESS"], np.float64).T,
                    np.array(bounds["BKG_PIX"], np.float64),
                    np.array(data["ZONE"], np.intp),
                    np.array(data["SCAT_ERR"], np.float64),
                ),
                observation=Observation(
                    header["INSTRUME"],
                    header["TSTART"],
                    header["TSTOP"],
                    detector=header.get("DETNAM", ""),
                    extra=(("ONTIME", header["ONTIME"], "[s] sum of good time intervals"),),
                ),
            )
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(
            "BadWindowProduct", f"the spectra of {label} cannot be read ({error}); analyse the window again"
        ) from error
