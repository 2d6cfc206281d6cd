"""On-board time: what housekeeping of the spacecraft counts in, and where in it a science window begins."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

OBT_S = 2.0**-20
"""Unit of the on-board time."""


def on_board_units(words: ArrayLike) -> NDArray[np.int64]:
    """Return the on-board time of rows of OB_TIME, shape (n, 4): words of 16 bits, the most significant first."""
    parts = np.asarray(words, np.int64)
    units: NDArray[np.int64] = (parts[:, 0] << 48) + (parts[:, 1] << 32) + (parts[:, 2] << 16) + parts[:, 3]
    return units


def window_start(events: Path) -> tuple[int, float]:
    """Return on-board time and IJD of the start of a science window.

    Args:
        events: an event file of the window, whose header tells both.

    Raises:
        ValueError: it does not.
        OSError: it cannot be read.
    """
    with fits.open(events, memmap=False, lazy_load_hdus=True) as hdus:
        for hdu in hdus[1:]:
            start, ijd = hdu.header.get("OBTSTART"), hdu.header.get("TSTART")
            if isinstance(start, str) and start.strip().isdigit() and isinstance(ijd, (int, float)):
                return int(start), float(ijd)
    raise ValueError(f"{events.name} does not tell the on-board time of its start (OBTSTART)")
