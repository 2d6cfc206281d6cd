"""Good time intervals, telemetry gaps and dead time of a science window."""

import numpy as np
from numpy.typing import NDArray

from services.isgri.analysis.dead_time import MODULES, ModuleTimes, busy_modules
from services.isgri.analysis.events import Events

_GAP_BIN_S = 1.0
_LEAST_RATE = 20.0
"""Gaps are sought only where this many events/s are expected: then an empty second is no chance."""

# Mean DEADC of real windows by revolution (2003, 2008, 2019, 2022), for files that lack the keyword.
_REVOLUTIONS = (60.0, 665.0, 2045.0, 2559.0)
_LIVE_FRACTIONS = (0.78, 0.69, 0.67, 0.72)


def good_times(events: Events) -> tuple[NDArray[np.float64], list[str]]:
    """Good time intervals, shape (n, 2) in seconds after the start, without telemetry gaps; and warnings."""
    warnings = []
    if events.gti is None or not len(events.gti):
        warnings.append("the event file has no good time intervals; times with events are used")
        whole = np.array([[events.time_s[0], np.nextafter(events.time_s[-1], np.inf)]])
    else:
        whole = events.gti
    gaps = _gaps(events.time_s)
    return subtracted(whole, gaps), warnings


def _gaps(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spans of whole seconds without any event, shape (n, 2)."""
    span = float(time_s[-1] - time_s[0])
    if time_s.size < _LEAST_RATE * max(span, _GAP_BIN_S):
        return np.empty((0, 2))
    empty = np.flatnonzero(np.diff(time_s) > _GAP_BIN_S)
    return np.column_stack([time_s[empty], time_s[empty + 1]])


def subtracted(intervals: NDArray[np.float64], holes: NDArray[np.float64]) -> NDArray[np.float64]:
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


def module_times(events: Events, gti: NDArray[np.float64], fraction: float) -> ModuleTimes:
    """Return good times and dead times of the eight modules.

    A module has the good time of the detector without its own gaps; one that sent no event has none.

    Args:
        events: the window's events.
        gti: good time intervals of the detector.
        fraction: live fraction of the detector.
    """
    inside_gti, total, gaps = busy_modules(events, gti, _GAP_BIN_S)
    span = float(events.time_s[-1] - events.time_s[0])
    seen = total >= _LEAST_RATE * max(span, _GAP_BIN_S)  # of others an empty second says nothing
    good = [
        subtracted(gti, gaps[module]) if seen[module] else gti if total[module] > 0.0 else np.empty((0, 2))
        for module in range(MODULES)
    ]
    return ModuleTimes(good, inside_gti, fraction)


def inside(time_s: NDArray[np.float64], intervals: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the ascending times lie in any of the intervals [start, stop), shape (n, 2)."""
    within = np.zeros(time_s.size, bool)
    for first, last in np.searchsorted(time_s, intervals):
        within[first:last] = True
    return within


def live_fraction(events: Events) -> tuple[float, list[str]]:
    """Live fraction of the detector from the DEADC keyword, or the mean of its epoch with a warning."""
    if events.live_fraction is not None and 0.0 < events.live_fraction <= 1.0:
        return events.live_fraction, []
    value = float(np.interp(events.revolution, _REVOLUTIONS, _LIVE_FRACTIONS))
    return value, [
        f"the event file states no dead time (DEADC); the mean live fraction of its epoch, {value:.2f}, is used"
    ]
