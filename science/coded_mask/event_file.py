"""What the event files of the coded-mask imagers have in common: numbers in headers, and tables of good times."""

from collections.abc import Iterable

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S


def number(header: fits.Header, key: str) -> float | None:
    """Return a numeric keyword; template words such as 'Real' count as missing."""
    value = header.get(key)
    return float(value) if isinstance(value, (int, float)) and np.isfinite(value) else None


def good_times(tables: Iterable[fits.BinTableHDU], tstart_ijd: float, merged: str) -> NDArray[np.float64] | None:
    """Return the good times of a window in seconds after its start, shape (intervals, 2), ascending.

    Args:
        tables: all tables of good times in the file.
        tstart_ijd: start of the window (TT, days).
        merged: how GTI_NAME of the table begins that joins the others; it is taken first.

    Returns:
        None when no table has rows.
    """
    filled = [table for table in tables if table.header.get("NAXIS2", 0) > 0]
    if not filled:
        return None
    chosen = next((table for table in filled if str(table.header.get("GTI_NAME")).startswith(merged)), filled[0])
    gti = (np.column_stack([chosen.data["START"], chosen.data["STOP"]]).astype(np.float64) - tstart_ijd) * DAY_S
    gti = gti[np.isfinite(gti).all(axis=1) & (gti[:, 1] > gti[:, 0])]
    ascending: NDArray[np.float64] = gti[np.argsort(gti[:, 0])]
    return ascending
