"""Tables of dead time in the layout of the archive's housekeeping."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.testing.archive.on_board_time import on_board_time

_UNITS_A_S = 2**20


def write_dead_time(
    path: Path, start_ijd: float, middle_s: NDArray[np.float64], dead: Mapping[int, NDArray[np.float64] | float]
) -> Path:
    """Write ISGR-DEAD-SCP.

    Args:
        path: file to write.
        start_ijd: start of the window.
        middle_s: middles of the rows, seconds after the start.
        dead: number of II_DEADTIME_n -> share of the time that is dead; 0.28 in those that are not given.
    """
    units = np.round(middle_s * _UNITS_A_S).astype(np.int64) + on_board_time(start_ijd)
    words = np.stack([(units >> shift) & 0xFFFF for shift in (48, 32, 16, 0)], axis=-1).astype(np.uint16)
    columns = [fits.Column("OB_TIME", "4I", bzero=32768, array=words)]
    for number in range(8):
        columns.append(
            fits.Column(f"II_DEADTIME_{number}", "1E", array=np.broadcast_to(dead.get(number, 0.28), middle_s.shape))
        )
    fits.BinTableHDU.from_columns(columns, name="ISGR-DEAD-SCP").writeto(path)
    return path
