"""The ISGRI pixel plane: where each pixel of a shadowgram lies and which module it belongs to.

A shadowgram is an array of shape ``(134, 130)`` indexed ``[DETZ, DETY]``. It holds 128 x 128 pixels in eight
modules of 32 (Z) x 64 (Y) pixels, with two empty rows or columns between modules.
Source: headers of the archive's ISGR-EVTS-ALL tables (TCRPX6 = 64.5, TCRPX7 = 66.5, TCDLT = 4.6 mm).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SHAPE = (134, 130)
"""Rows (DETZ) and columns (DETY) of a shadowgram."""
PITCH_MM = 4.6
"""Distance between pixel centres."""
PIXEL_MM = 4.0
"""Side of the sensitive square of a pixel."""
PIXELS = 128 * 128
"""Number of pixels of the full detector."""
EVENT_DEAD_S = 114e-6
"""Time for which a module is blind after an event."""

_REFERENCE_Z, _REFERENCE_Y = 66.5, 64.5
_MODULE_ROWS, _MODULE_COLUMNS = 34, 66


def z_mm() -> NDArray[np.float64]:
    """Z coordinate of the pixel rows, mm from the detector centre, shape (134,)."""
    return (np.arange(SHAPE[0], dtype=np.float64) - _REFERENCE_Z) * PITCH_MM


def y_mm() -> NDArray[np.float64]:
    """Y coordinate of the pixel columns, mm from the detector centre, shape (130,)."""
    return (np.arange(SHAPE[1], dtype=np.float64) - _REFERENCE_Y) * PITCH_MM


@cache
def module_map() -> NDArray[np.int8]:
    """Return module number 0-7 of each pixel of a shadowgram, -1 in the gaps between modules."""
    row = np.arange(SHAPE[0])
    column = np.arange(SHAPE[1])
    number = (row // _MODULE_ROWS)[:, None] * 2 + (column // _MODULE_COLUMNS)[None, :]
    gap = (row % _MODULE_ROWS >= 32)[:, None] | (column % _MODULE_COLUMNS >= 64)[None, :]
    modules = np.where(gap, -1, number).astype(np.int8)
    modules.setflags(write=False)
    return modules
