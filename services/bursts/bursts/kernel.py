"""The compiled loop of the search: the best width of a box at every place."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bursts.curve import Floats

Floats32 = NDArray[np.float32]
_BLOCK = 4096


@njit(cache=True, fastmath=True, nogil=True)
def best_boxes(  # noqa: PLR0917 - compiled functions take places, no names
    counts: Floats,
    run: NDArray[np.int32],
    left: Floats,
    right: Floats,
    mean: float,
    widths: NDArray[np.int64],
    weight: Floats32,
) -> tuple[Floats32, NDArray[np.int32]]:
    """Return the highest signed square of the scores of the boxes that begin at each bin, and the width it belongs to.

    The square saves the root: q = x |x| weight / b with the excess x and the background b of a box. Sums are taken
    relative to the mean and to the block they lie in, so that single precision holds them.

    Args:
        counts: before each of the n + 1 bin edges.
        run: live bins in a row from each edge on.
        left: background before each edge, counts per bin; huge where there is none.
        right: background after each edge.
        mean: counts per bin of the whole curve.
        widths: bins, ascending.
        weight: 1 / (noise ratio^2 w (1 + w / 2h)), one per width.
    """
    edges = counts.size
    n_bins = edges - 1
    longest = widths[-1]
    best = np.full(n_bins, np.float32(-1e30), dtype=np.float32)
    best_width = np.zeros(n_bins, dtype=np.int32)
    level, half = np.float32(mean), 0.5 * mean
    least = np.float32(1e-3 * mean + 1e-6)
    for block in range(0, n_bins, _BLOCK):
        reach = min(edges, block + _BLOCK + longest) - block
        sums = np.empty(reach, dtype=np.float32)
        before = np.empty(reach, dtype=np.float32)
        after = np.empty(reach, dtype=np.float32)
        for k in range(reach):
            sums[k] = counts[block + k] - counts[block] - mean * k
            before[k] = 0.5 * left[block + k] - half
            after[k] = 0.5 * right[block + k] - half
        for place in range(widths.size):
            width = widths[place]
            w, scale, chosen = np.float32(width), weight[place], np.int32(width)
            size = min(_BLOCK, reach - width)
            if size <= 0:
                continue
            square, chosen_width = best[block : block + size], best_width[block : block + size]
            sums_end, after_end = sums[width : width + size], after[width : width + size]
            live = run[block : block + size]
            for i in range(size):
                off = before[i] + after_end[i]
                x = sums_end[i] - sums[i] - off * w
                q = x * abs(x) * scale / max(off + level, least)
                better = (q > square[i]) & (live[i] >= chosen)
                square[i] = q if better else square[i]
                chosen_width[i] = chosen if better else chosen_width[i]
    return best, best_width
