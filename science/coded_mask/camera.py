"""What fits, maps, search and mosaics have to know of a coded-mask camera."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.geometry import Attitude

LEAST_FITTED = 0.003
"""Sources seen by this share of the detector are fitted: a bright one still lights some pixels there."""


@dataclass(frozen=True)
class Instrument:
    """How an instrument is named in its products, and how it is mounted.

    ``structure`` begins the names of its extensions (ISGR), ``intensity`` is the word for an image of fluxes, and
    ``keywords`` (name, value, comment) stand in every extension. ``label`` stands in titles.
    """

    label: str
    structure: str
    intensity: str
    keywords: tuple[tuple[str, str, str], ...]
    mounting: tuple[tuple[float, float, float], ...]
    """Rotation from spacecraft to instrument axes."""
    catalogue_flag: str
    """Column of the reference catalogue that says whether this instrument has detected a source."""

    def attitude(self, ra_x: float, dec_x: float, ra_z: float, dec_z: float) -> Attitude:
        """Orientation from the RA_SCX, DEC_SCX, RA_SCZ, DEC_SCZ keywords (degrees)."""
        return Attitude.from_spacecraft(ra_x, dec_x, ra_z, dec_z, np.array(self.mounting))


@dataclass(frozen=True)
class MapGrid:
    """The pixels of a sky map: all shifts at which the detector and the mask overlap.

    ``detector`` is the shape (Z, Y) of a shadowgram, ``samples`` the number of mask samples along a side on the pixel
    pitch (even if the detector's sides are, so that the on-axis shift is whole), ``fft`` the length of the padded
    transforms, ``step`` the tangent of one pixel pitch at the distance of the mask.
    """

    detector: tuple[int, int]
    samples: int
    fft: int
    step: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (Z) and columns (Y) of a map on the pixel pitch."""
        return self.samples + self.detector[0] - 1, self.samples + self.detector[1] - 1

    @property
    def axis(self) -> tuple[int, int]:
        """Row and column of the instrument axis on the pixel pitch."""
        return (self.shape[0] - 1) // 2, (self.shape[1] - 1) // 2

    def tangents(self, oversampling: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tangents of the rows (tz) and of the columns (ty) of a map."""
        tz, ty = (
            (np.arange((length - 1) * oversampling + 1) / oversampling - centre) * self.step
            for length, centre in zip(self.shape, self.axis, strict=True)
        )
        return tz, ty


@dataclass(frozen=True)
class Camera(ABC):
    """A coded-mask camera in one energy band. Directions are tangents (tz, ty); see ``geometry``.

    Attributes:
        instrument: names for the products.
        grid: pixels of its sky maps.
        pixels: number of pixels of the full detector.
        lit_pixels: unit of flux: a source of 1 count/s gives this many fully lit pixels 1 count/s in all.
        resolution: width (FWHM) of the point spread function, tangent.
        closest: sources closer than this cannot be told apart, tangent: their normal matrix is singular.
        match_arcmin: a peak of high significance belongs to a catalogue source within twice this distance.
        period: shift of the mask's pattern, tangent, at which ghosts of a source appear; None without ghosts.
    """

    instrument: Instrument
    grid: MapGrid
    pixels: int
    lit_pixels: float
    resolution: float
    closest: float
    match_arcmin: float
    period: float | None = None

    @abstractmethod
    def illumination(self, tz: float, ty: float) -> NDArray[np.float64]:
        """PIF of a direction: the share of each pixel that it lights, detector shape."""

    @abstractmethod
    def illumination_gradient(self, tz: float, ty: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return derivatives of the PIF by tz and by ty (per unit tangent)."""

    @abstractmethod
    def coded_fraction(self, tz: NDArray[np.float64], ty: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the detector's sensitivity that directions have left; 0 for NaN tangents."""

    @abstractmethod
    def sampled_mask(self, phase_z: float, phase_y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the openness of the mask seen by pixels, and the share inside the mask, both (samples, samples).

        The phases shift the samples by a part of the pitch.
        """

    @abstractmethod
    def templates(self) -> tuple[NDArray[np.float64], ...]:
        """Background templates, each of the detector's shape, in any unit."""

    def transmission(self, oversampling: int) -> NDArray[np.float32] | None:
        """Share of the light that a collimator lets through to each map pixel; None where nothing stands before."""
        del oversampling
        return None

    def reach_arcmin(self, significance: float) -> float:
        """How far a peak of this significance may lie from the catalogue source that it belongs to."""
        return max(self.match_arcmin, 16.0 * self.match_arcmin / significance) + self.match_arcmin
