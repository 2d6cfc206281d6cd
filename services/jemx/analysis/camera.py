"""JEM-X as a coded-mask camera: one for each unit and position resolution."""

from dataclasses import dataclass
from functools import lru_cache
from math import pi, radians, tan

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera, MapGrid
from science.coded_mask.compiled import compiled
from services.jemx.analysis import background, mask
from services.jemx.analysis.detector import PIXEL_MM, SHAPE, area_pixels, centres_mm, window
from services.jemx.analysis.instrument import instrument
from services.jemx.analysis.model import model

OPEN_SHARE = 0.25
_STEP = 0.125 / 3401.0
"""Half step of the derivative: half a sample of the rendered mask."""
_PATTERN_MM = 5.0
_FWHM_PER_SIGMA = np.sqrt(8.0 * np.log(2.0))
_CRAB_INDEX = 2.1


def grid() -> MapGrid:
    """Pixels of sky maps: 787 x 787 of 1.01 arcmin."""
    return MapGrid(SHAPE, mask.SAMPLES, mask.detector_samples(), PIXEL_MM / model().height_mm)


@compiled
def _sample(
    image: NDArray[np.int16], places: NDArray[np.float64], shift_z: float, shift_y: float, inverse_sample: float
) -> NDArray[np.float64]:
    """Bilinear samples of the rendered mask at all pixels, moved by a shift (mm); zero outside the picture."""
    n, side = places.size, image.shape[0]
    out = np.zeros((n, n))
    middle = (side - 1) / 2.0
    for i in range(n):
        z = (places[i] + shift_z) * inverse_sample + middle
        row = int(np.floor(z))
        if row < 0 or row >= side - 1:
            continue
        b = z - row
        for j in range(n):
            y = (places[j] + shift_y) * inverse_sample + middle
            column = int(np.floor(y))
            if column < 0 or column >= side - 1:
                continue
            a = y - column
            upper = image[row, column] * (1.0 - a) + image[row, column + 1] * a
            lower = image[row + 1, column] * (1.0 - a) + image[row + 1, column + 1] * a
            out[i, j] = upper * (1.0 - b) + lower * b
    return out


@dataclass(frozen=True)
class JemxCamera(Camera):
    """One unit at one position resolution (FWHM, mm). Collimator and mask thickness are part of the illumination."""

    fwhm_mm: float = 1.0

    def illumination(self, tz: float, ty: float) -> NDArray[np.float64]:
        """PIF of a direction: the blurred mask, sampled bilinearly, times what tubes and hole walls let through."""
        height = model().height_mm
        image: NDArray[np.float64] = _sample(
            mask.blurred(self.fwhm_mm), centres_mm(), height * tz, height * ty, 1.0 / mask.SAMPLE_MM
        )
        image *= float(transparency(np.array(tz), np.array(ty))) / mask.OPEN
        return image

    def illumination_gradient(self, tz: float, ty: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return derivatives of the PIF by tz and ty, central differences."""
        by_z = self.illumination(tz + _STEP, ty) - self.illumination(tz - _STEP, ty)
        by_y = self.illumination(tz, ty + _STEP) - self.illumination(tz, ty - _STEP)
        return by_z / (2 * _STEP), by_y / (2 * _STEP)

    def coded_fraction(self, tz: NDArray[np.float64], ty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the sensitivity on axis: detector behind the mask's circle, times the collimator."""
        m = model()
        distance = m.height_mm * np.hypot(tz, ty)
        seen = _overlap(distance, m.mask_diameter_mm / 2.0, m.radius_mm) / (pi * m.radius_mm**2)
        return np.nan_to_num(seen * transparency(tz, ty))

    def sampled_mask(self, phase_z: float, phase_y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the openness of the mask seen by pixels, and the share inside the mask; see ``mask``."""
        return mask.sampled(self.fwhm_mm, phase_z, phase_y)

    def templates(self) -> tuple[NDArray[np.float64], ...]:
        """Return a level and a low polynomial; see ``background``."""
        return background.templates()

    def transmission(self, oversampling: int) -> NDArray[np.float32] | None:
        """Share of the light that collimator and hole walls let through to each map pixel."""
        return _transmission(self.grid, oversampling)


@lru_cache(maxsize=2)
def _transmission(pixels: MapGrid, oversampling: int) -> NDArray[np.float32]:
    tz, ty = pixels.tangents(oversampling)
    through = transparency(tz[:, None], ty[None, :]).astype(np.float32)
    through.setflags(write=False)
    return through


def transparency(tz: NDArray[np.float64], ty: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the light of a direction that passes the collimator and the walls of the holes.

    The square tubes pass a triangle along each axis. A shift d across the sheet takes from an open cell the strip of
    width d along its far side, where the next cell is closed: d x (mean width of a hexagon) x 3/4 of its area.
    """
    m = model()
    reach = tan(radians(m.collimator_zero_deg))
    tubes = np.maximum(1.0 - np.abs(tz) / reach, 0.0) * np.maximum(1.0 - np.abs(ty) / reach, 0.0)
    # Hexagon of width w: mean width 6 (w/sqrt 3)/pi, area sqrt(3)/2 w^2.
    walls = 0.75 * (2.0 * np.sqrt(3.0) / pi) / (np.sqrt(3.0) / 2.0) * m.thickness_mm / m.cell_mm * np.hypot(tz, ty)
    return np.asarray(tubes * (1.0 - walls))


def _overlap(distance: NDArray[np.float64], large: float, small: float) -> NDArray[np.float64]:
    """Area common to two circles of different radius."""
    d = np.clip(distance, large - small, large + small)
    part = np.arccos(np.clip((d**2 + small**2 - large**2) / (2 * d * small), -1, 1))
    rest = np.arccos(np.clip((d**2 + large**2 - small**2) / (2 * d * large), -1, 1))
    kite = np.sqrt(
        np.maximum((large + small - d) * (d + small - large) * (d - small + large) * (d + small + large), 0.0)
    )
    return np.asarray(small**2 * part + large**2 * rest - kite / 2.0)


def band_fwhm_mm(low_kev: float, high_kev: float) -> float:
    """Position resolution of a band, in steps of 0.01 mm: the Gaussian that dims a pattern of 5 mm as its counts do.

    The counts are those of a Crab-like source; 5 mm is where a flux is decided, between cells of 3.3 mm and pairs.
    """
    energy = np.linspace(max(low_kev, 2.0), max(high_kev, 2.1), 1001)
    weight = energy**-_CRAB_INDEX * model().area_cm2(energy)
    dimming = 2.0 * (np.pi / _PATTERN_MM / _FWHM_PER_SIGMA) ** 2
    transfer = np.average(np.exp(-dimming * model().position_fwhm_mm(energy) ** 2), weights=weight)
    return round(float(np.sqrt(-np.log(transfer) / dimming)), 2)


@lru_cache(maxsize=64)
def camera(unit: int, low_kev: float, high_kev: float) -> JemxCamera:
    """Return the camera of a unit in a band. Flux of 1 count/s is what the whole detector collects on axis."""
    m = model()
    return JemxCamera(
        instrument=instrument(unit),
        grid=grid(),
        pixels=int(window().sum()),
        lit_pixels=OPEN_SHARE * area_pixels(),
        resolution=m.cell_mm / m.height_mm,
        closest=radians(1.7 / 60.0),
        match_arcmin=0.7,
        fwhm_mm=band_fwhm_mm(low_kev, high_kev),
    )
