"""How the two units are mounted on the spacecraft: small turns away from its axes, their detectors along Y and Z."""

import numpy as np

from mesh.testing.archive.pointing import Pointing, direction

# Where the optical axis of each unit points in spacecraft axes, as angles along Y and Z [rad] (alignment file).
_AXES = {1: (-1.042e-3, -2.184e-3), 2: (-8.36e-4, -2.179e-3)}


def slopes(unit: int, pointing: Pointing, ra_deg: float, dec_deg: float) -> tuple[float, float] | None:
    """Tangents (y/x, z/x) of a sky direction in the axes of a unit; None behind the detector plane."""
    along_y, along_z = _AXES[unit]
    x_axis = np.array([1.0, along_y, along_z])
    x_axis /= np.linalg.norm(x_axis)
    z_axis = np.array([0.0, 0.0, 1.0]) - x_axis[2] * x_axis
    z_axis /= np.linalg.norm(z_axis)
    mounted = np.array([x_axis, np.cross(z_axis, x_axis), z_axis])
    x, y, z = mounted @ (pointing.axes() @ direction(ra_deg, dec_deg))
    return (float(y / x), float(z / x)) if x > 0 else None
