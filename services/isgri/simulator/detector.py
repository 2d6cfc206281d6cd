"""The ISGRI detector plane: 128 x 128 CdTe pixels in eight modules, with dead and noisy pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PIXELS = 128
PITCH_MM = 4.6
SENSITIVE_MM = 4.0
COLUMNS, ROWS = 130, 134
"""Detector image: DETY 0-129 and DETZ 0-133, two empty pixels between modules."""
MODULE_Y, MODULE_Z = 64, 32
CENTRE_Y, CENTRE_Z = 64.5, 66.5

_DEAD, _NOISY = 0.057, 0.032  # pixels of 255900280010 without any event, and with flagged events only
_HOT = 3.0


@dataclass(frozen=True)
class DetectorState:
    """Condition of the 16384 pixels; arrays of shape (128, 128), index [ISGRI_Z, ISGRI_Y].

    Args:
        dead: pixels that never report.
        noisy: pixels whose events all carry SELECT_FLAG = 1.
        background: relative background level of each pixel, mean about 1.
    """

    dead: NDArray[np.bool_]
    noisy: NDArray[np.bool_]
    background: NDArray[np.float64]


def draw_state(
    rng: np.random.Generator,
    *,
    dead_fraction: float = _DEAD,
    noisy_fraction: float = _NOISY,
    hot_pixels: int = 6,
    module_spread: float = 0.04,
    pixel_spread: float = 0.0,
) -> DetectorState:
    """Draw the condition of the detector.

    Args:
        rng: source of random numbers.
        dead_fraction: of all pixels.
        noisy_fraction: of all pixels; with the dead ones 8.9 % give no good event, as in 2022.
        hot_pixels: pixels of three times the background that nobody flagged.
        module_spread: modules differ in background by +- this fraction (uniform distribution).
        pixel_spread: rms of a further log-normal scatter from pixel to pixel.
    """
    lottery = rng.random((PIXELS, PIXELS))
    dead = lottery < dead_fraction
    noisy = (lottery >= dead_fraction) & (lottery < dead_fraction + noisy_fraction)
    modules = 1.0 + rng.uniform(-module_spread, module_spread, (PIXELS // MODULE_Z, PIXELS // MODULE_Y))
    level = np.asarray(np.kron(modules, np.ones((MODULE_Z, MODULE_Y))), dtype=np.float64)
    if pixel_spread > 0:
        level = level * np.exp(rng.normal(-(pixel_spread**2) / 2, pixel_spread, level.shape))
    level.flat[rng.choice(np.flatnonzero(~(dead | noisy)), hot_pixels, replace=False)] *= _HOT
    return DetectorState(dead=dead, noisy=noisy, background=level)


def struck_pixels(
    y_mm: NDArray[np.float64], z_mm: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Pixel under each point of the detector plane.

    Returns:
        ISGRI_Y, ISGRI_Z (0-127; undefined where nothing sensitive is hit) and whether sensitive CdTe is hit.
    """
    isgri_y, sensitive_y = _struck(y_mm, CENTRE_Y, COLUMNS, MODULE_Y)
    isgri_z, sensitive_z = _struck(z_mm, CENTRE_Z, ROWS, MODULE_Z)
    return isgri_y, isgri_z, sensitive_y & sensitive_z


def _struck(
    position_mm: NDArray[np.float64], centre: float, length: int, module: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Pixel number along one axis, and whether its sensitive part is hit."""
    place = position_mm / PITCH_MM + centre
    image_pixel = np.floor(place + 0.5)
    inside = np.abs(place - image_pixel) * PITCH_MM <= SENSITIVE_MM / 2.0
    image_pixel = image_pixel.astype(np.intp)
    module_number, in_module = np.divmod(image_pixel, module + 2)  # each module is followed by a gap of two
    sensitive = inside & (image_pixel >= 0) & (image_pixel < length) & (in_module < module)
    return module_number * module + in_module, sensitive


def image_pixels(isgri: NDArray[np.intp], module: int) -> NDArray[np.intp]:
    """DETY (module = 64) or DETZ (module = 32) of pixel numbers 0-127: the gaps of two pixels counted in."""
    return isgri + 2 * (isgri // module)
