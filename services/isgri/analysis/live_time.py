"""Good time intervals, telemetry gaps and dead time of a science window."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.good_time import subtracted, without_gaps
from services.isgri.analysis.dead_time import MODULES, ModuleTimes, busy_modules
from services.isgri.analysis.detector import module_map
from services.isgri.analysis.events import Events
from services.isgri.analysis.strobes import Strobes, read_strobes

_GAP_BIN_S = 1.0
_LEAST_RATE = 20.0
"""Gaps of a module are sought only where it has this many events/s: then an empty second is no chance."""
_PLAUSIBLE = (0.3, 0.995)
"""Live fractions of real windows lie between 0.6 and 0.9; a default of 1 was found in files."""
_MOSTLY = 0.9
"""Share of a window that housekeeping should tell of."""
_LIKE = 0.02
"""Two live fractions that differ by more are not the same."""

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

    A module has the good time of the detector without its own gaps; one that sent no event has none. Strobes are those
    of the housekeeping, where there is one.

    Args:
        events: the window's events.
        gti: good time intervals of the detector.
        fraction: live fraction of the detector, for windows without housekeeping.
    """
    inside_gti, total, gaps = busy_modules(events, gti, _GAP_BIN_S)
    span = float(events.time_s[-1] - events.time_s[0])
    seen = total >= _LEAST_RATE * max(span, _GAP_BIN_S)  # of others an empty second says nothing
    good = [
        subtracted(gti, gaps[module]) if seen[module] else gti if total[module] > 0.0 else np.empty((0, 2))
        for module in range(MODULES)
    ]
    return ModuleTimes(good, inside_gti, fraction, None if events.strobes is None else _left(events.strobes, good))


def _left(strobes: Strobes, good: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the share of its good time that strobes leave each module, shape (8,); 0 for one that was off."""
    return np.array([float(strobes.mean(spans)[module]) if spans.size else 0.0 for module, spans in enumerate(good)])


def with_strobes(events: Events, housekeeping: Path | None, path: Path) -> tuple[Events, list[str]]:
    """Return a window with what housekeeping says of its dead time, and warnings.

    Args:
        events: of the window.
        housekeeping: its ISGR-DEAD-SCP table, if the archive has it.
        path: its event file.
    """
    if housekeeping is None:
        return events, []
    module = module_map()[events.row, events.column]
    try:
        return replace(events, strobes=read_strobes(housekeeping, path, events.time_s, module)), []
    except BadInput as error:
        return events, [f"{error.text}; the live fraction that the event file states (DEADC) is used"]


def strobe_warnings(events: Events, gti: NDArray[np.float64], modules: ModuleTimes) -> list[str]:
    """Return what the caller should know of a dead time from housekeeping."""
    if events.strobes is None:
        return []
    told = []
    if (covered := events.strobes.covers(gti)) < _MOSTLY:
        told.append(
            f"the housekeeping tells the dead time of {covered:.0%} of this window only; elsewhere that of the nearest "
            "time is taken"
        )
    stated = events.live_fraction
    if stated is not None and abs(modules.live_fraction / stated - 1.0) > _LIKE:
        told.append(
            f"the event file states a live fraction (DEADC) of {stated:.3f}, the housekeeping of this window "
            f"{modules.live_fraction:.3f}; that of the housekeeping is used"
        )
    return told


def live_fraction(events: Events) -> tuple[float, list[str]]:
    """Live fraction of the detector from the DEADC keyword, or the mean of its epoch with a warning.

    Of a window whose housekeeping is known it does not count, so that nothing is said of it.
    """
    stated = events.live_fraction
    if events.strobes is not None:
        return stated or 0.0, []
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
