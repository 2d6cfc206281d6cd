"""Reads the counts of one slice of the archive.

The layout is odamesh's own, because where the missions' archive keeps the 50 ms counts could not be learned:

- ``SPI.-ACS.-CNT``: a row per telemetry packet of 8 s; TIME (IJD, start of its first bin), COUNTS (160 bins of 50 ms,
  -1 where a bin was lost).
- ``SPI.-ACS.-OFF``: START, STOP (IJD) and REASON of times in which the shield was switched off, e.g. ``BELTS``.
- ``SPI.-ACS.-ORB``: TIME (IJD), XPOS, YPOS, ZPOS (km, equatorial J2000, geocentric), RA_SCX, DEC_SCX (deg).
"""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.bursts.curve import Curve, Floats
from science.bursts.instants import DAY_S, seconds_of_utc

BIN_S = 0.05
SLICE_S = 3600.0
"""Length of a slice, as ``slice_s`` of instrument.toml has it."""
COUNTS, OFF, ORBIT = "SPI.-ACS.-CNT", "SPI.-ACS.-OFF", "SPI.-ACS.-ORB"

# Savchenko et al. 2012: light curves before this day were published 125 +- 10 ms late.
_LATE_UNTIL = "2004-04-02T00:00:00"
_LATE_S = 0.125
_LONGEST_S = 2 * DAY_S


@dataclass(frozen=True)
class OffTime:
    """A time in which the shield was off.

    Args:
        start_s: seconds (TT) since MJD 51544.
        stop_s: the same.
        reason: as the archive says it, e.g. ``BELTS``.
    """

    start_s: float
    stop_s: float
    reason: str


@dataclass(frozen=True)
class Orbit:
    """Where the spacecraft was and where its X axis pointed.

    Args:
        time_s: seconds (TT) since MJD 51544, ascending, shape (n,).
        position_km: equatorial J2000 from the centre of the Earth, shape (n, 3).
        axis: RA and Dec of the X axis, deg, shape (n, 2).
    """

    time_s: Floats
    position_km: Floats
    axis: Floats


@dataclass(frozen=True)
class Slice:
    """What the archive has of one slice of time.

    Args:
        curve: counts of 50 ms on a grid that begins with the first packet; None when there is no packet.
        off: when the shield was off.
        orbit: of the spacecraft.
    """

    curve: Curve | None
    off: tuple[OffTime, ...]
    orbit: Orbit


def read_counts(path: Path) -> Slice:
    """Read a file of the archive.

    Raises:
        BadInput: reason ``SliceCorrupted``; the file is damaged or not of this layout.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            packets = hdus[COUNTS].data
            times = np.asarray(packets["TIME"], dtype=float) * DAY_S
            counts = np.atleast_2d(np.asarray(packets["COUNTS"], dtype=float))
            off = tuple(
                OffTime(float(row["START"]) * DAY_S, float(row["STOP"]) * DAY_S, str(row["REASON"]).strip())
                for row in hdus[OFF].data
            )
            orbit = _orbit(hdus[ORBIT].data)
    except (OSError, EOFError, KeyError, ValueError, TypeError, IndexError, zlib.error, gzip.BadGzipFile) as error:
        text = f"{path.name} cannot be read ({error}); ask the archive for it again"
        raise BadInput("SliceCorrupted", text) from error
    good = np.isfinite(times)
    return Slice(_on_grid(times[good], counts[good]) if good.any() else None, off, orbit)


def _orbit(rows: fits.FITS_rec) -> Orbit:
    position = np.column_stack([rows[name] for name in ("XPOS", "YPOS", "ZPOS")]).astype(float)
    axis = np.column_stack([rows[name] for name in ("RA_SCX", "DEC_SCX")]).astype(float)
    return Orbit(np.asarray(rows["TIME"], dtype=float) * DAY_S, position, axis)


def _on_grid(times: Floats, packets: NDArray[np.float64]) -> Curve:
    late = times < seconds_of_utc(_LATE_UNTIL)
    order = np.argsort(times, kind="stable")
    begin = times[order] - np.where(late[order], _LATE_S, 0.0)
    packets = packets[order]
    # The clock runs true within a slice: every packet lies on the grid of the first but for rounding.
    places = np.round((begin - begin[0]) / BIN_S).astype(np.int64)
    size = int(places[-1]) + packets.shape[1]
    if size * BIN_S > _LONGEST_S:
        raise BadInput("SliceCorrupted", f"packets from {begin[0]:.0f} to {begin[-1]:.0f} s are not of one slice")
    counts, live = np.zeros(size), np.zeros(size, dtype=bool)
    cells = (places[:, None] + np.arange(packets.shape[1])).ravel()
    values = packets.ravel()
    there = np.isfinite(values) & (values >= 0)
    counts[cells[there]] = values[there]
    live[cells[there]] = True
    return Curve(float(begin[0]), BIN_S, counts, live)
