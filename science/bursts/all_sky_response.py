"""How well INTEGRAL's instruments see a burst from any direction, as far as that is published.

There is no public response of SPI-ACS, of the veto of IBIS, or of ISGRI through its walls. GCN circulars tell, for the
direction of an event, its angle to the X axis and each instrument's response as a share of its best. Between these
angles the tables are interpolated. The true responses depend on azimuth as well: left out of its table and interpolated
from the others, an angle of a circular comes out wrong by a third (rms). Nearer to the axis than 55 deg and farther
than 157 deg nothing is published.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from science.bursts.curve import Floats

ANGLES = (55.0, 157.0)
"""To the X axis, between which something is published, deg."""
INTERPOLATION = 0.31
"""Relative error of the response of SPI-ACS between the angles of the circulars, rms."""

# Angle to the X axis [deg] and share of the best response. SPI-ACS: GCN 26351, 25698, 24951, mean of 24571 and 25190,
# S230627c, 26401, 26333, 24629, 33815, 25880, 25815; the others: the same without 25698, 24571 and 25190 apart.
_OTHERS = (55.0, 75.0, 90.0, 91.0, 94.0, 99.0, 118.0, 125.0, 136.0, 139.0, 157.0)
_TABLES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "spi_acs": (
        (55.0, 66.0, 75.0, 90.5, 94.0, 99.0, 118.0, 125.0, 136.0, 139.0, 157.0),
        (0.93, 0.91, 0.97, 0.595, 0.81, 0.40, 0.50, 0.53, 0.35, 0.40, 0.43),
    ),
    "ibis_veto": (_OTHERS, (0.38, 0.36, 0.19, 0.13, 0.28, 0.34, 0.41, 0.36, 0.57, 0.64, 0.62)),
    "isgri": (_OTHERS, (0.24, 0.18, 0.087, 0.053, 0.089, 0.074, 0.022, 0.033, 0.037, 0.034, 0.03)),
}
_WORDS = ((1.5, "near-optimal"), (2.5, "somewhat suppressed"))


def relative_response(instrument: str, angle_deg: ArrayLike) -> Floats:
    """Return the response at angles to the X axis as a share of the best; NaN where nothing is published.

    Args:
        instrument: ``spi_acs``, ``ibis_veto``, or ``isgri`` (for what comes through its walls).
        angle_deg: any shape.
    """
    angles, shares = _TABLES[instrument]
    share = np.interp(np.asarray(angle_deg, dtype=np.float64), angles, shares, left=np.nan, right=np.nan)
    return np.asarray(share, dtype=np.float64)


def worst_response(instrument: str) -> float:
    """Return the smallest share of the table of an instrument."""
    return min(_TABLES[instrument][1])


def orientation(share: float) -> str:
    """Say in the words of the circulars what a share of the best response means."""
    if not np.isfinite(share):
        return "unknown"
    return next((word for limit, word in _WORDS if 1 / share < limit), "strongly suppressed")
