"""The compiled loop of the search: the best width of a box at every place."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from science.bursts.curve import Floats

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
    least, lowest = np.float32(1e-3 * mean + 1e-6), np.float32(-1e30)
    for block in range(0, n_bins, _BLOCK):
        reach = min(edges, block + _BLOCK + longest) - block
        sums = np.zeros(_BLOCK + longest, dtype=np.float32)
        before = np.zeros(_BLOCK + longest, dtype=np.float32)
        after = np.zeros(_BLOCK + longest, dtype=np.float32)
        for k in range(reach):
            sums[k] = counts[block + k] - counts[block] - mean * k
            before[k] = 0.5 * left[block + k] - half
            after[k] = 0.5 * right[block + k] - half
        for place in range(0, widths.size, 2):
            # Two widths a pass halve the traffic; an odd last one is its own partner.
            first, second = widths[place], widths[min(place + 1, widths.size - 1)]
            w1, scale1, chosen1 = np.float32(first), weight[place], np.int32(first)
            w2, scale2, chosen2 = np.float32(second), weight[min(place + 1, widths.size - 1)], np.int32(second)
            # Boxes that would end beyond the sums are cut off by `run`, which counts live bins to the last edge.
            size = min(_BLOCK, edges - block - first)
            if size <= 0:
                break
            square, chosen_width = best[block : block + size], best_width[block : block + size]
            sums1, after1 = sums[first : first + size], after[first : first + size]
            sums2, after2 = sums[second : second + size], after[second : second + size]
            live = run[block : block + size]
            for i in range(size):
                off1, off2 = before[i] + after1[i], before[i] + after2[i]
                x1, x2 = sums1[i] - sums[i] - off1 * w1, sums2[i] - sums[i] - off2 * w2
                q1 = x1 * abs(x1) * scale1 / max(off1 + level, least)
                q2 = x2 * abs(x2) * scale2 / max(off2 + level, least)
                q1 = q1 if live[i] >= chosen1 else lowest
                q2 = q2 if live[i] >= chosen2 else lowest
                q = max(q1, q2)
                chosen = chosen2 if q2 > q1 else chosen1
                better = q > square[i]
                square[i] = q if better else square[i]
                chosen_width[i] = chosen if better else chosen_width[i]
    return best, best_width
