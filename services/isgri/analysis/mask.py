"""The IBIS coded mask: its open and closed cells, and how open it looks from the pixel grid.

The pattern is a modified uniformly redundant array of order 53 (Gottesman & Fenimore 1989, Appl. Opt. 28, 4344),
repeated cyclically to 95 x 95 cells. The flown mask differs in one cell: the central one is open.
"""

from functools import cache
from math import radians, tan

import numpy as np
from numpy.typing import NDArray

from services.isgri.analysis.detector import PITCH_MM, PIXEL_MM

ORDER = 53
"""Period of the pattern, cells."""
CELLS = 95
"""Cells along a side of the mask."""
CELL_MM = 11.2
"""Side of a cell."""
HALF_MM = CELLS * CELL_MM / 2
"""Half the side of the mask."""
THICKNESS_MM = 16.0
"""Thickness of the tungsten cells."""
SKY_PIXEL_DEG = 0.0822862539
"""Angle of one pixel pitch at the mask distance (the CDELT of OSA's sky images)."""
HEIGHT_MM = PITCH_MM / tan(radians(SKY_PIXEL_DEG))
"""Distance from the detector plane to the middle of the mask: 3202.97 mm."""
PERIOD_MM = ORDER * CELL_MM
"""Shift after which the pattern repeats: the origin of ghosts 10.5 degrees from a source."""

SAMPLES = 234
"""Mask samples along a side on the pixel pitch. Even, like the detector, so that the on-axis shift is whole."""


@cache
def mask_cells() -> NDArray[np.uint8]:
    """Return the mask as an array ``[Z, Y]`` of shape (95, 95), 1 where a cell is open."""
    residue = np.full(ORDER, -1)
    residue[np.arange(1, ORDER) ** 2 % ORDER] = 1
    pattern = (np.outer(residue, residue) == 1).astype(np.uint8)
    pattern[:, 0] = 1
    pattern[0, :] = 0
    centre = CELLS // 2
    cells = np.roll(np.tile(pattern, (2, 2)), (centre, centre), axis=(0, 1))[:CELLS, :CELLS].copy()
    cells[centre, centre] = 1
    cells.setflags(write=False)
    return cells


def _overlap(phase: float) -> NDArray[np.float64]:
    """Share of each mask cell in each sample, shape (samples, cells); rows inside the mask sum to one."""
    centre = (np.arange(SAMPLES) - (SAMPLES - 1) / 2 + phase) * PITCH_MM
    edge = np.arange(CELLS + 1) * CELL_MM - HALF_MM
    low = np.maximum(centre[:, None] - PIXEL_MM / 2, edge[None, :-1])
    high = np.minimum(centre[:, None] + PIXEL_MM / 2, edge[None, 1:])
    share: NDArray[np.float64] = np.maximum(high - low, 0.0) / PIXEL_MM
    return share


def sampled_mask(
    phase_z: float, phase_y: float, transmission: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean openness of the mask over pixel-sized squares on the pixel pitch, and the share inside the mask.

    ``phase_z`` and ``phase_y`` shift the samples by a part of the pitch. Both arrays have shape (234, 234).
    ``transmission`` is that of each open cell, shape (95, 95), where it is known.
    """
    z, y = _overlap(phase_z), _overlap(phase_y)
    cells = mask_cells() if transmission is None else mask_cells() * transmission
    return z @ cells @ y.T, np.outer(z.sum(axis=1), y.sum(axis=1))
