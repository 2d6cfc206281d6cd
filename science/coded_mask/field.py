"""The sources of one science window, shared by the fits of all its energy bands."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera
from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.fit import ShadowgramFit
from science.coded_mask.forced_map import forced_excess, zones
from science.coded_mask.refine import Refined, Surroundings, refine
from science.coded_mask.sky_map import LEAST_CODED

FREE_FROM = 10.0
"""Significance from which the position of a known source is fitted; fainter ones keep the catalogue's."""


@dataclass
class FieldSource:
    """A source in the model: its tangents, whether they are fitted, and the catalogue entry if it has one.

    ``home`` are the tangents of the catalogue position, ``rival`` those of a place one mask period away that explains
    the counts about equally well.
    """

    tz: float
    ty: float
    entry: CatalogueSource | None = None
    home: tuple[float, float] | None = None
    free: bool = True
    rival: tuple[float, float] | None = None
    covariance: NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 2)))

    @property
    def wanted(self) -> bool:
        """Whether it stays in the model however faint it is."""
        return self.entry is not None and self.entry.wanted


class Field:
    """Sources of a window and the fit of each band; every source is in every fit."""

    def __init__(self, fits: list[ShadowgramFit]) -> None:
        self.fits = fits
        self.sources: list[FieldSource] = []
        self.noise = [1.0] * len(fits)
        """Width of the residual map of each band."""

    def add(self, source: FieldSource) -> None:
        """Add a source to the model of all bands (not refitted)."""
        self.sources.append(source)
        for fit, pif in zip(self.fits, self._illuminations(source.tz, source.ty), strict=True):
            fit.add(pif)

    def move(self, index: int, tz: float, ty: float) -> None:
        """Put a source at another place (not refitted)."""
        source = self.sources[index]
        source.tz, source.ty = tz, ty
        for fit, pif in zip(self.fits, self._illuminations(tz, ty), strict=True):
            fit.replace(index, pif)

    def remove(self, index: int) -> None:
        """Take a source out (not refitted)."""
        del self.sources[index]
        for fit in self.fits:
            fit.remove(index)

    def _illuminations(self, tz: float, ty: float) -> list[NDArray[np.float64]]:
        """PIF of a direction in every band; bands of one camera share it."""
        cameras = [fit.data.camera for fit in self.fits]
        made = {camera: camera.illumination(tz, ty) for camera in set(cameras)}
        return [made[camera] for camera in cameras]

    def at_edge(self, tz: float, ty: float) -> bool:
        """Whether so few pixels see a direction that only the flux of a source there can be fitted."""
        return float(self.camera.coded_fraction(np.array(tz), np.array(ty))) < LEAST_CODED

    @property
    def camera(self) -> Camera:
        """The camera of the first band: what bands differ in is small, and no matter for where sources are sought."""
        return self.fits[0].data.camera

    def fit(self) -> None:
        """Refit all bands."""
        for fit in self.fits:
            fit.fit()

    def significance(self) -> NDArray[np.float64]:
        """Flux over scaled error, shape (sources, bands)."""
        columns = [fit.flux / (fit.flux_error * noise) for fit, noise in zip(self.fits, self.noise, strict=True)]
        return np.array(columns).T.reshape(len(self.sources), len(self.fits))

    def flux_errors(self) -> NDArray[np.float64]:
        """Errors of the fluxes with all that pixels and background add (``forced_map``), shape (sources, bands)."""
        if not self.sources:
            return np.zeros((0, len(self.fits)))
        tz, ty = np.array([(source.tz, source.ty) for source in self.sources]).T
        zone = zones(self.camera.coded_fraction(tz, ty))
        excess = np.array([forced_excess(fit)[zone] for fit in self.fits]).T
        errors = np.array([fit.flux_error for fit in self.fits]).T
        return np.asarray(errors * np.sqrt(1.0 + np.maximum(excess, 0.0)))

    def relocate(self, index: int) -> Refined:
        """Fit the position of a source in the band where it is most significant, and move it there."""
        band = int(np.argmax(self.significance()[index]))
        source = self.sources[index]
        refined = refine(Surroundings(self.fits[band], index), source.tz, source.ty)
        self.move(index, refined.tz, refined.ty)
        source.covariance = refined.covariance * self.noise[band] ** 2
        return refined

    def relocate_all(self, rounds: int = 2) -> None:
        """Fit the positions of all free sources, brightest first, then all fluxes."""
        for _ in range(rounds):
            best = self.significance().max(axis=1, initial=0.0)
            for index in np.argsort(-best):
                source = self.sources[index]
                if source.home is not None:
                    source.free = bool(best[index] >= FREE_FROM) and not self.at_edge(source.tz, source.ty)
                if source.free:
                    self.relocate(int(index))
                elif source.home is not None and source.home != (source.tz, source.ty):
                    self.move(int(index), *source.home)
            self.fit()
