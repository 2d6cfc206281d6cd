"""The waterfall of a job: when it waited, when each stage and unit ran, from what the mesh keeps of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from mesh.contracts import JobView, UnitRow
from mesh.states import UnitState, unit_is_final


class Bar(NamedTuple):
    """One line of the waterfall."""

    what: str
    begin_s: float
    """Since the job was submitted."""
    end_s: float
    """Since the job was submitted; of what still runs, now."""
    note: str = ""


def waterfall(view: JobView, rows: Sequence[UnitRow], most: int, now: datetime | None = None) -> list[Bar]:
    """Return the bars of a job: of the whole, its wait, each stage, and in each stage the units that took longest.

    The begin of a unit is its end less the time in its container: what it waited for a slot is not in its bar.

    Args:
        view: the job.
        rows: its table.
        most: units to show of each stage.
        now: the time; None: that of the clock.
    """
    zero, until = datetime.fromisoformat(view.submitted), now or datetime.now(UTC)

    def since(at: str) -> float:
        return max(0.0, (datetime.fromisoformat(at) - zero).total_seconds())

    end = since(view.finished) if view.finished else max(0.0, (until - zero).total_seconds())
    bars = [Bar("job", 0.0, end, view.state.value)]
    bars.append(Bar("waits for its first unit", 0.0, since(view.started) if view.started else end, view.waits))
    for stage in view.stages:
        own = [_bar(row, since(row.at), end) for row in rows if row.stage == stage and row.at]
        ran = [bar for bar, at_work in own if at_work]
        if not ran:
            states = sorted({row.state.value for row in rows if row.stage == stage})
            bars.append(Bar(stage, end, end, f"nothing ran: {', '.join(states) or 'not planned'}"))
            continue
        count = f"{len(ran)} of {sum(row.stage == stage for row in rows)} units ran"
        bars.append(Bar(stage, min(bar.begin_s for bar in ran), max(bar.end_s for bar in ran), count))
        longest = sorted(ran, key=lambda bar: bar.begin_s - bar.end_s)[:most]
        bars += sorted(longest, key=lambda bar: bar.begin_s)
    return bars


def draw(bars: Sequence[Bar], width: int) -> list[str]:
    """Return the lines of a picture, with bars of at most *width* letters."""
    end = max((bar.end_s for bar in bars), default=0.0) or 1.0
    longest = max((len(bar.what) for bar in bars), default=0)
    lines = []
    for bar in bars:
        first, last = round(bar.begin_s / end * width), round(bar.end_s / end * width)
        picture = " " * min(first, width - 1) + "#" * max(1, last - first)
        times = f"{bar.begin_s:9.1f} s {bar.end_s - bar.begin_s:9.1f} s"
        lines.append(f"{bar.what:<{longest}} {times}  {picture:<{width}}  {bar.note}".rstrip())
    return lines


def _bar(row: UnitRow, at_s: float, end_s: float) -> tuple[Bar, bool]:
    """Return the bar of a unit, and whether it was at work."""
    tries = f", try {row.attempt}" if row.attempt > 1 else ""
    note = f"{row.state.value}{tries}{f' ({row.worker})' if row.worker else ''}"
    if row.failure is not None:
        note += f": {row.failure.reason}"
    if row.state is UnitState.RUNNING:  # the row changed when its step began
        return Bar(f"  {row.label}", at_s, end_s, f"{note} {row.step or ''}".rstrip()), True
    at_work = unit_is_final(row.state) and row.seconds is not None and row.cached_from is None
    return Bar(f"  {row.label}", max(0.0, at_s - (row.seconds or 0.0)), at_s, note), at_work
