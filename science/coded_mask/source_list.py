"""The sources of one window as plain values: what tables, summaries and the mosaic use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.field import Field
from science.coded_mask.geometry import Attitude
from science.coded_mask.position_error import radius90_arcmin


@dataclass(frozen=True)
class WindowSource:
    """One source of one window.

    ``ra``, ``dec`` are the fitted place (the catalogue's if not ``fitted``), ``error_arcmin`` its 90 % radius
    (statistical; 0 if not fitted). ``catalogue_ra``, ``catalogue_dec`` are NaN for a new source. ``flux`` and
    ``flux_error`` (counts/s) have one value per band, NaN where the band has no weight. Angles in degrees.
    """

    name: str
    new: bool
    wanted: bool
    fitted: bool
    ra: float
    dec: float
    error_arcmin: float
    catalogue_ra: float
    catalogue_dec: float
    catalogue_flag: int
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]

    @property
    def significance(self) -> NDArray[np.float64]:
        """Flux over error, per band; 0 where there is no flux."""
        return np.nan_to_num(self.flux / self.flux_error)


def window_sources(sky: Field, attitude: Attitude) -> list[WindowSource]:
    """Return sources of a window, most significant first; new ones are named NEW_1, NEW_2 and so on."""
    if not sky.sources:
        return []
    best = sky.significance().max(axis=1)
    errors = sky.flux_errors()
    listed: list[WindowSource] = []
    for index in np.argsort(-best, kind="stable"):
        source = sky.sources[index]
        entry = source.entry
        ra, dec = attitude.sky(source.tz, source.ty)
        new = entry is None
        number = 1 + sum(s.new for s in listed)
        none = np.array([np.nan if fit.data.weightless else 0.0 for fit in sky.fits])
        listed.append(
            WindowSource(
                name=entry.name if entry else f"NEW_{number}",
                new=new,
                wanted=source.wanted,
                fitted=source.free,
                ra=float(ra),
                dec=float(dec),
                error_arcmin=radius90_arcmin(source.covariance) if source.free else 0.0,
                catalogue_ra=entry.ra if entry else np.nan,
                catalogue_dec=entry.dec if entry else np.nan,
                catalogue_flag=entry.flag if entry else 0,
                flux=none + [fit.flux[index] for fit in sky.fits],
                flux_error=none + errors[index],
            )
        )
    return listed


def source_summary(source: WindowSource, bands: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return a source as plain values; fluxes in counts/s."""
    return {
        "name": source.name,
        "ra": round(source.ra, 5),
        "dec": round(source.dec, 5),
        "error_arcmin": round(source.error_arcmin, 4),
        "new": source.new,
        "bands": [
            {
                "e_min": low,
                "e_max": high,
                "flux": round(float(flux), 4),
                "flux_error": round(float(error), 4),
                "significance": round(float(flux / error), 2),
            }
            for (low, high), flux, error in zip(bands, source.flux, source.flux_error, strict=True)
        ],
    }
