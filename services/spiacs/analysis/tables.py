"""The result of a search as FITS tables: a row per excess, a row per burst."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.io import fits

_EXCESSES = (
    ("UTC", "23A", "", "utc"),
    ("IJD", "1D", "d", "ijd"),
    ("T_MINUS_T0", "1D", "s", "t_minus_t0_s"),
    ("SCALE", "1D", "s", "scale_s"),
    ("SNR", "1D", "", "snr"),
    ("COUNTS", "1D", "count", "counts"),
    ("COUNTS_ERR", "1D", "count", "counts_error"),
    ("BACKGROUND", "1D", "count", "background"),
    ("SPIKE", "1L", "", "spike"),
    ("FAR_PUBL", "1D", "Hz", "far_published_hz"),
    ("N_PUBL", "1D", "", "number_published"),
    ("FAP_PUBL", "1D", "", "fap_published"),
    ("FAR_MEAS", "1D", "Hz", "far_measured_hz"),
    ("FAP_MEAS", "1D", "", "fap_measured"),
)
_BURSTS = (
    ("BEGIN", "23A", "", "begin_utc"),
    ("END", "23A", "", "end_utc"),
    ("PEAK", "23A", "", "peak_utc"),
    ("PEAK_IJD", "1D", "d", "peak_ijd"),
    ("PEAK_RATE", "1D", "count/s", "peak_rate"),
    ("BACKGROUND", "1D", "count/s", "background_rate"),
    ("T90", "1D", "s", "t90_s"),
    ("T90_ERR", "1D", "s", "t90_error_s"),
    ("T50", "1D", "s", "t50_s"),
    ("T50_ERR", "1D", "s", "t50_error_s"),
    ("COUNTS", "1D", "count", "counts"),
    ("COUNTS_ERR", "1D", "count", "counts_error"),
    ("SNR", "1D", "", "snr"),
    ("FLUENCE", "1D", "erg/cm**2", "fluence"),
)


def search_hdus(excesses: Sequence[dict[str, Any]], bursts: Sequence[dict[str, Any]]) -> fits.HDUList:
    """Return the tables EXCESSES and BURSTS; what is not known is NaN."""
    return fits.HDUList([fits.PrimaryHDU(), _table("EXCESSES", _EXCESSES, excesses), _table("BURSTS", _BURSTS, bursts)])


def _table(name: str, layout: Sequence[tuple[str, str, str, str]], rows: Sequence[dict[str, Any]]) -> fits.BinTableHDU:
    columns = []
    for title, form, unit, key in layout:
        values = [row[key] for row in rows]
        if form.endswith("D"):
            values = [np.nan if value is None else value for value in values]
        columns.append(fits.Column(title, form, unit=unit or None, array=np.array(values) if values else None))
    return fits.BinTableHDU.from_columns(columns, name=name, nrows=len(rows))
