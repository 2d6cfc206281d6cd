"""Channels of spectra: all 256 PI channels, and the 16 standard ones that join them.

Channel numbers of spectra start at 1, as in products of the standard software: PI n is channel n + 1.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.jemx.analysis.model import model

FIRST_CHANNEL = 1
_STANDARD_KEV = (
    *(3.04, 3.52, 4.08, 4.80, 5.52, 6.48, 7.52, 8.82, 10.24, 12.00),
    *(13.92, 16.34, 18.94, 22.06, 25.88, 30.20, 34.88),
)
"""Edges of the standard grid (EBOUNDS of its responses)."""


@cache
def edges_kev() -> NDArray[np.float64]:
    """Return the 257 edges of the PI channels."""
    edges = model().channel_edges_kev()
    edges.setflags(write=False)
    return edges


@cache
def standard_edges() -> NDArray[np.int64]:
    """Return the PI channels at which the 16 standard channels begin, and the one after the last, shape (17,).

    A standard channel begins with the PI channel whose lower edge is nearest.
    """
    found: NDArray[np.int64] = np.abs(edges_kev()[None, :] - np.array(_STANDARD_KEV)[:, None]).argmin(axis=1)
    found.setflags(write=False)
    return found


def standard_edges_kev() -> NDArray[np.float64]:
    """Return the 17 edges of the standard channels, as the PI channels have them."""
    return edges_kev()[standard_edges()]


def joined(values: NDArray[np.float64], *, squares: bool = False) -> NDArray[np.float64]:
    """Sum rates of the 256 channels (last axis) to the 16 standard ones; errors with ``squares``."""
    edges = standard_edges()
    total = np.add.reduceat(values**2 if squares else values, edges[:-1], axis=-1)
    total[..., -1] = (values**2 if squares else values)[..., edges[-2] : edges[-1]].sum(axis=-1)
    return np.sqrt(total) if squares else total
