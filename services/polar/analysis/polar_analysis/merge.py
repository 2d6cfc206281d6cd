"""Puts the slices of a job together."""

from collections.abc import Sequence
from dataclasses import dataclass

from astropy.io import fits
from bursts.curve import Curve
from bursts.instants import seconds_of_utc

from mesh.kit import ScienceFailure, Unit
from polar_analysis.events import Events, curve_of, joined, read_events, spans_of


@dataclass(frozen=True)
class Merged:
    """All slices of a job.

    Args:
        events: of all slices.
        spans: when there are data, seconds (TT) since MJD 51544.
        begin_s: start of the interval that was asked for.
        end_s: its end.
        responses: of the slices that have one, with the time at which their events begin.
    """

    events: Events
    spans: Sequence[tuple[float, float]]
    begin_s: float
    end_s: float
    responses: tuple[tuple[float, tuple[fits.BinTableHDU, ...]], ...]

    def curve(self, band: Sequence[float], bin_s: float) -> Curve:
        """Return the counts of the interval in an energy band."""
        return curve_of(self.events.in_band(band[0], band[1]), self.spans, self.begin_s, self.end_s, bin_s)

    def response_at(self, time_s: float) -> tuple[fits.BinTableHDU, ...]:
        """Return the response of the slice that a time lies in, or nothing."""
        before = [entry for entry in self.responses if entry[0] <= time_s]
        return max(before, key=lambda entry: entry[0])[1] if before else ()


def merge(unit: Unit) -> Merged:
    """Read all slices of the unit.

    Raises:
        ScienceFailure: reason ``NoData``: no event in the interval.
    """
    begin_s, end_s = (seconds_of_utc(text) for text in unit.parameters["interval"])
    parts = [read_events(entry.path("polar_events.fits.gz")) for entry in unit.inputs("events")]
    events = joined([part for part, _ in parts])
    if not events.between(begin_s, end_s).time_s.size:
        span = " to ".join(unit.parameters["interval"])
        raise ScienceFailure("NoData", f"no event from {span} UTC: POLAR was off, or the archive lacks that time")
    responses = tuple((float(part.time_s[0]), response) for part, response in parts if response)
    return Merged(events, spans_of(events), begin_s, end_s, responses)
