"""Reads event lists of POLAR (.pevt) and puts them together.

The table POLEVENTS has TIME (s), CHANNEL, SABIN, DEADFRAC (share of the time in which the detector was dead), ENERGY
(keV) and SA (scattering angle, deg; NaN or below 0 where there is none). Its header tells the origin of time: MJDREF,
or MJDREFI and MJDREFF, and TIMESYS (TT or UTC). The file may hold the responses of its burst as well: the extensions of
a spectral one (.rmfarf), of a polarisation response (.prsp), or both.
"""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.curve import Curve, Flags, Floats
from science.bursts.instants import origin_s
from services.polar.analysis.polarisation_response import POLARISATION

EVENTS = "POLEVENTS"
RESPONSE = ("MATRIX", "EBOUNDS", "SPECRESP")
Responses = tuple[fits.BinTableHDU | fits.ImageHDU, ...]
_SILENCE_S = 1.0  # at the rates of POLAR nothing for so long is a gap


@dataclass(frozen=True)
class Events:
    """An event list, ascending in time; shape (n,) each.

    Args:
        time_s: seconds (TT) since MJD 51544.
        energy_kev: deposited energy.
        dead: share of dead time at each event.
        angle_deg: scattering angle; NaN where there is none.
    """

    time_s: Floats
    energy_kev: Floats
    dead: Floats
    angle_deg: Floats

    def chosen(self, flags: Flags) -> "Events":
        """Return some of the events."""
        return Events(self.time_s[flags], self.energy_kev[flags], self.dead[flags], self.angle_deg[flags])

    def in_band(self, low: float, high: float) -> "Events":
        """Return the events of an energy band, low <= E < high."""
        return self.chosen((self.energy_kev >= low) & (self.energy_kev < high))

    def between(self, begin_s: float, end_s: float) -> "Events":
        """Return the events of an interval."""
        return self.chosen((self.time_s >= begin_s) & (self.time_s < end_s))


def read_events(path: Path) -> tuple[Events, Responses]:
    """Read an event list and the responses beside it, if there are any.

    Raises:
        BadInput: reason ``EventsCorrupted``: damaged, or not of this layout.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            table = hdus[EVENTS]
            rows, header = table.data, table.header
            columns = {name: np.asarray(rows[name], dtype=np.float64) for name in ("TIME", "ENERGY", "DEADFRAC", "SA")}
            begin_s = origin_s(header)
            response = _responses(hdus)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(
            "EventsCorrupted", f"{path.name} cannot be read ({error}); ask the archive for it again"
        ) from error
    time_s = columns["TIME"] + begin_s
    good = np.isfinite(time_s) & np.isfinite(columns["ENERGY"])
    order = np.argsort(time_s[good], kind="stable")
    dead = np.clip(np.nan_to_num(columns["DEADFRAC"][good][order]), 0.0, 0.99)
    angle = columns["SA"][good][order]
    angle = np.where(np.isfinite(angle) & (angle >= 0) & (angle <= 360), angle, np.nan)
    return Events(time_s[good][order], columns["ENERGY"][good][order], dead, angle), response


def read_responses(path: Path) -> Responses:
    """Read a file of responses alone, spectral or of polarisation.

    Raises:
        BadInput: reason ``BadResponse``.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            found = _responses(hdus)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput("BadResponse", f"{path.name} cannot be read ({error})") from error
    if not found:
        text = f"{path.name} is no response: it has none of the extensions {', '.join((*RESPONSE, *POLARISATION))}"
        raise BadInput("BadResponse", text)
    return found


def _responses(hdus: fits.HDUList) -> Responses:
    return tuple(
        type(hdus[name])(hdus[name].data.copy(), hdus[name].header.copy())
        for name in (*RESPONSE, *POLARISATION)
        if name in hdus
    )


def joined(parts: Sequence[Events]) -> Events:
    """Put event lists together."""
    ordered = sorted((part for part in parts if part.time_s.size), key=lambda part: float(part.time_s[0]))
    names = ("time_s", "energy_kev", "dead", "angle_deg")
    return Events(*(np.concatenate([getattr(part, name) for part in ordered] or [np.zeros(0)]) for name in names))


def curve_of(events: Events, spans: Sequence[tuple[float, float]], begin_s: float, end_s: float, bin_s: float) -> Curve:
    """Return the counts of an interval, live where a slice has data and no second passes without an event.

    Args:
        events: of all energies, of which gaps are judged, or of a band.
        spans: when there are data, seconds (TT) since MJD 51544.
        begin_s: start of the first bin.
        end_s: end; an incomplete last bin is left out.
        bin_s: length of a bin, s.
    """
    bins = int(np.floor(round((end_s - begin_s) / bin_s, 6)))
    edges = begin_s + np.arange(bins + 1) * bin_s
    counts = np.histogram(events.time_s, edges)[0].astype(np.float64)
    live = np.zeros(bins, dtype=bool)
    for start, stop in spans:
        live |= (edges[:-1] >= start - 1e-6) & (edges[1:] <= stop + 1e-6)
    return Curve(begin_s, bin_s, np.where(live, counts, 0.0), live)


def spans_of(events: Events) -> list[tuple[float, float]]:
    """Return the intervals in which events come without a second's silence."""
    if not events.time_s.size:
        return []
    breaks = np.flatnonzero(np.diff(events.time_s) > _SILENCE_S)
    starts = np.concatenate(([events.time_s[0]], events.time_s[breaks + 1]))
    stops = np.concatenate((events.time_s[breaks], [events.time_s[-1]]))
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
