"""ISGRI as a coded-mask camera: its numbers and its mask shadows in one object."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera, MapGrid
from services.isgri.analysis import background, mask, pif
from services.isgri.analysis.detector import PITCH_MM, PIXELS, SHAPE
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.mask_defects import installed_transmission, mean_transmission

GRID = MapGrid(detector=SHAPE, samples=mask.SAMPLES, fft=384, step=PITCH_MM / mask.HEIGHT_MM)
"""Maps of 367 x 363 pixels; 384 is at least 234 + 134 - 1, and a product of small primes."""


@dataclass(frozen=True, eq=False)
class IsgriCamera(Camera):
    """The camera of ISGRI, the same in all energy bands.

    ``transmission_map`` is that of each open cell of the mask, shape (95, 95), where it is known; see ``mask_defects``.
    """

    transmission_map: NDArray[np.float64] | None = None

    # Cameras with different maps are different ones to whatever is kept per camera.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def illumination(self, tz: float, ty: float) -> NDArray[np.float64]:
        """PIF of a direction; see ``pif``."""
        clean = pif.pixel_illumination(tz, ty)
        return clean if self.transmission_map is None else clean * mean_transmission(self.transmission_map, tz, ty)

    def illumination_gradient(self, tz: float, ty: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return derivatives of the PIF by tz and by ty; see ``pif``."""
        if self.transmission_map is None:
            return pif.illumination_gradient(tz, ty)
        by_z = self.illumination(tz + pif.STEP, ty) - self.illumination(tz - pif.STEP, ty)
        by_y = self.illumination(tz, ty + pif.STEP) - self.illumination(tz, ty - pif.STEP)
        return by_z / (2 * pif.STEP), by_y / (2 * pif.STEP)

    def coded_fraction(self, tz: NDArray[np.float64], ty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the detector area that sees directions through the mask; see ``pif``."""
        return pif.coded_fraction(tz, ty)

    def sampled_mask(self, phase_z: float, phase_y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the openness of the mask seen by pixels, and the share inside the mask; see ``mask``."""
        return mask.sampled_mask(phase_z, phase_y, self.transmission_map)

    def templates(self) -> tuple[NDArray[np.float64], ...]:
        """Return module levels and a low polynomial; see ``background``."""
        return background.templates()


CAMERA = IsgriCamera(
    instrument=INSTRUMENT,
    grid=GRID,
    pixels=PIXELS,
    lit_pixels=PIXELS,
    resolution=mask.CELL_MM / mask.HEIGHT_MM,
    closest=6.0 * pi / 180.0 / 60.0,
    match_arcmin=2.5,
    period=mask.PERIOD_MM / mask.HEIGHT_MM,
    transmission_map=installed_transmission(),
)
"""Flux of 1 count/s is what the whole detector of 16384 pixels would collect through an open mask."""


def isgri_camera(low_kev: float, high_kev: float) -> Camera:
    """Return the camera of a band: the same for all."""
    del low_kev, high_kev
    return CAMERA
