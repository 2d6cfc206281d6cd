"""Background templates of a shadowgram: a level, and a low polynomial that takes up its slow variation."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.jemx.analysis.detector import centres_mm, window


@cache
def templates() -> tuple[NDArray[np.float64], ...]:
    """Return six templates, detector shape: level, two slopes, three terms of second order, in half widths."""
    inside = window().astype(float)
    place = centres_mm() / np.max(np.abs(centres_mm()))
    u, v = place[:, None] * inside, place[None, :] * inside
    return (inside, u, v, u * u - inside / 4, v * v - inside / 4, u * v)
