"""The JEM-X detector plane: 252 x 252 pixels of 1 mm, of which those inside the round window count.

A shadowgram is indexed ``[Z, Y]``: rows follow DETY, columns DETX (as `data/model.toml` says).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.jemx.analysis.model import model

SHAPE = (252, 252)
PIXEL_MM = 1.0


def centres_mm() -> NDArray[np.float64]:
    """Coordinate of the pixel rows, and of the columns, mm from the detector centre, shape (252,)."""
    return (np.arange(SHAPE[0], dtype=np.float64) - (SHAPE[0] - 1) / 2.0) * PIXEL_MM


@cache
def window() -> NDArray[np.bool_]:
    """Pixels that lie wholly inside the window."""
    far = np.abs(centres_mm()) + PIXEL_MM / 2.0
    inside: NDArray[np.bool_] = far[:, None] ** 2 + far[None, :] ** 2 <= model().radius_mm ** 2
    inside.setflags(write=False)
    return inside


def area_pixels() -> float:
    """Area of the window in pixels, those cut by its rim counted in part."""
    return float(np.pi * model().radius_mm ** 2 / PIXEL_MM**2)
