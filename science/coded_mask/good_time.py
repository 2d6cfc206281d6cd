"""Good times of a science window, in seconds after its start: from the rows of the file to what telemetry covers."""

import numpy as np
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.event_file import EventTable, TimeTable
from science.coded_mask.validation import Validation, counted

_LONGEST_S = 3.5 * DAY_S
"""No window is longer than a revolution."""
_MARGIN_S = 1.0
"""Events and good times may lie so far outside TSTART to TSTOP: these are rounded in some files."""
_PAUSE_S = 3600.0
_EXPECTED_EVENTS = 25.0
"""A gap that should have held so many events is none by chance: e^-25 for each."""
_SHORTEST_GAP_S = 0.2
_RATE_QUANTILE = 10.0

Array = NDArray[np.float64]


def window_length_s(table: EventTable, tstart_ijd: float, time_s: Array) -> float:
    """Return how long a window is: TSTOP less TSTART; if that is no use TELAPSE, its good times, or its events.

    Args:
        table: the event file.
        tstart_ijd: start of the window.
        time_s: times of the events after it.
    """
    stop = table.number("TSTOP")
    length = (stop - tstart_ijd) * DAY_S if stop is not None else 0.0
    if 0.0 < length <= _LONGEST_S:
        return length
    told = "TSTOP is no number" if stop is None else f"TSTOP is {length:.0f} s after TSTART"
    length = table.number("TELAPSE") or 0.0
    if 0.0 < length <= _LONGEST_S:
        table.validation.warn(f"{told}; the length of the window is taken from TELAPSE, {length:.1f} s")
        return length
    ends = np.concatenate([(times.rows[:, 1] - tstart_ijd) * DAY_S for times in table.good_times] or [np.empty(0)])
    ordered = np.sort(time_s[(time_s >= -_MARGIN_S) & (time_s <= _LONGEST_S)])  # no comparison holds for NaN
    pauses = np.flatnonzero(np.diff(ordered) > _PAUSE_S)
    ends = np.append(ends, ordered[pauses[0] if pauses.size else -1] if ordered.size else 0.0)
    length = float(ends[(ends >= 0.0) & (ends <= _LONGEST_S)].max(initial=0.0))
    table.validation.warn(f"{told}; the window is taken to end with its good times and events, after {length:.1f} s")
    return length


def within_window(time_s: Array, length_s: float, validation: Validation) -> NDArray[np.bool_]:
    """Return which events lie in the window; says how many do not.

    Args:
        time_s: times of events after the start of the window, NaN where they are not known.
        length_s: of the window.
        validation: takes what is found.

    Raises:
        BadInput: ScWDataCorrupted: none does, or too many have no time.
    """
    away = np.maximum(-time_s, time_s - length_s)
    with np.errstate(invalid="ignore"):
        inside = away <= _MARGIN_S
        valid = away <= _LONGEST_S
    if not inside.any():
        raise validation.damaged(
            f"has none of its {time_s.size} events between the start and the end of the window (TSTART, TSTOP)"
        )
    far = away[np.isfinite(away) & ~valid]
    validation.lost(
        int((~valid).sum()),
        time_s.size,
        f"a valid time (up to {far.max() / DAY_S:.1f} d outside the window)" if far.size else "a valid time",
    )
    beside = valid & ~inside
    if beside.any():
        validation.warn(
            f"{counted(int(beside.sum()), 'event')} of {time_s.size} up to {away[beside].max():.0f} s outside the "
            "window (TSTART to TSTOP) left out"
        )
    return inside


def good_times(table: EventTable, tstart_ijd: float, length_s: float, merged: str) -> Array | None:
    """Return the good times of a window, shape (intervals, 2), ascending and without overlap.

    Args:
        table: the event file.
        tstart_ijd: start of the window (TT, days).
        length_s: of the window; good times beyond it are cut.
        merged: how GTI_NAME of the table begins that joins the others. Without it all tables hold at once.

    Returns:
        None when no table has a good row.
    """
    validation = table.validation
    chosen = [times for times in table.good_times if times.name.startswith(merged)][:1] or table.good_times
    if len(chosen) > 1:
        names = ", ".join(times.name or "without a name" for times in chosen)
        validation.warn(f"no table of good times is called {merged}...; those that all of {names} share are used")
    good: Array | None = None
    for times in chosen:
        rows = _intervals(times, tstart_ijd, validation)
        if len(rows):
            good = rows if good is None else intersection(good, rows)
    if good is None:
        return None
    cut = intersection(good, np.array([[-_MARGIN_S, length_s + _MARGIN_S]]))
    beyond = total_s(good) - total_s(cut)
    if beyond > _MARGIN_S:
        validation.warn(f"{beyond:.1f} s of good time lie outside the window (TSTART to TSTOP) and were cut off")
    return cut


