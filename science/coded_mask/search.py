"""Search for sources by iterative removal in detector space (IROS).

Each round fits all sources found so far, images the residual shadowgram and takes the highest peak. The model
shadowgram is subtracted before decoding, so ghosts and side lobes of found sources vanish exactly and no template of
the point spread function is needed. A partially coded source can peak one mask period away from its true place;
the nine possible places are therefore compared after fitting each.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from science.coded_mask.camera import Camera
from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.field import FREE_FROM, Field, FieldSource
from science.coded_mask.odd_pixels import odd_pixels
from science.coded_mask.refine import Refined, Surroundings, refine
from science.coded_mask.sky_map import SkyMap, matched_map, noise_scale

_LEAST_KNOWN = 4.0
_FALSE_KNOWN = 1e-3
NOISE_TOLERANCE = 1.05
"""Residual maps that are wider than N(0, 1) have their errors scaled; from this width on the product is flagged."""
MAX_SOURCES = 30

_ARCMIN = np.pi / 180.0 / 60.0
_AMBIGUOUS = 16.0
"""Two places whose chi2 differs by less are not told apart: noise was seen to prefer the ghost of 8 sigma by 9."""
_GHOST_SHARE = 0.6
"""Only ghost places whose map significance is at least this share of the peak are fitted."""


def known_threshold(count: int) -> float:
    """Return the significance from which a catalogue source is reported.

    It is 4, or so much more that of *count* places looked at in an empty field one in a thousand fields shows a source.
    """
    return max(_LEAST_KNOWN, float(-ndtri(_FALSE_KNOWN / max(count, 1))))


@dataclass
class Candidates:
    """Catalogue sources in the field that are not in the model yet: (entry, tz, ty)."""

    waiting: list[tuple[CatalogueSource, float, float]]
    warnings: list[str] = field(default_factory=list)
    known_from: float = field(init=False)
    """Significance from which one of them is reported."""

    def __post_init__(self) -> None:
        self.known_from = known_threshold(len(self.waiting))

    def nearest(self, camera: Camera, tz: float, ty: float, significance: float) -> int | None:
        """Return the number of the waiting source whose position agrees with a peak."""
        reach = camera.reach_arcmin(significance) * _ARCMIN
        distance = [np.hypot(z - tz, y - ty) for _, z, y in self.waiting]
        return int(np.argmin(distance)) if distance and min(distance) <= reach else None


def find_sources(sky: Field, candidates: Candidates, threshold: float, limit: int = MAX_SOURCES) -> list[SkyMap]:
    """Find sources in all bands of a window, one band after the other, then fit all positions and fluxes.

    Args:
        sky: fits of the bands; sources are added to it.
        candidates: catalogue sources in the field. Those marked ``wanted`` are added first and kept.
        threshold: significance from which sources that are not in the catalogue are accepted.
        limit: the search ends when it has found this many sources; those that are wanted do not count.

    Returns:
        The map of what is left in each band, with statistical errors.
    """
    for entry, tz, ty in [c for c in candidates.waiting if c[0].wanted]:
        if _too_close(sky, tz, ty):
            closest = np.degrees(sky.camera.closest) * 60.0
            candidates.warnings.append(
                f"{entry.name} is within {closest:.2g} arcmin of another source of the catalogue and is not fitted "
                "separately"
            )
            continue
        sky.add(FieldSource(tz, ty, entry, (tz, ty), free=False))
    candidates.waiting = [c for c in candidates.waiting if not c[0].wanted]
    limit += len(sky.sources)
    for band, fit in enumerate(sky.fits):
        if fit.data.weightless:
            continue
        _BandSearch(sky, band, candidates, threshold, limit).run()
        odd = odd_pixels(fit)
        if odd.any():
            fit.discard(odd)
            _BandSearch(sky, band, candidates, threshold, limit).run()
    sky.fit()
    sky.relocate_all()
    _drop_faint(sky, candidates.known_from, threshold)
    left = [matched_map(fit) for fit in sky.fits]
    sky.noise[:] = [_scale(image) for image in left]
    return left


def _too_close(sky: Field, tz: float, ty: float) -> bool:
    return any(np.hypot(source.tz - tz, source.ty - ty) < sky.camera.closest for source in sky.sources)


def _scale(image: SkyMap) -> float:
    """Factor by which errors have to grow for the map to be N(0, 1); 1 when it is so already."""
    return max(noise_scale(image.significance), 1.0)


def _drop_faint(sky: Field, known_from: float, threshold: float) -> None:
    """Remove sources below their threshold, one at a time from the faintest."""
    while sky.sources:
        best = sky.significance().max(axis=1)
        least = np.array([-np.inf if s.wanted else known_from if s.entry else threshold for s in sky.sources])
        index = int(np.argmin(best - least))
        if best[index] >= least[index]:
            return
        sky.remove(index)
        sky.fit()


class _BandSearch:
    """The rounds of one band."""

    def __init__(self, sky: Field, band: int, candidates: Candidates, threshold: float, limit: int) -> None:
        self._sky = sky
        self._band = band
        self._fit = sky.fits[band]
        self._camera = sky.fits[band].data.camera
        self._candidates = candidates
        self._threshold = threshold
        self._limit = limit
        self._closed: list[tuple[float, float]] = []

    def run(self) -> None:
        """Add sources until no peak is left above the threshold, then look at the catalogue positions."""
        self._take_edge()
        oversampling = 1
        while len(self._sky.sources) < self._limit:
            self._fit.fit()
            image = matched_map(self._fit, oversampling)
            significance = self._significance(image)
            peak = np.unravel_index(int(np.nanargmax(significance)), significance.shape)
            height = float(significance[peak])
            if height >= self._threshold * (1.3 if oversampling == 1 else 1.0):
                self._take(image, significance, (int(peak[0]), int(peak[1])))
            elif oversampling == 1:
                oversampling = 2
            else:
                self._take_known(image, significance)
                return
        text = f"the search stopped with {self._limit} sources in the model; fainter ones are not listed"
        if text not in self._candidates.warnings:
            self._candidates.warnings.append(text)

    def _significance(self, image: SkyMap) -> NDArray[np.float32]:
        """Significance map with scaled errors, closed places blanked."""
        self._sky.noise[self._band] = _scale(image)
        significance = image.significance / np.float32(self._sky.noise[self._band])
        for tz, ty in self._closed:
            window = self._window(image, tz, ty, self._camera.resolution)
            if window is not None:  # always so: a closed place was a peak of the map
                significance[window] = -np.inf
        known: NDArray[np.float32] = np.nan_to_num(significance, nan=-np.inf)
        return known

    @staticmethod
    def _window(image: SkyMap, tz: float, ty: float, radius: float) -> tuple[slice, slice] | None:
        """Return the part of the map within a radius of a place, or None when that lies wholly outside."""
        size = image.flux.shape
        parts = []
        for tangent, axis, length in zip((tz, ty), image.grid.axis, size, strict=True):
            first = round(((tangent - radius) / image.grid.step + axis) * image.oversampling)
            last = round(((tangent + radius) / image.grid.step + axis) * image.oversampling)
            if last < 0 or first >= length:
                return None
            parts.append(slice(max(first, 0), last + 1))
        return parts[0], parts[1]

    def _take(self, image: SkyMap, significance: NDArray[np.float32], peak: tuple[int, int]) -> None:
        """Add the source behind a peak, or improve the source that left it."""
        tz, ty = image.tangents(*peak)
        neighbour = self._neighbour(tz, ty, self._camera.resolution)
        if neighbour is not None:
            self._improve(neighbour, tz, ty)
            return
        best, rival = self._unghost(image, significance, tz, ty, float(significance[peak]))
        neighbour = self._neighbour(best.tz, best.ty, self._camera.closest)
        if neighbour is not None or best.flux <= 0.0:
            self._closed.append((tz, ty))
            return
        height = best.significance / self._sky.noise[self._band]
        number = self._candidates.nearest(self._camera, best.tz, best.ty, height)
        known = None if number is None else self._candidates.waiting.pop(number)
        if known is None or height >= FREE_FROM:
            source = FieldSource(best.tz, best.ty, known[0] if known else None, known[1:] if known else None)
        else:
            source = FieldSource(known[1], known[2], known[0], known[1:], free=False)
        source.covariance = best.covariance
        source.rival = (rival.tz, rival.ty) if rival else None
        self._sky.add(source)

    def _neighbour(self, tz: float, ty: float, reach: float) -> int | None:
        distance = [np.hypot(s.tz - tz, s.ty - ty) for s in self._sky.sources]
        return int(np.argmin(distance)) if distance and min(distance) < reach else None

    def _improve(self, index: int, tz: float, ty: float) -> None:
        """Deal with a residual beside a source: fit its position, and search no further around this place."""
        self._closed.append((tz, ty))
        source = self._sky.sources[index]
        significance = self._fit.flux[index] / (self._fit.flux_error[index] * self._sky.noise[self._band])
        if significance >= FREE_FROM or source.entry is None:
            source.free = True
            refined = refine(Surroundings(self._fit, index), source.tz, source.ty)
            self._sky.move(index, refined.tz, refined.ty)

    def _unghost(
        self, image: SkyMap, significance: NDArray[np.float32], tz: float, ty: float, height: float
    ) -> tuple[Refined, Refined | None]:
        """Return the best of the places that are whole mask periods away from a peak, and its rival if it has one.

        Among places that explain the counts about equally well, that of a catalogue source is taken.
        """
        others = Surroundings(self._fit)
        fitted = [refine(others, tz, ty)]
        period, shifts = self._camera.period or 0.0, (-1, 0, 1) if self._camera.period else ()
        for i in shifts:
            for j in shifts:
                window = self._window(image, tz + i * period, ty + j * period, self._camera.resolution / 2)
                if (i, j) == (0, 0) or window is None:
                    continue
                part = significance[window]
                if part.max() < _GHOST_SHARE * height:
                    continue
                row, column = np.unravel_index(int(np.argmax(part)), part.shape)
                place = image.tangents(window[0].start + int(row), window[1].start + int(column))
                fitted.append(refine(others, *place))
        fitted.sort(key=lambda place: -place.significance)
        noise = self._sky.noise[self._band]
        likely = [p for p in fitted if fitted[0].significance ** 2 - p.significance**2 < _AMBIGUOUS * noise**2]
        for fit in likely:
            if self._candidates.nearest(self._camera, fit.tz, fit.ty, fit.significance / noise) is not None:
                return fit, None
        return likely[0], likely[1] if len(likely) > 1 else None

    def _take_edge(self) -> None:
        """Add known bright sources just outside the map: the few pixels they light would fake a source at its edge."""
        outside = [known for known in self._candidates.waiting if self._sky.at_edge(*known[1:])]
        if not outside:
            return
        self._fit.fit()
        self._sky.noise[self._band] = _scale(matched_map(self._fit))
        others = Surroundings(self._fit)
        for known in outside:
            entry, tz, ty = known
            flux, _, matrix = others.normal_equations(tz, ty)
            if flux * np.sqrt(matrix[0, 0]) >= self._threshold * self._sky.noise[self._band]:
                self._candidates.waiting.remove(known)
                self._sky.add(FieldSource(tz, ty, entry, (tz, ty), free=False))

    def _take_known(self, image: SkyMap, significance: NDArray[np.float32]) -> None:
        """Add catalogue sources that stand above their own threshold at their own position."""
        added = False
        for known in list(self._candidates.waiting):
            entry, tz, ty = known
            pixel = image.pixel(tz, ty)
            if (
                pixel is None
                or significance[pixel] < 0.9 * self._candidates.known_from
                or _too_close(self._sky, tz, ty)
            ):
                continue
            self._candidates.waiting.remove(known)
            self._sky.add(FieldSource(tz, ty, entry, (tz, ty), free=False))
            added = True
        if added:
            self._fit.fit()
