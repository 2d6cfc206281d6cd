"""From the sky to the instrument: the mounting of ISGRI on the spacecraft."""

import numpy as np

from mesh.testing.archive.pointing import Pointing, direction

# GNRL-IROT-MOD (inst_misalign_20050328), row ISGRI: instrument vector = matrix . spacecraft vector.
_MOUNTING = np.array(
    [
        [9.9999680e-1, -1.02655e-3, -2.31046e-3],
        [1.02758e-3, 9.9999937e-1, 4.425e-4],
        [2.31001e-3, -4.4487e-4, 9.9999723e-1],
    ]
)


def slopes(pointing: Pointing, ra_deg: float, dec_deg: float) -> tuple[float, float] | None:
    """Tangents (y/x, z/x) of a sky direction in instrument axes; None when it is behind the detector plane."""
    x, y, z = _MOUNTING @ (pointing.axes() @ direction(ra_deg, dec_deg))
    return (float(y / x), float(z / x)) if x > 0 else None