def _intervals(times: TimeTable, tstart_ijd: float, validation: Validation) -> Array:
    """Return the rows of a table as a union of intervals; says what was wrong with them."""
    rows = (times.rows - tstart_ijd) * DAY_S
    with np.errstate(invalid="ignore"):
        valid = np.isfinite(rows).all(axis=1) & (rows[:, 1] > rows[:, 0])
    if not valid.all():
        validation.warn(
            f"{counted(int((~valid).sum()), 'row')} of good times left out: no numbers, or an end before the start"
        )
    rows = rows[valid]
    joined = union(rows)
    doubled = total_s(rows) - total_s(joined)
    if doubled > 1e-3:  # rounding of IJD is 1e-7 s
        validation.warn(
            f"good times overlap: {len(rows)} rows of {total_s(rows):.3f} s in all cover {total_s(joined):.3f} s, "
            "which are used"
        )
    return joined


def total_s(intervals: Array) -> float:
    """Return the sum of the lengths of intervals, shape (n, 2)."""
    return float((intervals[:, 1] - intervals[:, 0]).sum())


def union(intervals: Array) -> Array:
    """Return what any of the intervals covers, ascending; those that touch are joined."""
    joined: list[list[float]] = []
    for start, stop in intervals[np.argsort(intervals[:, 0], kind="stable")].tolist():
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], stop)
        else:
            joined.append([start, stop])
    return np.array(joined, np.float64).reshape(-1, 2)


def intersection(one: Array, other: Array) -> Array:
    """Return what both sets of ascending intervals cover."""
    start = np.maximum(one[:, None, 0], other[None, :, 0]).ravel()
    stop = np.minimum(one[:, None, 1], other[None, :, 1]).ravel()
    common = np.column_stack([start, stop])[stop > start]
    ascending: Array = common[np.argsort(common[:, 0])]
    return ascending


def subtracted(intervals: Array, holes: Array) -> Array:
    """Intervals without the holes; both sorted."""
    kept = []
    for start, stop in intervals:
        begin = start
        for low, high in holes[(holes[:, 1] > start) & (holes[:, 0] < stop)]:
            if low > begin:
                kept.append((begin, low))
            begin = max(begin, high)
        if begin < stop:
            kept.append((begin, stop))
    return np.array(kept).reshape(-1, 2)


def inside(time_s: Array, intervals: Array) -> NDArray[np.bool_]:
    """Which of the ascending times lie in any of the intervals [start, stop), shape (n, 2)."""
    within = np.zeros(time_s.size, bool)
    for first, last in np.searchsorted(time_s, intervals):
        within[first:last] = True
    return within


def without_gaps(intervals: Array, time_s: Array, validation: Validation) -> Array:
    """Return good times without the gaps of telemetry, those before the first and after the last event too.

    A gap is a time that should have held 25 events, at the rate of the quiet seconds of the window, and has none.

    Args:
        intervals: good times.
        time_s: ascending times of all events.
        validation: takes what is found.
    """
    if not len(intervals):
        return intervals
    length = gap_length_s(time_s)
    empty = np.flatnonzero(np.diff(time_s) > length)
    holes = list(zip(time_s[empty], time_s[empty + 1], strict=True))
    if inside(time_s, intervals).any():  # else no event belongs to them, which is no matter of telemetry
        holes = [
            *([(-np.inf, time_s[0])] if time_s[0] - intervals[0, 0] > length else []),
            *holes,
            *([(time_s[-1], np.inf)] if intervals[-1, 1] - time_s[-1] > length else []),
        ]
    if not holes:
        return intervals
    left = subtracted(intervals, np.array(holes))
    if (missing := total_s(intervals) - total_s(left)) > 0.0:
        validation.note(
            f"telemetry is missing for {missing:.1f} s of {total_s(intervals):.1f} s of good time; live time is less"
        )
    return left


def gap_length_s(time_s: Array) -> float:
    """Return how long a time without events is no chance, from the rate in the quiet seconds of a window.

    Bursts raise the mean, so that a tenth of the seconds with events have less than the rate that is taken.
    """
    counts = np.bincount((time_s - time_s[0]).astype(np.int64))
    rate = min(float(np.percentile(counts[counts > 0], _RATE_QUANTILE)), float(counts.mean()))
    return max(_EXPECTED_EVENTS / rate, _SHORTEST_GAP_S)
