"""Puts the slices of a job together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mesh.kit import ScienceFailure, Unit
from science.bursts.curve import Curve
from science.bursts.instants import DAY_S, seconds_of_utc, utc_of_seconds
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

SLICE_S = 600.0
"""Length of a slice, as ``slice_s`` of instrument.toml has it."""

_LABEL = re.compile(r"(\d+)-(\d+)")
_KINDS = ((RESPONSE, "spectral response"), (POLARISATION, "polarisation response"))


def slice_span(label: str) -> tuple[float, float] | None:
    """Return start and end of a slice, seconds (TT) since MJD 51544, from its label ``<IJD day>-<number>``."""
    found = _LABEL.fullmatch(label)
    if found is None:
        return None
    start = int(found[1]) * DAY_S + int(found[2]) * SLICE_S
    return start, start + SLICE_S


@dataclass(frozen=True)
class SliceResponses:
    """The responses of a slice.

    Args:
        begin_s: start of the slice, seconds (TT) since MJD 51544.
        end_s: its end.
        hdus: the responses.
    """

    begin_s: float
    end_s: float
    hdus: Responses


@dataclass(frozen=True)
class Merged:
    """All slices of a job.

    Args:
        events: of all slices.
        spans: when there are data, seconds (TT) since MJD 51544.
        begin_s: start of the interval that was asked for.
        end_s: its end.
        responses: of the slices that have some.
        given: responses that the request names, in place of those of the same kind.
        angle_bin_deg: width of the widest bins of scattering angles; 0 where they are not binned.
    """

    events: Events
    spans: Sequence[tuple[float, float]]
    begin_s: float
    end_s: float
    responses: tuple[SliceResponses, ...]
    given: Responses
    angle_bin_deg: float

    def curve(self, band: Sequence[float], bin_s: float, span: tuple[float, float] | None = None) -> Curve:
        """Return the counts of the interval, or of a span of it, in an energy band."""
        begin_s, end_s = span or (self.begin_s, self.end_s)
        # Bins keep their places whatever part is taken.
        first = max(0, round((max(begin_s, self.begin_s) - self.begin_s) / bin_s))
        grid = (self.begin_s + first * bin_s, min(end_s, self.end_s), bin_s)
        near = self.events.between(grid[0], grid[1])
        return curve_of(near.in_band(band[0], band[1]), near, self.spans, grid)

    def responses_at(self, time_s: float) -> tuple[Responses, list[str]]:
        """Return the responses of the slice that a time lies in, or those that the request names in their place.

        A response is that of one burst: of another slice it would be another direction's. What is not used for that
        reason is told in words.
        """
        found = next((one.hdus for one in self.responses if one.begin_s <= time_s < one.end_s), ())
        named = {hdu.name for hdu in self.given}
        kinds = [kind for kind, _ in _KINDS if not named.intersection(kind)]
        used = (*self.given, *(hdu for hdu in found if any(hdu.name in kind for kind in kinds)))
        notes = []
        for kind, title in _KINDS:
            others = [one for one in self.responses if {hdu.name for hdu in one.hdus}.intersection(kind)]
            if others and not {hdu.name for hdu in used}.intersection(kind):
                when = ", ".join(utc_of_seconds(one.begin_s, 0) for one in others)
                notes.append(
                    f"the slice of the burst has no {title}; that of the slice from {when} UTC is of another time "
                    "and not used: name a file with parameter responses"
                )
        return used, notes


def _reach(events: Events) -> tuple[float, float]:
    return float(events.time_s[0]), float(events.time_s[-1])


def merge(unit: Unit) -> Merged:
    """Read all slices of the unit.

    Raises:
        ScienceFailure: reason ``NoData``: no event in the interval.
        BadInput: reason ``BadResponse``: a response that the request names.
    """
    begin_s, end_s = (seconds_of_utc(text) for text in unit.parameters["interval"])
    parts = [(entry.label, *read_events(entry.path("polar_events.fits.gz"))) for entry in unit.inputs("events")]
    events = joined([part for _, part, _, _ in parts])
    if not events.between(begin_s, end_s).time_s.size:
        span = " to ".join(unit.parameters["interval"])
        raise ScienceFailure("NoData", f"no event from {span} UTC: POLAR was off, or the archive lacks that time")
    responses = tuple(
        SliceResponses(*(slice_span(label) or _reach(part)), hdus) for label, part, hdus, _ in parts if hdus
    )
    given = tuple(hdu for entry in unit.inputs("responses") for path in entry.paths for hdu in read_responses(path))
    widest = max(width for *_, width in parts)
    return Merged(events, spans_of(events), begin_s, end_s, responses, given, widest)
