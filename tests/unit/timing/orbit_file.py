"""Orbit and event files in the layout of the archive, as small as can be."""

from pathlib import Path

import numpy as np
from astropy.io import fits

START_OBT = 453422447853568
_UNITS_A_S = 2**20


def write_events(path: Path, *, start_ijd: float, told: bool = True, obt: str = f"{START_OBT:020d}") -> Path:
    """Write a file whose header tells on-board time and IJD of the start of its window."""
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "1D", array=[start_ijd])], name="ISGR-EVTS-ALL")
    table.header["TSTART"] = start_ijd
    if told:
        table.header["OBTSTART"] = obt
    table.writeto(path)
    return path


def write_orbit(path: Path, *, first_s: float, rows: int, unit: str = "km", obt: int = START_OBT) -> Path:
    """Write an orbit along X at 2 km/s, 100 000 km from the Earth at the start of the window, a row each 8 s."""
    since = first_s + 8.0 * np.arange(rows)
    units = (np.round(since * _UNITS_A_S)).astype(np.int64) + obt
    words = np.stack([(units >> shift) & 0xFFFF for shift in (48, 32, 16, 0)], axis=-1).astype(np.uint16)
    columns = [fits.Column("OB_TIME", "4I", bzero=32768, array=words)]
    for axis, place in (("X", 100000.0 + 2.0 * since), ("Y", 0.0 * since), ("Z", 0.0 * since)):
        columns.append(fits.Column(f"{axis}POS", "1D", unit=unit, array=place))
    fits.BinTableHDU.from_columns(columns, name="INTL-ORBI-SCP").writeto(path)
    return path
