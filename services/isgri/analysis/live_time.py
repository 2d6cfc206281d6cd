"""Good time intervals, telemetry gaps and dead time of a science window."""

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.good_time import subtracted, without_gaps
from services.isgri.analysis.dead_time import MODULES, ModuleTimes, busy_modules
from services.isgri.analysis.events import Events

_GAP_BIN_S = 1.0
_LEAST_RATE = 20.0
"""Gaps of a module are sought only where it has this many events/s: then an empty second is no chance."""
_PLAUSIBLE = (0.3, 0.995)
"""Live fractions of real windows lie between 0.6 and 0.9; a default of 1 was found in files."""

# Mean DEADC of real windows by revolution (2003, 2008, 2019, 2022), for files that lack the keyword.
_REVOLUTIONS = (60.0, 665.0, 2045.0, 2559.0)
_LIVE_FRACTIONS = (0.78, 0.69, 0.67, 0.72)


def good_times(events: Events) -> tuple[NDArray[np.float64], list[str]]:
    """Good time intervals, shape (n, 2) in seconds after the start, without telemetry gaps; and warnings."""
    warnings = []
    whole = events.gti
    if whole is None:
        warnings.append("the event file has no good time intervals; times with events are used")
        whole = np.array([[events.time_s[0], np.nextafter(events.time_s[-1], np.inf)]])
    return without_gaps(whole, events.time_s, events.validation), warnings


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


def live_fraction(events: Events) -> tuple[float, list[str]]:
    """Live fraction of the detector from the DEADC keyword, or the mean of its epoch with a warning."""
    stated = events.live_fraction
    if stated is not None and 0.0 < stated <= 1.0:
        if _PLAUSIBLE[0] <= stated <= _PLAUSIBLE[1]:
            return stated, []
        return stated, [
            f"the event file states a live fraction (DEADC) of {stated:.3f}, which no real window has; fluxes are as "
            "wrong as it is"
        ]
    value = float(np.interp(events.revolution, _REVOLUTIONS, _LIVE_FRACTIONS))
    lacking = "no" if stated is None else "no usable"
    return value, [
        f"the event file states {lacking} dead time (DEADC); the mean live fraction of its epoch, {value:.2f}, is used"
    ]
