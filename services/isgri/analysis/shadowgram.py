"""From events to shadowgrams: the counts per pixel of every band in one pass."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.compiled import compiled
from services.isgri.analysis.detector import SHAPE
from services.isgri.analysis.events import Events


@compiled
def _bin_events(  # noqa: PLR0917
    energy: NDArray[np.float32],
    row: NDArray[np.uint8],
    column: NDArray[np.uint8],
    used: NDArray[np.bool_],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Add each used event to the shadowgram of every band [low, high) that holds its energy."""
    for i in range(energy.size):
        if not used[i]:
            continue
        for band in range(low.size):
            if low[band] <= energy[i] < high[band]:
                counts[band, row[i], column[i]] += 1.0


def shadowgrams(events: Events, used: NDArray[np.bool_], bands: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return counts per pixel of each band, shape (bands, 134, 130).

    Args:
        events: the window's events.
        used: which events to count.
        bands: [low, high) in keV; they may overlap.
    """
    low, high = np.array(bands, float).reshape(-1, 2).T
    counts = np.zeros((len(low), *SHAPE))
    _bin_events(
        events.energy_kev,
        events.row,
        events.column,
        used,
        np.ascontiguousarray(low),
        np.ascontiguousarray(high),
        counts,
    )
    return counts
