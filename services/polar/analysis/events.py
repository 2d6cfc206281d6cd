"""Event lists of POLAR: the products of slices read and put together, counted in bins, with gaps and dead time.

The table POLEVENTS has TIME (s, TT, since MJD 51544), ENERGY (keV), DEADFRAC (share of the time in which the detector
was dead) and SA (scattering angle, deg; NaN where there is none). The file may hold the responses of its burst as well:
the extensions of a spectral one (.rmfarf), of a polarisation response (.prsp), or both.
"""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.ndimage import median_filter

from mesh.kit import BadInput
from science.bursts.curve import Curve, Flags, Floats
from services.polar.analysis.polarisation_response import POLARISATION

EVENTS = "POLEVENTS"
RESPONSE = ("MATRIX", "EBOUNDS", "SPECRESP")
Responses = tuple[fits.BinTableHDU | fits.ImageHDU, ...]
ANGLE_BIN = "SABINDEG"
"""Keyword of a product: width of the bins that its scattering angles are the middles of, deg; 0 without bins."""

_AROUND = 301  # events that tell the usual distance of two
_SILENT = 35.0  # usual distances that are a gap: chance, exp(-35) for each event, makes none
_LEAST_STEP_S = 1e-4  # clocks tick


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


def read_events(path: Path) -> tuple[Events, Responses, float]:
    """Read the product of a slice: its events, the responses beside them, and the bins of scattering angles (deg).

    Raises:
        BadInput: reason ``BadProduct``.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            rows, header = hdus[EVENTS].data, hdus[EVENTS].header
            columns = [np.asarray(rows[name], dtype=np.float64) for name in ("TIME", "ENERGY", "DEADFRAC", "SA")]
            return Events(*columns), responses_in(hdus), float(header[ANGLE_BIN])
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput("BadProduct", f"{path.name} is no product of a slice ({error})") from error


def read_responses(path: Path) -> Responses:
    """Read a file of responses alone, spectral or of polarisation.

    Raises:
        BadInput: reason ``BadResponse``.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            found = responses_in(hdus)
    except (OSError, EOFError, KeyError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput("BadResponse", f"{path.name} cannot be read ({error})") from error
    if not found:
        text = f"{path.name} is no response: it has none of the extensions {', '.join((*RESPONSE, *POLARISATION))}"
        raise BadInput("BadResponse", text)
    return found


def responses_in(hdus: fits.HDUList) -> Responses:
    """Return the extensions of a file that belong to a response."""
    return tuple(
        type(hdus[name])(hdus[name].data.copy(), hdus[name].header.copy())
        for name in (*RESPONSE, *POLARISATION)
        if name in hdus
    )


def joined(parts: Sequence[Events]) -> Events:
    """Put event lists together, in order of time."""
    names = ("time_s", "energy_kev", "dead", "angle_deg")
    whole = Events(*(np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)]) for name in names))
    order = np.argsort(whole.time_s, kind="stable")
    return Events(*(getattr(whole, name)[order] for name in names))


def curve_of(
    events: Events, all_energies: Events, spans: Sequence[tuple[float, float]], grid: tuple[float, float, float]
) -> Curve:
    """Return the counts of an interval, live where a slice has data without a gap, with the dead time of its bins.

    Args:
        events: that are counted, of a band.
        all_energies: events that tell the dead time.
        spans: when there are data, seconds (TT) since MJD 51544.
        grid: start of the first bin, end (an incomplete last bin is left out), length of a bin, s.
    """
    begin_s, end_s, bin_s = grid
    bins = max(0, int(np.floor(round((end_s - begin_s) / bin_s, 6))))
    edges = np.asarray(begin_s + np.arange(bins + 1) * bin_s, dtype=np.float64)
    counts = np.histogram(events.time_s, edges)[0].astype(np.float64)
    live = np.zeros(bins, dtype=bool)
    for start, stop in spans:
        live |= (edges[:-1] >= start - 1e-6) & (edges[1:] <= stop + 1e-6)
    return Curve(begin_s, bin_s, np.where(live, counts, 0.0), live, _alive(all_energies, edges))


def _alive(events: Events, edges: Floats) -> Floats:
    """Return the share of each bin in which the detector was not dead, from the events in it, else from the nearest."""
    number = np.histogram(events.time_s, edges)[0]
    dead = np.histogram(events.time_s, edges, weights=events.dead)[0] / np.maximum(number, 1)
    middles = 0.5 * (edges[1:] + edges[:-1])
    between = np.interp(middles, events.time_s, events.dead) if events.time_s.size else np.zeros(middles.size)
    return np.asarray(1.0 - np.where(number > 0, dead, between), dtype=np.float64)


def spans_of(events: Events) -> list[tuple[float, float]]:
    """Return the intervals in which events come without a silence that their rate does not explain.

    The rate is that of a few hundred events around: at 150/s chance is silent for 0.2 s once in a year.
    """
    if not events.time_s.size:
        return []
    steps = np.diff(events.time_s)
    size = min(_AROUND, steps.size)
    usual = median_filter(steps, size, mode="nearest") / np.log(2) if size else steps
    breaks = np.flatnonzero(steps > _SILENT * np.maximum(usual, _LEAST_STEP_S))
    starts = np.concatenate(([events.time_s[0]], events.time_s[breaks + 1]))
    stops = np.concatenate((events.time_s[breaks], [events.time_s[-1]]))
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
