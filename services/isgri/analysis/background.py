"""Background templates of a shadowgram.

The background is flat within a few per cent from module to module and varies slowly over the plane. Eight module
levels and the terms z, y, z^2, y^2, zy are fitted to each shadowgram together with the sources; they take up the
errors of a flat map (a 3 % tilt and 3 % module gains raise the residual scatter by 10 % without them).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.isgri.analysis.detector import module_map, y_mm, z_mm


@cache
def templates() -> tuple[NDArray[np.float64], ...]:
    """Return the 13 templates, detector shape: eight module levels, five polynomial terms in half widths."""
    modules = module_map()
    z, y = z_mm(), y_mm()
    inside = (modules >= 0).astype(float)
    u = (z / np.max(np.abs(z)))[:, None] * inside
    v = (y / np.max(np.abs(y)))[None, :] * inside
    levels = [(modules == m).astype(float) for m in range(8)]
    return (*levels, u, v, u * u - inside / 3, v * v - inside / 3, u * v)
