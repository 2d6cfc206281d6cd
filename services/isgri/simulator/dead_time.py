"""The electronics of a module: busy with one event, it misses those that follow.

Each of the eight modules takes one event at a time and needs 114 us for it; what arrives meanwhile is lost and does not
prolong the time (a non-paralysable detector). Photons that a veto or calibration strobe blots out never get this far.
"""

import numpy as np
from numpy.typing import NDArray

from services.isgri.simulator.detector import MODULE_Y, MODULE_Z, PIXELS
from services.isgri.simulator.photons import Events

BUSY_S = 114e-6
"""Time that a module needs for one event."""
MODULES = (PIXELS // MODULE_Z) * (PIXELS // MODULE_Y)


def module_of(isgri_y: NDArray[np.intp], isgri_z: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return each event's module 0-7: two along Y, four along Z."""
    return isgri_z // MODULE_Z * (PIXELS // MODULE_Y) + isgri_y // MODULE_Y


def taken(events: Events) -> Events:
    """Leave the events for which their module was free."""
    module = module_of(events.isgri_y, events.isgri_z)
    kept = np.ones(events.time_s.size, dtype=bool)
    for number in range(MODULES):
        index = np.flatnonzero(module == number)
        index = index[np.argsort(events.time_s[index], kind="stable")]
        kept[index[_missed(events.time_s[index])]] = False
    return events.where(kept)


def free_share(rate: float) -> float:
    """Share of time for which the modules of a detector that takes *rate* events/s are free, their mean."""
    return 1.0 - BUSY_S * rate / MODULES


def _missed(time_s: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which events of one module, in order of time, found it busy."""
    missed = []
    free_at, previous = -np.inf, -2
    for i in (np.flatnonzero(np.diff(time_s) < BUSY_S) + 1).tolist():
        if i != previous + 1:
            free_at = time_s[i - 1] + BUSY_S  # the event before came alone and was taken
        if time_s[i] < free_at:
            missed.append(i)
        else:
            free_at = time_s[i] + BUSY_S
        previous = i
    return np.array(missed, dtype=np.intp)
