"""On-board time, and intervals of a window in its ticks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TICK_S = 2.0**-14
"""Time resolution: 64 units of on-board time of 2**-20 s."""
OBT_PER_TICK = 64

# Anchors of on-board time: headers of 033800280010 and 066500280010 (OBT, IJD).
_OBT_ANCHORS = ((91365195120640, 2028.55023954285), (179930369359872, 3006.12412246426))


@dataclass(frozen=True)
class Interval:
    """A time interval in whole ticks after the start of the window, end excluded."""

    start: int
    stop: int


def on_board_time(ijd: float) -> int:
    """On-board time [2**-20 s] of an IJD, on a boundary of 64 units; linear between two real headers."""
    (obt0, ijd0), (obt1, ijd1) = _OBT_ANCHORS
    obt = obt0 + (obt1 - obt0) * (ijd - ijd0) / (ijd1 - ijd0)
    return int(obt) // OBT_PER_TICK * OBT_PER_TICK


def obt_words(obt: NDArray[np.int64]) -> NDArray[np.signedinteger]:
    """On-board time as four stored words, shape (N, 4): unsigned 16 bit, most significant first, less TZERO 32768."""
    words = obt.astype(">u8").view(">u2").reshape(-1, 4)
    return (words ^ 0x8000).astype(">u2").view(">i2")
