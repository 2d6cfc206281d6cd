"""Light curves as the analyses write them, of any length and content."""

import io

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.light_curve import LightCurve, osa_light_curve_hdu, rate_hdu
from mesh.kit.ogip.observation import DAY_S, Observation

_T0_TT_S = 556_288_933.614
"""2017-08-17T12:41:04.430 UTC in seconds (TT) since MJD 51544."""
_BIN_S = 100.0


def light_curve(t0_s: float = _T0_TT_S, bins: int = 200) -> bytes:
    """Return a light curve of SPI-ACS, bins of 1 s around a time, with a burst of 3 s at it."""
    time_s = np.arange(bins) - bins / 2 + 0.5
    rate = 1000.0 + np.where(np.abs(time_s - 1.5) < 1.6, 400.0, 0.0)
    columns = [
        fits.Column("TIME", "1D", unit="s", array=time_s),
        fits.Column("RATE", "1D", unit="count/s", array=rate),
        fits.Column("ERROR", "1D", unit="count/s", array=np.sqrt(rate)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="RATE")
    table.header.update({"MJDREF": 51544.0, "TIMEZERO": t0_s, "TIMEDEL": 1.0, "OBJECT": "", "TIMESYS": "TT"})
    return _written(table)


def isgri_light_curve(source: str, band_kev: tuple[float, float], rate: NDArray[np.float64]) -> bytes:
    """Return a light curve of ISGRI in bins of 100 s with errors of 1 count/s: for OGIP's tools, and for OSA's."""
    time_s = _T0_TT_S + _BIN_S * (np.arange(rate.size, dtype=np.float64) + 0.5)
    ones = np.ones(rate.size)
    curve = LightCurve(time_s, rate, ones, ones, np.full(rate.size, _BIN_S))
    span = (time_s[0] / DAY_S, (time_s[-1] + _BIN_S / 2) / DAY_S)
    seen = Observation("IBIS", *span, source, 263.0, -24.7, detector="ISGRI")
    osa = osa_light_curve_hdu(curve, seen, name="ISGR-SRC.-LCR", band_kev=band_kev)
    return _written(rate_hdu(curve, _BIN_S, seen, band_kev=band_kev), osa)


def _written(*tables: fits.BinTableHDU) -> bytes:
    content = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(content)
    return content.getvalue()
