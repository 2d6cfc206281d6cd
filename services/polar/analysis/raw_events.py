"""Reads event lists of the archive as they come (.pevt).

The table POLEVENTS has TIME (s), ENERGY (keV), and where they are known DEADFRAC (share of the time in which the
detector was dead) and SA (scattering angle, see `angles`). Its header tells the origin of time: MJDREF, or MJDREFI and
MJDREFF, and TIMESYS. Files without it are met: their times are taken from the origin that puts them into their slice.
"""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.curve import Floats
from science.bursts.instants import column_unit, epoch_s, origin_s, seconds_of_utc, seconds_per, utc_of_seconds
from services.polar.analysis.angles import scattering_angles
from services.polar.analysis.events import EVENTS, Events, Responses, responses_in

# Where instruments of these years count seconds from: name, MJD, its fraction, time system.
_ORIGINS = (
    ("2000-01-01 (INTEGRAL)", 51544.0, 0.0, "TT"),
    ("2010-01-01 (AstroSat)", 55197.0, 0.0, "UTC"),
    ("1970-01-01 (Unix)", 40587.0, 0.0, "UTC"),
    ("2001-01-01 (Fermi)", 51910.0, 7.428703703703703e-4, "TT"),
    ("1980-01-06 (GPS)", 44244.0, 19.0 / 86400, "TAI"),
)
_OPERATED = ("2016-09-15T00:00:00", "2017-04-02T00:00:00")
_EDGE_S = 60.0  # events of a slice may reach a little beyond it


@dataclass(frozen=True)
class RawEvents:
    """What a file of the archive has.

    Args:
        events: in order, on one time scale.
        responses: beside them.
        angle_bin_deg: width of the bins of scattering angles; 0 where they are not binned.
        notes: what was taken for granted, in words.
    """

    events: Events
    responses: Responses
    angle_bin_deg: float
    notes: tuple[str, ...]


def read_raw_events(path: Path, span: tuple[float, float] | None = None) -> RawEvents:
    """Read an event list and the responses beside it, if there are any.

    Args:
        path: of the file.
        span: start and end of its slice, seconds (TT) since MJD 51544, where that is known.

    Raises:
        BadInput: reason ``EventsCorrupted``: damaged, or not of this layout; ``NoTimeOrigin``: nothing tells what its
            times count from.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            table = hdus[EVENTS]
            rows, header = table.data, table.header
            there = {str(name).upper() for name in table.columns.names}
            columns = {name: np.asarray(rows[name], dtype=np.float64) for name in ("TIME", "ENERGY")}
            for name in ("DEADFRAC", "SA"):
                columns[name] = np.asarray(rows[name], np.float64) if name in there else np.full(len(rows), np.nan)
            times = columns["TIME"] * seconds_per(column_unit(header, "TIME") or "s")
            notes = [] if "DEADFRAC" in there else ["the events do not tell the dead time (no column DEADFRAC)"]
            start_s, note = _start_s(header, times, span, path)
            angles = scattering_angles(columns["SA"], column_unit(header, "SA") or "")
            responses = responses_in(hdus)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(
            "EventsCorrupted", f"{path.name} cannot be read ({error}); ask the archive for it again"
        ) from error
    time_s = times + start_s
    good = np.isfinite(time_s) & np.isfinite(columns["ENERGY"])
    order = np.flatnonzero(good)[np.argsort(time_s[good], kind="stable")]
    dead = np.clip(np.nan_to_num(columns["DEADFRAC"][order]), 0.0, 0.99)
    events = Events(time_s[order], columns["ENERGY"][order], dead, angles.degrees[order])
    return RawEvents(events, responses, angles.bin_deg, (*notes, *note, *angles.notes))


def _start_s(
    header: Mapping[str, Any], times: Floats, span: tuple[float, float] | None, path: Path
) -> tuple[float, tuple[str, ...]]:
    """Return the origin of the times, seconds (TT) since MJD 51544, and what was taken for granted.

    Raises:
        BadInput: reason ``NoTimeOrigin``.
    """
    if "MJDREF" in header or "MJDREFI" in header:
        return origin_s(header), ()
    begin, end = span or (seconds_of_utc(_OPERATED[0]), seconds_of_utc(_OPERATED[1]))
    middle = float(np.median(times[np.isfinite(times)])) if np.isfinite(times).any() else 0.0
    for name, day, fraction, system in _ORIGINS:
        start_s = epoch_s(day, fraction, system)
        if begin - _EDGE_S <= start_s + middle <= end + _EDGE_S:
            told = (
                f"{path.name} does not say what its times count from: seconds after {name} put them where they belong"
            )
            return start_s, (told,)
    when = f"{utc_of_seconds(begin, 0)} to {utc_of_seconds(end, 0)}"
    names = ", ".join(name for name, *_ in _ORIGINS)
    raise BadInput(
        "NoTimeOrigin",
        f"{path.name} does not say what its times count from (no MJDREF), and no usual origin ({names}) puts them "
        f"between {when} UTC: write MJDREF and TIMESYS into the header of {EVENTS}",
    )
