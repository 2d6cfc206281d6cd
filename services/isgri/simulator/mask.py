"""The IBIS coded mask as solid tungsten: which cells are open, and which photons get through.

Pattern: MURA of order 53 (Gottesman & Fenimore 1989), repeated cyclically to 95 x 95 cells of 11.2 mm (Goldwurm et al.
2003, A&A 411, L223); element (0, 0) lies at the centre cell, which itself is open.
"""

import numpy as np
from numpy.typing import NDArray

CELLS = 95
CELL_MM = 11.2
THICKNESS_MM = 16.0
HEIGHT_MM = 3202.97
"""Distance from the CdTe surface to the middle of the mask: 4.6 mm / tan(0.0822862539 deg), OSA's sky pixel."""

_ORDER = 53
_HALF_MM = CELLS * CELL_MM / 2.0


def open_cells() -> NDArray[np.bool_]:
    """Open cells, shape (95, 95), index [Z, Y]."""
    residues = {i * i % _ORDER for i in range(1, _ORDER)}
    pattern = np.zeros((_ORDER, _ORDER), dtype=bool)
    for row in range(1, _ORDER):
        pattern[row, 0] = True
        for column in range(1, _ORDER):
            pattern[row, column] = (row in residues) == (column in residues)
    centre = CELLS // 2
    index = (np.arange(CELLS) - centre) % _ORDER
    cells: NDArray[np.bool_] = pattern[np.ix_(index, index)]
    cells[centre, centre] = True
    return cells


def passes(y_mm: NDArray[np.float64], z_mm: NDArray[np.float64], slope_y: float, slope_z: float) -> NDArray[np.bool_]:
    """Whether parallel photons reach the detector, traced exactly through the thick mask.

    A photon is absorbed when any part of its way through the slab lies in a closed cell or beside the mask. Its shift
    across the slab is below one cell for all directions that can reach the detector through the mask, so its way is at
    most three cells: entry, exit, and the one between them when it changes row and column.

    Args:
        y_mm: points of impact on the detector plane, instrument axis Y [mm].
        z_mm: the same along Z [mm].
        slope_y: tangent of the source direction along Y, shift per height.
        slope_z: the same along Z.

    Raises:
        ValueError: the shift across the slab exceeds one cell.
    """
    if max(abs(slope_y), abs(slope_z)) * THICKNESS_MM >= CELL_MM:
        raise ValueError("the source is too far off axis for photons to reach the detector through the mask")
    cells = np.zeros((CELLS + 2, CELLS + 2), dtype=bool)  # a closed rim stands for everything beside the mask
    cells[1:-1, 1:-1] = open_cells()
    bottom, top = HEIGHT_MM - THICKNESS_MM / 2.0, HEIGHT_MM + THICKNESS_MM / 2.0
    columns = [_cell(y_mm + height * slope_y) for height in (bottom, top)]
    rows = [_cell(z_mm + height * slope_z) for height in (bottom, top)]
    through = cells[rows[0], columns[0]] & cells[rows[1], columns[1]]
    # The wall that the ray meets first, of its next column or of its next row, decides the cell between.
    corner = through & (rows[0] != rows[1]) & (columns[0] != columns[1])
    if corner.any():
        y, z = y_mm[corner], z_mm[corner]
        column = [c[corner] for c in columns]
        row = [r[corner] for r in rows]
        height_y = (_wall(column[0], column[1]) - y) / slope_y
        height_z = (_wall(row[0], row[1]) - z) / slope_z
        column_first = height_y < height_z
        through[corner] = cells[np.where(column_first, row[0], row[1]), np.where(column_first, column[1], column[0])]
    return through


def defective_cells(rng: np.random.Generator, *, share: float = 0.02, opacity: float = 0.30) -> NDArray[np.float64]:
    """Transmission of each cell of a mask with screws and glue in some of its holes, shape (95, 95), 0 to 1.

    Args:
        rng: draws the cells.
        share: of the open cells that are dirty.
        opacity: of those.
    """
    cells = open_cells()
    dirty = cells & (rng.random(cells.shape) < share)
    return np.where(dirty, 1.0 - opacity, 1.0) * cells


def defect_transmission(
    transmission: NDArray[np.float64],
    y_mm: NDArray[np.float64],
    z_mm: NDArray[np.float64],
    slope_y: float,
    slope_z: float,
) -> NDArray[np.float64]:
    """Chance of photons that pass an ideal mask to pass the dirt in it, in the cell where they cross its middle.

    Args:
        transmission: of each cell, shape (95, 95).
        y_mm: as in ``passes``.
        z_mm: as in ``passes``.
        slope_y: as in ``passes``.
        slope_z: as in ``passes``.
    """
    chance: NDArray[np.float64] = np.pad(transmission, 1)[
        _cell(z_mm + HEIGHT_MM * slope_z), _cell(y_mm + HEIGHT_MM * slope_y)
    ]
    return chance


def _cell(position_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    """Cell number of a position in the mask, counted with the rim."""
    cell = np.floor((position_mm + _HALF_MM) / CELL_MM) + 1.0
    return np.clip(cell, 0, CELLS + 1).astype(np.intp)


def _wall(cell: NDArray[np.intp], next_cell: NDArray[np.intp]) -> NDArray[np.float64]:
    """Position of the wall between two neighbouring cells [mm]."""
    return (np.maximum(cell, next_cell) - 1) * CELL_MM - _HALF_MM
