"""Puts the slices of a job together and says what of its interval has data, and why the rest has none."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mesh.kit import ScienceFailure, Unit
from science.bursts.curve import Curve, Floats, join
from science.bursts.instants import DAY_S, seconds_of_utc
from services.spiacs.analysis.counts_file import SLICE_S, OffTime, Orbit
from services.spiacs.analysis.missing import Missing, Span, missing_in
from services.spiacs.analysis.slice_file import read_slice

_MOST_TOLD = 5


@dataclass(frozen=True)
class Merged:
    """All slices of a job.

    Args:
        curve: counts of 50 ms of all slices, possibly longer than the interval.
        begin_s: start of the interval that was asked for, seconds (TT) since MJD 51544.
        end_s: its end.
        off: when the shield was off.
        orbit: of the spacecraft.
        slices: start and end of each slice that gave counts.
    """

    curve: Curve
    begin_s: float
    end_s: float
    off: tuple[OffTime, ...]
    orbit: Orbit
    slices: tuple[Span, ...]

    @cached_property
    def inside(self) -> Curve:
        """The part of the curve in the interval."""
        return self.curve.cut(self.begin_s, self.end_s)

    def completeness(self, begin_s: float, end_s: float) -> float:
        """Live share of an interval, 0 to 1."""
        return self.curve.cut(begin_s, end_s).live_s / (end_s - begin_s)

    def missing(self, begin_s: float, end_s: float) -> list[Missing]:
        """Return what an interval lacks, each part with its reason."""
        return missing_in(self.curve, (begin_s, end_s), self.off, self.slices)

    def why_not(self, begin_s: float, end_s: float) -> str:
        """Say why an interval has no data, or not all; the longest parts where there are many."""
        parts = sorted(self.missing(begin_s, end_s), key=lambda one: one.begin_s - one.end_s)
        told = "; ".join(str(one) for one in sorted(parts[:_MOST_TOLD], key=lambda one: one.begin_s))
        more = f"; and {len(parts) - _MOST_TOLD} shorter ones" if len(parts) > _MOST_TOLD else ""
        return f"{told}{more}" or "single bins were lost"

    def position_km(self, time_s: float) -> Floats:
        """Position of the spacecraft, km from the centre of the Earth, shape (3,)."""
        orbit = self.orbit
        return np.array([np.interp(time_s, orbit.time_s, orbit.position_km[:, k]) for k in range(3)])

    def axis(self, time_s: float) -> Floats:
        """RA and Dec of the X axis at the nearest known time, deg."""
        nearest: Floats = self.orbit.axis[int(np.argmin(np.abs(self.orbit.time_s - time_s)))]
        return nearest


def merge(unit: Unit) -> Merged:
    """Read all slices of the unit.

    Raises:
        ScienceFailure: reason ``NoData``: nothing in the interval, and why.
    """
    slices = [read_slice(entry.path("spiacs_counts.fits.gz")) for entry in unit.inputs("counts")]
    begin_s, end_s = (seconds_of_utc(text) for text in unit.parameters["interval"])
    orbits = sorted((one.orbit for one in slices if one.orbit.time_s.size), key=lambda one: float(one.time_s[0]))
    orbit = Orbit(
        *(
            np.concatenate([getattr(one, name) for one in orbits]) if orbits else np.zeros((0, *shape))
            for name, shape in (("time_s", ()), ("position_km", (3,)), ("axis", (2,)))
        )
    )
    off = tuple(sorted({one for part in slices for one in part.off}, key=lambda one: one.start_s))
    curve = join([one.curve for one in slices if one.curve is not None])
    spans = tuple(_span(entry.label) for entry in unit.inputs("counts"))
    merged = Merged(curve, begin_s, end_s, off, orbit, spans)
    if not merged.inside.live.any():
        span = " to ".join(unit.parameters["interval"])
        raise ScienceFailure("NoData", f"no data from {span} UTC: {merged.why_not(begin_s, end_s)}")
    return merged


def _span(label: str) -> Span:
    """Return start and end of a slice, seconds (TT) since MJD 51544, from its label ``<IJD day>-<number>``."""
    day, number = map(int, label.split("-"))
    start = day * DAY_S + number * SLICE_S
    return start, start + SLICE_S
