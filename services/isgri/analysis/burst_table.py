"""Bursts as rows of a table: of one window, and of all windows of a mosaic."""

from collections.abc import Sequence

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.tan_image import instrument_cards, set_cards
from services.isgri.analysis.bursts import Burst
from services.isgri.analysis.instrument import INSTRUMENT

BURSTS = "ISGR-BRST-RES"
_UNITS = {
    "T_START": "d",
    "T_STOP": "d",
    "COUNTS": "count",
    "SIGMA": None,
    "RA": "deg",
    "DEC": "deg",
    "ERROR": "arcmin",
    "IMAGE_SIGMA": None,
}


def burst_table(bursts: Sequence[Burst], tstart_ijd: float) -> fits.BinTableHDU:
    """Return one row per burst of a window, in order of time; place and error are NaN where it could not be located."""
    columns = {
        "T_START": [tstart_ijd + burst.t_start_s / DAY_S for burst in bursts],
        "T_STOP": [tstart_ijd + burst.t_stop_s / DAY_S for burst in bursts],
        "COUNTS": [burst.counts for burst in bursts],
        "SIGMA": [burst.sigma for burst in bursts],
        "RA": [burst.ra for burst in bursts],
        "DEC": [burst.dec for burst in bursts],
        "ERROR": [burst.error_arcmin for burst in bursts],
        "IMAGE_SIGMA": [burst.image_sigma for burst in bursts],
    }
    return _table({name: np.array(values, np.float64) for name, values in columns.items()})


def joined_bursts(tables: Sequence[tuple[str, fits.FITS_rec]]) -> fits.BinTableHDU:
    """Return the bursts of several windows, given as (science window, rows), with the window of each; by time.

    Windows overlap nowhere, so a burst is in one of them only.
    """
    columns = {name: np.concatenate([np.asarray(rows[name], np.float64) for _, rows in tables]) for name in _UNITS}
    windows = np.concatenate([np.full(len(rows), label, "U16") for label, rows in tables])
    order = np.argsort(columns["T_START"], kind="stable")
    return _table({name: values[order] for name, values in columns.items()}, windows[order])


def _table(columns: dict[str, NDArray[np.float64]], windows: NDArray[np.str_] | None = None) -> fits.BinTableHDU:
    made = [fits.Column(name, "1D", unit=_UNITS[name], array=values) for name, values in columns.items()]
    if windows is not None:
        made.insert(0, fits.Column("SWID", "16A", array=windows))
    hdu = fits.BinTableHDU.from_columns(made, name=BURSTS)
    set_cards(hdu.header, instrument_cards(INSTRUMENT, "RES"))
    hdu.header.add_comment("T_START, T_STOP: IJD (TT). ERROR: radius of 90 % probability, statistical.")
    return hdu
