"""Small event files in the archive's layout, for tests of reading and of the stages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from services.isgri.analysis.detector import module_map

TSTART = 6876.5
ATTITUDE = {"RA_SCX": 266.0, "DEC_SCX": -29.0, "RA_SCZ": 266.0, "DEC_SCZ": 61.0}


def write_events(
    path: Path,
    *,
    rows: int = 40_000,
    seconds: float = 400.0,
    keywords: Mapping[str, Any] | None = None,
    gti: bool = True,
    columns: Mapping[str, Any] | None = None,
) -> Path:
    """Write an event file with a uniform background.

    Args:
        path: file to write, .fits or .fits.gz.
        rows: number of events.
        seconds: length of the window.
        keywords: changes to the event header; None takes a keyword away.
        gti: whether good times are there (the first and last 10 s are bad).
        columns: replaced event columns.
    """
    rng = np.random.default_rng(1)
    z, y = np.nonzero(module_map() >= 0)
    pick = rng.integers(0, z.size, rows)
    data: dict[str, Any] = {
        "DETY": y[pick],
        "DETZ": z[pick],
        "ISGRI_ENERGY": rng.uniform(15.0, 200.0, rows),
        "SELECT_FLAG": np.zeros(rows, np.uint8),
        "TIME": TSTART + np.sort(rng.uniform(0.0, seconds, rows)) / 86400.0,
        **(columns or {}),
    }
    formats = {"DETY": "1B", "DETZ": "1B", "ISGRI_ENERGY": "1E", "SELECT_FLAG": "1B", "TIME": "1D"}
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name, formats[name], array=values) for name, values in data.items()], name="ISGR-EVTS-ALL"
    )
    header = {
        "TSTART": TSTART,
        "TSTOP": TSTART + seconds / 86400.0,
        "SWID": "201600270010",
        "REVOL": 2016,
        "DEADC": 0.72,
        "E_MIN": "Real",
        **ATTITUDE,
        **(keywords or {}),
    }
    for key, value in header.items():
        if value is not None:
            table.header[key] = value
    hdus = fits.HDUList([fits.PrimaryHDU(), table])
    if gti:
        edges = TSTART + np.array([10.0, seconds - 10.0]) / 86400.0
        times = fits.BinTableHDU.from_columns(
            [fits.Column("START", "1D", array=edges[:1]), fits.Column("STOP", "1D", array=edges[1:])],
            name="IBIS-GNRL-GTI",
        )
        times.header["GTI_NAME"] = "MERGED_ISGRI"
        hdus.append(times)
    hdus.writeto(path, overwrite=True)
    return path
