"""Events that stand in a file twice, as where two files of one window were joined."""

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.compiled import compiled

_MOST_AT_ONCE = 64
"""Events of one time that are compared; a detector takes a few in a tick."""


@compiled
def _repeated(
    time_s: NDArray[np.float64], first: NDArray[np.int64], second: NDArray[np.int64], twice: NDArray[np.bool_]
) -> None:
    for i in range(time_s.size):
        j = i + 1
        while j < min(time_s.size, i + _MOST_AT_ONCE) and time_s[j] == time_s[i]:
            if first[j] == first[i] and second[j] == second[i]:
                twice[j] = True
            j += 1


def doubled_events(
    time_s: NDArray[np.float64],
    row: NDArray[np.integer],
    column: NDArray[np.integer],
    energy_kev: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Return which events repeat an earlier one: same time, place and energy. No pixel counts twice within a tick.

    Args:
        time_s: ascending.
        row: place on the detector along Z, any numbers.
        column: along Y.
        energy_kev: energy, or channel.
    """
    twice = np.zeros(time_s.size, bool)
    place = (row.astype(np.int64) << 32) ^ column.astype(np.int64)
    _repeated(time_s, place, energy_kev.astype(np.float32).view(np.int32).astype(np.int64), twice)
    return twice
