"""The 256 energy channels of ISGRI spectra (EBOUNDS of the responses of the standard software, version 11).

Channels are numbered from 0. Their width grows by half a keV from block to block of 18 or 19 channels.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

FIRST_CHANNEL = 0
CHANNELS = 256

_LOWEST_KEV = 12.5
_STEP_KEV = 0.5
_BLOCKS = (9, 18, 19, 18, 19, 18, 19, 18, 19, 18, 19, 18, 19, 18, 7)
"""Channels of each width: 9 of 0.5 keV from 12.5 keV, 18 of 1 keV from 17 keV, and so on to 7 of 7.5 keV."""


@cache
def edges_kev() -> NDArray[np.float64]:
    """Return the 257 edges: 12.5 to 1029.5 keV."""
    widths = np.repeat(_STEP_KEV * np.arange(1, len(_BLOCKS) + 1), _BLOCKS)
    edges = _LOWEST_KEV + np.concatenate([[0.0], np.cumsum(widths)])
    edges.setflags(write=False)
    return edges
