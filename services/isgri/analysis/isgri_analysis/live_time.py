"""Good time intervals, telemetry gaps and dead time of a science window."""

import numpy as np
from numpy.typing import NDArray

from isgri_analysis.events import Events

_GAP_BIN_S = 1.0
_LEAST_RATE = 20.0
"""Gaps are sought only where this many events/s are expected: then an empty second is no chance."""

# Mean DEADC of real windows by revolution (2003, 2008, 2019, 2022), for files that lack the keyword.
_REVOLUTIONS = (60.0, 665.0, 2045.0, 2559.0)
_LIVE_FRACTIONS = (0.78, 0.69, 0.67, 0.72)


def good_times(events: Events) -> tuple[NDArray[np.float64], list[str]]:
    """Good time intervals, shape (n, 2) in seconds after the start, without telemetry gaps; and warnings."""
    warnings = []
    last = float(events.time_s.max())
    if events.gti is None or not len(events.gti):
        warnings.append("the event file has no good time intervals; times with events are used")
        whole = np.array([[float(events.time_s.min()), last]])
    else:
        whole = events.gti
    gaps = _gaps(events.time_s)
    return _subtract(whole, gaps), warnings


def _gaps(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spans of whole seconds without any event, shape (n, 2)."""
    span = float(time_s.max() - time_s.min())
    if time_s.size < _LEAST_RATE * max(span, _GAP_BIN_S):
        return np.empty((0, 2))
    ordered = np.sort(time_s)
    empty = np.flatnonzero(np.diff(ordered) > _GAP_BIN_S)
    return np.column_stack([ordered[empty], ordered[empty + 1]])


def _subtract(intervals: NDArray[np.float64], holes: NDArray[np.float64]) -> NDArray[np.float64]:
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


def inside(time_s: NDArray[np.float64], intervals: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which times lie in any of the sorted, disjoint intervals."""
    edges = intervals.ravel()
    within: NDArray[np.bool_] = np.searchsorted(edges, time_s, side="right") % 2 == 1
    return within


def live_fraction(events: Events) -> tuple[float, list[str]]:
    """Live fraction of the detector from the DEADC keyword, or the mean of its epoch with a warning."""
    if events.live_fraction is not None and 0.0 < events.live_fraction <= 1.0:
        return events.live_fraction, []
    value = float(np.interp(events.revolution, _REVOLUTIONS, _LIVE_FRACTIONS))
    return value, [
        f"the event file states no dead time (DEADC); the mean live fraction of its epoch, {value:.2f}, is used"
    ]
