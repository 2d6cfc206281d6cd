"""From the sky to the instrument: spacecraft axes, and the mounting of ISGRI on the spacecraft."""

import numpy as np
from numpy.typing import NDArray

from services.isgri.simulator.sky import Pointing

# GNRL-IROT-MOD (inst_misalign_20050328), row ISGRI: instrument vector = matrix . spacecraft vector.
_MOUNTING = np.array(
    [
        [9.9999680e-1, -1.02655e-3, -2.31046e-3],
        [1.02758e-3, 9.9999937e-1, 4.425e-4],
        [2.31001e-3, -4.4487e-4, 9.9999723e-1],
    ]
)


def direction(ra_deg: float, dec_deg: float) -> NDArray[np.float64]:
    """Give the unit vector of a J2000 direction, shape (3,)."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def radec(vector: NDArray[np.float64]) -> tuple[float, float]:
    """J2000 right ascension (0-360) and declination of a vector [deg]."""
    x, y, z = vector / np.linalg.norm(vector)
    return float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arcsin(z)))


def slopes(pointing: Pointing, ra_deg: float, dec_deg: float) -> tuple[float, float] | None:
    """Tangents (y/x, z/x) of a sky direction in instrument axes; None when it is behind the detector plane.

    The spacecraft axes are X (the pointing), Z, and Y = Z x X. The Z axis is made exactly perpendicular to X first:
    headers carry both with limited precision.
    """
    x_axis = direction(pointing.ra_x, pointing.dec_x)
    z_axis = direction(pointing.ra_z, pointing.dec_z)
    z_axis = z_axis - (z_axis @ x_axis) * x_axis
    z_axis /= np.linalg.norm(z_axis)
    axes = np.array([x_axis, np.cross(z_axis, x_axis), z_axis])
    x, y, z = _MOUNTING @ (axes @ direction(ra_deg, dec_deg))
    return (float(y / x), float(z / x)) if x > 0 else None
