"""The JEM-X coded mask as a thin tungsten sheet with hexagonal holes: which photons get through.

22501 cells of 3.3 mm (flat to flat) inside a circle of 535 mm, open where the label of the cell is a biquadratic
residue modulo 22501, a prime: a hexagonal uniformly redundant array, 25 % open. Labels run over the lattice as
l = q + s r with s^2 + s + 1 = 0 modulo 22501, so that a turn by 60 degrees multiplies them by a constant.
"""

import numpy as np
from numpy.typing import NDArray

PRIME = 22501
CELL_MM = 3.3
"""Width of a cell from flat to flat, the distance of neighbours."""
DIAMETER_MM = 535.0
HEIGHT_MM = 3401.0
"""Distance from the detector window to the mask."""
THICKNESS_MM = 0.5

_SQRT3 = np.sqrt(3.0)


def open_labels() -> NDArray[np.bool_]:
    """Whether the cell of each label 0..22500 is open: fourth powers modulo the prime, without zero."""
    labels = np.zeros(PRIME, dtype=bool)
    numbers = np.arange(1, PRIME, dtype=np.int64)
    square = numbers * numbers % PRIME
    labels[square * square % PRIME] = True
    return labels


def turn() -> int:
    """Find the smaller root s of s^2 + s + 1 = 0 modulo the prime."""
    numbers = np.arange(PRIME, dtype=np.int64)
    return int(np.flatnonzero((numbers * numbers + numbers + 1) % PRIME == 0)[0])


def passes(y_mm: NDArray[np.float64], z_mm: NDArray[np.float64], slope_y: float, slope_z: float) -> NDArray[np.bool_]:
    """Whether parallel photons reach points of the detector through the mask.

    A photon passes where the hole is open at the lower and at the upper face; its shift across the sheet, below
    0.07 mm, is too short for a third cell.

    Args:
        y_mm: points of impact on the detector plane, instrument axis Y [mm].
        z_mm: the same along Z [mm].
        slope_y: tangent of the source direction along Y, shift per height.
        slope_z: the same along Z.
    """
    through = np.ones(y_mm.size, dtype=bool)
    for height in (HEIGHT_MM - THICKNESS_MM / 2.0, HEIGHT_MM + THICKNESS_MM / 2.0):
        y, z = y_mm + height * slope_y, z_mm + height * slope_z
        through &= _hole(y, z) & (np.hypot(y, z) < DIAMETER_MM / 2.0)
    return through


def _hole(y_mm: NDArray[np.float64], z_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points of the mask plane lie in open cells; cells have neighbours at 0, 60 and 120 degrees from Y."""
    r = z_mm / (CELL_MM * _SQRT3 / 2.0)
    q = y_mm / CELL_MM - r / 2.0
    # The nearest lattice point by rounding of the three cube coordinates, the worst of which follows from the others.
    whole = [np.round(v).astype(np.int64) for v in (q, r, -q - r)]
    error = [np.abs(w - v) for w, v in zip(whole, (q, r, -q - r), strict=True)]
    fix_q = (error[0] > error[1]) & (error[0] > error[2])
    fix_r = ~fix_q & (error[1] > error[2])
    cell_q = np.where(fix_q, -whole[1] - whole[2], whole[0])
    cell_r = np.where(fix_r, -whole[0] - whole[2], whole[1])
    hole: NDArray[np.bool_] = open_labels()[(cell_q + turn() * cell_r) % PRIME]
    return hole
