"""A source of a mosaic: its places and fluxes in all windows, and their means."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.common_error import grouped_constant
from science.coded_mask.geometry import separation_arcmin, sky_position, unit_vector
from science.coded_mask.position_error import R90
from science.coded_mask.source_list import WindowSource
from science.coded_mask.window_product import WindowProduct


@dataclass
class MosaicSource:
    """A source of the mosaic.

    ``places`` are fitted positions by window label, each (ra, dec, sigma in arcmin); that of the mosaic has the label
    "". ``fluxes`` have one row per window that saw the source and one column per band (counts/s), ``errors`` are
    those of Poisson noise, ``common`` those that windows with the same number in ``shadows`` have in common
    (``common_error``).
    """

    name: str
    new: bool
    wanted: bool
    ra: float
    dec: float
    catalogue_flag: int = 0
    places: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    fluxes: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    errors: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    common: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    shadows: dict[str, int] = field(default_factory=dict)

    def combined(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Mean flux, its error, and chi2 per degree of freedom over windows (NaN for one), by least squares."""
        flux, own, common = self._table()
        number = np.array([self.shadows.get(label, row) for row, label in enumerate(self.fluxes)])
        return grouped_constant(flux, own, common, number)

    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Fluxes, Poisson errors and common errors, shape (windows, bands)."""
        flux, own = np.array(list(self.fluxes.values())), np.array(list(self.errors.values()))
        nothing = np.zeros(flux.shape[1])
        return flux, own, np.array([self.common.get(label, nothing) for label in self.fluxes])

    def significance(self) -> NDArray[np.float64]:
        """Return combined significance per band; zeros when no window saw it."""
        if not self.fluxes:
            return np.zeros(1)
        mean, error, _ = self.combined()
        return np.nan_to_num(mean / error)

    def position(self) -> tuple[float, float, float]:
        """Weighted mean of the fitted places and its 90 % radius in arcmin (0 when the place was not fitted)."""
        if not self.places:
            return self.ra, self.dec, 0.0
        ra, dec, sigma = np.array(list(self.places.values())).T
        weight = 1.0 / np.maximum(sigma, 1e-3) ** 2
        mean_ra, mean_dec = sky_position((unit_vector(ra, dec) * weight[:, None]).sum(axis=0))
        return float(mean_ra), float(mean_dec), float(R90 * weight.sum() ** -0.5 * self._repeated())

    def _repeated(self) -> float:
        """Factor by which means over windows are worse than their errors say, as these have a part in common."""
        if not self.fluxes:
            return 1.0
        _, own, common = self._table()
        # A place of the mosaic has the error of Poisson noise, those of windows have that of their maps.
        variance = own**2 if "" in self.places else own**2 + common**2
        band = int(np.argmax(self.significance()))
        factor = float(self.combined()[1][band] * np.sqrt((1.0 / variance[:, band]).sum()))
        return factor if np.isfinite(factor) else 1.0


def mosaic_source(entry: CatalogueSource | None, ra: float, dec: float) -> MosaicSource:
    """Return a source found in the mosaic: the catalogue's at its own place, or a new one at (ra, dec)."""
    if entry is None:
        return MosaicSource("NEW", new=True, wanted=False, ra=ra, dec=dec)
    return MosaicSource(entry.name, False, entry.wanted, entry.ra, entry.dec, entry.flag)


def merge_sources(windows: Sequence[WindowProduct], same_arcmin: float) -> list[MosaicSource]:
    """Return sources of all windows, most significant first: known ones joined by name, new ones by place.

    Places closer than ``same_arcmin`` belong to one source.
    """
    ranked = sorted(
        ((source, window) for window in windows for source in window.sources),
        key=lambda pair: (-pair[0].significance.max(), pair[1].label),
    )
    merged: list[MosaicSource] = []
    for source, window in ranked:
        target = _same(source, merged, same_arcmin)
        if target is None:
            ra, dec = (source.ra, source.dec) if source.new else (source.catalogue_ra, source.catalogue_dec)
            target = MosaicSource(source.name, source.new, source.wanted, ra, dec, source.catalogue_flag)
            merged.append(target)
        if source.fitted:
            target.places[window.label] = (source.ra, source.dec, source.error_arcmin / R90)
    return merged


def _same(source: WindowSource, merged: Sequence[MosaicSource], same_arcmin: float) -> MosaicSource | None:
    """Return the merged source that this one belongs to."""
    for target in merged:
        if not source.new and not target.new:
            if source.name == target.name:
                return target
            continue
        reach = max(same_arcmin, 2.0 * source.error_arcmin)
        if separation_arcmin(source.ra, source.dec, target.ra, target.dec) < reach:
            return target
    return None
