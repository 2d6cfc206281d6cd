"""The names of both units in their products, and their mounting on the spacecraft."""

from dataclasses import replace
from functools import cache

import numpy as np

from science.coded_mask.camera import Instrument
from services.jemx.analysis.model import model

UNITS = (1, 2)


@cache
def instrument(unit: int) -> Instrument:
    """Return names and mounting of unit 1 or 2."""
    along_y, along_z = model().mounting[unit - 1]
    x = np.array([1.0, along_y, along_z])
    x /= np.linalg.norm(x)
    z = np.array([0.0, 0.0, 1.0]) - x[2] * x
    z /= np.linalg.norm(z)
    rows = np.stack([x, np.cross(z, x), z])
    return Instrument(
        label=f"JEM-X {unit}",
        structure=f"JMX{unit}",
        intensity="RECONSTRUCTED",
        keywords=(("INSTRUME", f"JMX{unit}", "instrument"),),
        mounting=tuple((float(a), float(b), float(c)) for a, b, c in rows),
        catalogue_flag="JEMX_FLAG",
    )


def both_units() -> Instrument:
    """Return the names of a mosaic of both units."""
    first = instrument(1)
    return replace(first, label="JEM-X 1 and 2", keywords=(("INSTRUME", "JMX1,JMX2", "instruments"),))
