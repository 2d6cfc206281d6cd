"""A mosaic of many windows: forced fits of all sources everywhere, mosaic of the residuals, search, fluxes.

Sources are removed in detector space in every window, also in those where they were not found, and only the residual
maps are resampled. Fluxes are means of the forced fits; resampled images would lose 10-20 %.

What the pixels' own pattern adds to the errors of a window is the same in all windows of one attitude. It is carried
as such, in the map and in the fluxes, and its size is fitted to the width of the map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import LEAST_FITTED, Camera
from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.common_error import attitude_groups, shadow_groups
from science.coded_mask.comparable import incomparable
from science.coded_mask.fit import ShadowgramFit, inverse
from science.coded_mask.forced_map import ZONES, forced_excess, zones
from science.coded_mask.geometry import separation_arcmin, sky_position, unit_vector
from science.coded_mask.mosaic_grid import MosaicSum, grid_for
from science.coded_mask.mosaic_source import MosaicSource, merge_sources, mosaic_source
from science.coded_mask.pixel_scatter import PixelScatter, pooled_scatter
from science.coded_mask.refine import Surroundings
from science.coded_mask.search import NOISE_TOLERANCE, known_threshold
from science.coded_mask.sky_map import LEAST_CODED, coded_map, matched_map, noise_scale
from science.coded_mask.window_product import WindowProduct

_ROUNDS = 4
_BIASED_BELOW = 8.0 / 6.0
"""Blind detections below this multiple of the threshold have fluxes that are 3-14 % too high on average."""
_PER_ROUND = 10
_VIEWS = 60
"""Windows that take part in placing a new source: the best ones; each holds 3 MB while it does."""
_BLANK = 2.5
"""Widths of the point spread function around a peak in which no other is taken in the same round."""
_OPPOSITE = -0.99
"""Cosine from which a direction is taken for the one opposite to the centre, which no projection shows."""
_PLACE_STEPS = 4
_LONGEST_STEP = np.radians(3.0 / 60.0)


@dataclass(frozen=True)
class _Fitted:
    """The sources that a window sees with their tangents, and what its pixels add to their errors."""

    number: int
    seen: list[tuple[MosaicSource, float, float]]
    scatter: PixelScatter


class Mosaic:
    """The windows of a job, their common sources and the sums of their residual maps."""

    def __init__(self, windows: Sequence[WindowProduct]) -> None:
        self.windows = sorted(windows, key=lambda window: window.label)
        self.bands = self.windows[0].bands
        self.instrument = self.windows[0].instrument
        self.camera = self.windows[0].camera(*self.bands[0])
        self.grid = grid_for([window.attitude for window in self.windows], self.camera.grid)
        self.sources = merge_sources(self.windows, self.same_arcmin)
        self.left_out, self.warnings = incomparable(self.windows)
        self.threshold = 0.0
        self.known_from = known_threshold(0)
        self.sums: list[MosaicSum] = []
        structures = [window.instrument.structure for window in self.windows]
        self._day = np.array([window.tstart_ijd for window in self.windows])
        self._detector = np.array([structures.index(structure) for structure in structures])
        attitudes = [window.attitude for window in self.windows]
        self._group = attitude_groups(attitudes, self._day, self.camera, self._detector)

    @property
    def same_arcmin(self) -> float:
        """Places closer than this belong to one source."""
        return float(np.degrees(self.camera.closest)) * 60.0

    def build(self) -> None:
        """Fit all sources in all windows and add up the residual maps."""
        self.sums = [MosaicSum(self.grid) for _ in self.bands]
        for source in self.sources:
            for values in (source.fluxes, source.errors, source.common):
                values.clear()
        fitted = []
        for group in np.unique(self._group):
            fitted += [self._add(int(number)) for number in np.flatnonzero(self._group == group)]
            for total in self.sums:
                total.end_group()
        for total in self.sums:
            total.calibrate()
        self._share(fitted)

    def _share(self, fitted: Sequence[_Fitted]) -> None:
        """Tell sources what their windows have in common: errors, and where the shadow falls on the same pixels."""
        scale = np.array([total.scale for total in self.sums])
        for detector in np.unique(self._detector):
            windows = [window for window in fitted if self._detector[window.number] == detector]
            scatter = pooled_scatter([window.scatter for window in windows])
            for window in windows:
                label = self.windows[window.number].label
                for (source, _, _), common in zip(window.seen, window.scatter.common(scatter), strict=True):
                    source.common[label] = common * scale
                    source.errors[label] *= scale
        places: dict[int, list[tuple[int, float, float]]] = {}
        for one in fitted:
            for source, tz, ty in one.seen:
                places.setdefault(id(source), []).append((one.number, tz, ty))
        for source in self.sources:
            seen = places.get(id(source), [])
            number = np.array([place[0] for place in seen], np.intp)
            tangents = np.array([place[1:] for place in seen], np.float64).reshape(-1, 2)
            group = shadow_groups(
                tangents[:, 0], tangents[:, 1], self._day[number], self.camera, self._detector[number]
            )
            source.shadows = {self.windows[n].label: int(shared) for n, shared in zip(number, group, strict=True)}

    @property
    def residual_std(self) -> list[float]:
        """Width of the significance of what is left, per band."""
        return [noise_scale(total.intensity() / np.sqrt(total.variance())) for total in self.sums]

    def search(self, catalogue: Sequence[CatalogueSource], threshold: float) -> None:
        """Look for sources below the threshold of single windows; everything is refitted with them."""
        self.threshold = threshold
        covered = self._covered(catalogue)
        self.known_from = known_threshold(len(covered))
        for _ in range(_ROUNDS):
            found = self._peaks(covered, threshold)
            if not found:
                break
            self.sources += [source for source, _ in found]
            for source, band in found:
                if source.new:
                    self._place(source, band)
            self.build()
            self._prune(threshold)
        else:
            self.warnings.append("the search of the mosaic stopped after four rounds; fainter sources are not listed")
        if self._prune(threshold):
            self.build()

    def finish(self) -> list[MosaicSource]:
        """All sources, most significant first, new ones named NEW_n in this order."""
        ranked = sorted(self.sources, key=lambda source: (-source.significance().max(), source.name))
        number = 0
        for source in ranked:
            if source.new:
                number += 1
                source.name = f"NEW_{number}"
        for (low, high), total in zip(self.bands, self.sums, strict=True):
            if total.width > NOISE_TOLERANCE:
                self.warnings.append(
                    f"the mosaic of {low:g}-{high:g} keV is {total.width:.2f} times wider than {len(self.windows)} "
                    f"independent windows would make it ({np.unique(self._group).size} different attitudes): the "
                    "pattern of the pixels is the same in windows of one attitude, and no exposure makes it smaller; "
                    "variance, significance and errors are scaled; background maps or other attitudes make the image "
                    "deeper"
                )
        faint = [source.name for source in ranked if self.biased(source)]
        if faint:
            self.warnings.append(
                f"{', '.join(faint)}: found near the threshold, where chance selects high values; the fluxes are some "
                "3-14 % too high (FLAG 1); give the places as catalogue for fluxes without this bias"
            )
        return ranked

    def seen_in(self, source: MosaicSource) -> int:
        """Return the number of science windows that saw a source; two units in one window count once."""
        return len({window.scw for window in self.windows if window.label in source.fluxes})

    def biased(self, source: MosaicSource) -> bool:
        """Whether the flux of a source is biased because it was found blindly near the threshold."""
        return source.new and float(source.significance().max()) < _BIASED_BELOW * self.threshold

    # -- one window -------------------------------------------------------------------------------------------
    def _add(self, number: int) -> _Fitted:
        """Fit every source in the field of one window, and add its residual maps to the sums."""
        window = self.windows[number]
        seen = self._seen(window)
        pifs: dict[Camera, list[NDArray[np.float64]]] = {}
        fluxes, errors, excess, background = [], [], [], []
        for band, data in enumerate(window.shadowgrams()):
            if (window.label, band) in self.left_out:
                fluxes.append(np.zeros(len(seen)))
                errors.append(np.full(len(seen), np.inf))
                excess.append(np.zeros(len(ZONES) + 1))
                background.append(0.0)
                continue
            if data.camera not in pifs:
                pifs[data.camera] = [data.camera.illumination(tz, ty) for _, tz, ty in seen]
            fit = ShadowgramFit(data, data.camera.templates())
            for pif in pifs[data.camera]:
                fit.add(pif)
            fit.fit()
            image = matched_map(fit, oversampling=2)
            variance = max(noise_scale(image.significance) ** 2, 1.0)
            exposure = coded_map(data.camera, data.exposed) * np.float32(data.exposed_s)
            self.sums[band].add(window.attitude, image.scaled(variance**0.5), exposure, 1.0 - 1.0 / variance)
            fluxes.append(fit.flux)
            errors.append(fit.flux_error)
            excess.append(forced_excess(fit))
            background.append(max(float(fit.smooth_background.mean()), 0.0))
        for index, (source, _, _) in enumerate(seen):
            source.fluxes[window.label] = np.array([flux[index] for flux in fluxes])
            source.errors[window.label] = np.array([error[index] for error in errors])
        tz, ty = np.array([place for _, *place in seen]).reshape(-1, 2).T
        level, poisson = np.array(background), np.array(errors).T.reshape(len(seen), len(background))
        zone = zones(self.camera.coded_fraction(tz, ty))
        unit = np.where(np.isfinite(poisson), poisson, 0.0) * np.sqrt(level)
        return _Fitted(number, seen, PixelScatter(np.array(excess).T, level, zone, unit))

    def _seen(self, window: WindowProduct) -> list[tuple[MosaicSource, float, float]]:
        """Return sources in the field of a window with their tangents: where this window places them, else the mean."""
        camera = window.camera(*self.bands[0])
        seen = []
        for source in self.sources:
            place = source.places.get(window.label)
            ra, dec = place[:2] if place else source.position()[:2] if source.new else (source.ra, source.dec)
            tz, ty = window.attitude.tangents(ra, dec)
            if camera.coded_fraction(tz, ty) >= LEAST_FITTED:
                seen.append((source, float(tz), float(ty)))
        return seen

    # -- search -----------------------------------------------------------------------------------------------
    def _peaks(self, catalogue: Sequence[CatalogueSource], threshold: float) -> list[tuple[MosaicSource, int]]:
        """Candidates with their bands: blind peaks, and catalogue places above their own threshold."""
        found: list[tuple[MosaicSource, int]] = []
        known = [entry for entry in catalogue if not self._near(entry.ra, entry.dec, found)]
        for band, total in enumerate(self.sums):
            significance = np.nan_to_num(total.intensity() / np.sqrt(total.variance()), nan=-np.inf)
            for _ in range(_PER_ROUND):
                row, column = np.unravel_index(int(np.argmax(significance)), significance.shape)
                height = float(significance[row, column])
                if height < threshold:
                    break
                blank = int(np.ceil(_BLANK * self.camera.resolution / self.grid.step))
                significance[
                    max(row - blank, 0) : row + blank + 1, max(column - blank, 0) : column + blank + 1
                ] = -np.inf
                ra, dec = (float(v) for v in sky_position(self.grid.direction(float(row), float(column))))
                entry = _nearest(known, ra, dec, self.camera.reach_arcmin(height))
                place = (entry.ra, entry.dec) if entry else (ra, dec)
                if not self._near(*place, found):
                    found.append((mosaic_source(entry, ra, dec), band))
            for entry in known:
                row, column = np.round(self.grid.pixel(unit_vector(entry.ra, entry.dec))).astype(int)
                high = significance[row, column] >= 0.9 * self.known_from
                if high and not self._near(entry.ra, entry.dec, found):
                    found.append((mosaic_source(entry, entry.ra, entry.dec), band))
        return found

    def _covered(self, catalogue: Sequence[CatalogueSource]) -> list[CatalogueSource]:
        """Return the catalogue's sources on the grid: the sky has hundreds of others."""
        if not catalogue:
            return []
        vectors = unit_vector([s.ra for s in catalogue], [s.dec for s in catalogue])
        at = self.grid.pixel(vectors)
        inside = np.all((at > -0.5) & (at < np.array(self.grid.shape) - 0.5), axis=1)
        inside &= vectors @ self.grid.centre > _OPPOSITE
        return [entry for entry, covered in zip(catalogue, inside, strict=True) if covered]

    def _near(self, ra: float, dec: float, found: Sequence[tuple[MosaicSource, int]]) -> bool:
        there = (*self.sources, *(source for source, _ in found))
        distance = separation_arcmin(ra, dec, [s.ra for s in there], [s.dec for s in there])
        return bool((distance < self.same_arcmin).any())

    def _place(self, source: MosaicSource, band: int) -> None:
        """Fit the place and mean flux of a new source to all windows that see it well, at once."""
        seen = []
        for window in self.windows:
            coded = float(self.camera.coded_fraction(*window.attitude.tangents(source.ra, source.dec)))
            if coded >= LEAST_CODED and (window.label, band) not in self.left_out:
                seen.append((coded, window))
        seen.sort(key=lambda pair: (-pair[0], pair[1].label))
        views = [(window.attitude, self._surroundings(window, band, source)) for _, window in seen[:_VIEWS]]
        flux = 0.0
        covariance = np.zeros((3, 3))
        vector = unit_vector(source.ra, source.dec)
        for step in range(_PLACE_STEPS):
            ra, dec = (float(value) for value in sky_position(vector))
            basis = _tangent_basis(ra, dec)
            score, matrix = np.zeros(3), np.zeros((3, 3))
            for attitude, others in views:
                tz, ty = (float(tangent) for tangent in attitude.tangents(ra, dec))
                _, part, normal = others.normal_equations(tz, ty, flux)
                # Small shifts on the sky (east, north) as shifts of (tz, ty).
                turn = np.eye(3)
                turn[1:, 1:] = np.stack([attitude.axes[2], attitude.axes[1]]) @ basis.T
                score += turn.T @ part
                matrix += turn.T @ normal @ turn
            if step == 0:
                flux = float(score[0] / matrix[0, 0])
                continue
            covariance = inverse(matrix)
            change = covariance @ score
            flux += float(change[0])
            vector = vector + np.clip(change[1:], -_LONGEST_STEP, _LONGEST_STEP) @ basis
            vector /= np.linalg.norm(vector)
        ra, dec = (float(value) for value in sky_position(vector))
        if separation_arcmin(ra, dec, source.ra, source.dec) < 2 * self.same_arcmin:
            source.ra, source.dec = ra, dec
        sigma = float(np.degrees(max(float(np.linalg.det(covariance[1:, 1:])), 0.0) ** 0.25) * 60.0)
        source.places = {"": (source.ra, source.dec, sigma)}

    def _surroundings(self, window: WindowProduct, band: int, source: MosaicSource) -> Surroundings:
        """All but one source of one window, fitted."""
        data = window.shadowgrams()[band]
        fit = ShadowgramFit(data, data.camera.templates())
        for other, tz, ty in self._seen(window):
            if other is not source:
                fit.add(data.camera.illumination(tz, ty))
        fit.fit()
        return Surroundings(fit)

    def _prune(self, threshold: float) -> bool:
        """Drop sources that are not significant in any band; whether there were any."""
        kept = [
            s
            for s in self.sources
            if s.wanted or s.significance().max() >= (0.9 * threshold if s.new else self.known_from)
        ]
        dropped = len(kept) < len(self.sources)
        self.sources = kept
        return dropped


def _tangent_basis(ra: float, dec: float) -> NDArray[np.float64]:
    """East and north unit vectors at a direction, as rows."""
    a = np.radians(ra)
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    return np.stack([east, np.cross(unit_vector(ra, dec), east)])


def _nearest(entries: Sequence[CatalogueSource], ra: float, dec: float, reach: float) -> CatalogueSource | None:
    distance = [float(separation_arcmin(ra, dec, entry.ra, entry.dec)) for entry in entries]
    return entries[int(np.argmin(distance))] if distance and min(distance) < reach else None
