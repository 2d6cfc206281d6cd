"""Why parts of an interval have no counts: the shield was off, packets were lost, or the archive lacks the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from science.bursts.curve import Curve
from science.bursts.instants import utc_of_seconds
from services.spiacs.analysis.counts_file import OffTime

ABSENT, LOST = "NoData", "TelemetryGap"
Span = tuple[float, float]

_EDGE_S = 10.0  # a packet is 8 s long
_SHORTEST_S = 1.0


@dataclass(frozen=True)
class Missing:
    """A part of an interval without counts.

    Args:
        begin_s: start, seconds (TT) since MJD 51544.
        end_s: its end.
        reason: why the shield was off, e.g. ``BELTS``; ``TelemetryGap``, or ``NoData`` where no slice has that time.
        known: whether the archive says so; else it follows from what stands before and after it.
    """

    begin_s: float
    end_s: float
    reason: str
    known: bool = True

    def __str__(self) -> str:
        span = f"{utc_of_seconds(self.begin_s, 0)} to {utc_of_seconds(self.end_s, 0)}"
        match self.reason:
            case "TelemetryGap":
                return f"no packet of the archive has {span} (telemetry gap)"
            case "NoData":
                return f"the archive has no data from {span}"
        return f"the shield was off: {self.reason} {span}{'' if self.known else ' (off at its edges)'}"

    def row(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "begin_utc": utc_of_seconds(self.begin_s),
            "end_utc": utc_of_seconds(self.end_s),
            "reason": self.reason,
            "text": str(self),
        }


def missing_in(
    curve: Curve, span: Span, off: Sequence[OffTime], slices: Sequence[Span], at_least_s: float = _SHORTEST_S
) -> list[Missing]:
    """Return what an interval lacks, in time order, each part with its reason.

    Args:
        curve: the counts.
        span: the interval, seconds (TT) since MJD 51544.
        off: times in which the shield was off.
        slices: times of the slices that gave counts.
        at_least_s: shorter gaps are left out.
    """
    inside = curve.cut(*span)
    end_s = inside.start_s + inside.counts.size * inside.bin_s
    gaps = [(float(begin), float(end)) for begin, end in inside.gaps()]
    gaps = [(span[0], inside.start_s), *gaps, (end_s, span[1])] if inside.counts.size else [span]
    parts = [part for gap in _joined(gaps, at_least_s) for part in _explained(gap, off, slices)]
    return [_by_its_neighbours(parts, place) for place in range(len(parts))]


def _joined(gaps: Sequence[Span], at_least_s: float) -> Iterator[Span]:
    """Yield the gaps, those that touch as one."""
    begin, end = gaps[0]
    for low, high in [*gaps[1:], (float("inf"), float("inf"))]:
        if low - end < 1e-3:
            end = high
            continue
        if end - begin >= at_least_s:
            yield begin, end
        begin, end = low, high


def _explained(gap: Span, off: Sequence[OffTime], slices: Sequence[Span]) -> Iterator[Missing]:
    """Cut a gap where its reason changes."""
    marks = {edge for one in off for edge in (one.start_s, one.stop_s)} | {edge for span in slices for edge in span}
    edges = [gap[0], *sorted(edge for edge in marks if gap[0] < edge < gap[1]), gap[1]]
    begin = edges[0]
    for low, high, after in zip(edges, edges[1:], [*edges[2:], None], strict=False):
        reason = _reason(0.5 * (low + high), off, slices)
        if after is None or _reason(0.5 * (high + after), off, slices) != reason:
            yield Missing(begin, high, reason)
            begin = high


def _reason(time_s: float, off: Sequence[OffTime], slices: Sequence[Span]) -> str:
    for one in off:
        if one.start_s <= time_s < one.stop_s:
            return one.reason
    return LOST if any(begin <= time_s < end for begin, end in slices) else ABSENT


def _by_its_neighbours(parts: Sequence[Missing], place: int) -> Missing:
    """Return a part; one that no slice has, between two off times of one reason, as of that reason.

    A slice in which the shield was off as a whole gives no product.
    """
    part = parts[place]
    if part.reason != ABSENT or not 0 < place < len(parts) - 1:
        return part
    before, after = parts[place - 1], parts[place + 1]
    touching = part.begin_s - before.end_s < _EDGE_S and after.begin_s - part.end_s < _EDGE_S
    if before.reason == after.reason not in (ABSENT, LOST) and touching:
        return Missing(part.begin_s, part.end_s, before.reason, known=False)
    return part
