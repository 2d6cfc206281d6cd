"""Puts the slices of a job together."""

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.kit import ScienceFailure, Unit
from science.bursts.curve import Curve
from science.bursts.instants import seconds_of_utc
from services.polar.analysis.events import (
    RESPONSE,
    Events,
    Responses,
    curve_of,
    joined,
    read_events,
    read_responses,
    spans_of,
)
from services.polar.analysis.polarisation_response import POLARISATION


@dataclass(frozen=True)
class Merged:
    """All slices of a job.

    Args:
        events: of all slices.
        spans: when there are data, seconds (TT) since MJD 51544.
        begin_s: start of the interval that was asked for.
        end_s: its end.
        responses: of the slices that have some, with the time at which their events begin.
        given: responses that the request names, in place of those of the same kind.
    """

    events: Events
    spans: Sequence[tuple[float, float]]
    begin_s: float
    end_s: float
    responses: tuple[tuple[float, Responses], ...]
    given: Responses

    def curve(self, band: Sequence[float], bin_s: float) -> Curve:
        """Return the counts of the interval in an energy band."""
        return curve_of(self.events.in_band(band[0], band[1]), self.spans, self.begin_s, self.end_s, bin_s)

    def responses_at(self, time_s: float) -> Responses:
        """Return the responses of the slice that a time lies in, or those that the request names in their place."""
        before = [entry for entry in self.responses if entry[0] <= time_s]
        found = max(before, key=lambda entry: entry[0])[1] if before else ()
        named = {hdu.name for hdu in self.given}
        kinds = [kind for kind in (RESPONSE, POLARISATION) if not named.intersection(kind)]
        return (*self.given, *(hdu for hdu in found if any(hdu.name in kind for kind in kinds)))


def merge(unit: Unit) -> Merged:
    """Read all slices of the unit.

    Raises:
        ScienceFailure: reason ``NoData``: no event in the interval.
        BadInput: reason ``BadResponse``: a response that the request names.
    """
    begin_s, end_s = (seconds_of_utc(text) for text in unit.parameters["interval"])
    parts = [read_events(entry.path("polar_events.fits.gz")) for entry in unit.inputs("events")]
    events = joined([part for part, _ in parts])
    if not events.between(begin_s, end_s).time_s.size:
        span = " to ".join(unit.parameters["interval"])
        raise ScienceFailure("NoData", f"no event from {span} UTC: POLAR was off, or the archive lacks that time")
    responses = tuple((float(part.time_s[0]), response) for part, response in parts if response)
    given = tuple(hdu for entry in unit.inputs("responses") for path in entry.paths for hdu in read_responses(path))
    return Merged(events, spans_of(events), begin_s, end_s, responses, given)
