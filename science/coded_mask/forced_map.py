"""How far the errors of forced fits hold, measured in all directions of a window.

A forced fit adds one source to the model of a shadowgram. For the residual r of a fit with background templates T its
significance in every direction is, with the templates made orthonormal (``U V^-1 U^T = 1``),

    corr(P, a r/V) / sqrt(den)        den = corr(P^2, a^2/V) - sum_c corr(P, a U_c/V)^2

the same as that of the fit itself, but for the thickness of the mask. Of a perfect model it is N(0, 1). The
differences of pixels make it wider, and what the templates do not follow of the shape of the background does so for
directions that only a part of the detector sees: the width is measured for directions that see about the same share
of it. ``matched_map`` fits a level of its own to that part and knows nothing of this.

What such directions have in common counts as well: the fluxes of all of them lie off zero by the same amount, which
no scatter about their own middle tells. The width is the one about zero.
"""

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.sky_map import FittedShadowgram, LinearMaps, coded_map, noise_scale

Array = NDArray[np.float64]

ZONES = (0.1, 0.25, 0.5, 0.75, 0.95)
"""Shares of the detector between which directions are taken together."""
_LEAST_DIRECTIONS = 3000
"""Map pixels that a zone has to have; smaller ones have the width of the whole map."""


def zones(coded: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the zone, 0 to ``len(ZONES)``, of directions that see these shares of the detector."""
    return np.asarray(np.searchsorted(ZONES, coded, side="right"), np.intp)


def forced_significance(fit: FittedShadowgram) -> Array:
    """Return flux over error of a forced fit in every direction on the pixel pitch; NaN outside the coded field."""
    weight = 1.0 / fit.variance
    templates = fit.background_rows
    scale = np.sqrt((templates**2 * weight).sum(axis=1))
    templates = templates[scale > 0.0] / scale[scale > 0.0, None]
    values, vectors = np.linalg.eigh((templates * weight) @ templates.T)
    some = values > 1e-9 * values[-1]
    rows = (vectors[:, some] / np.sqrt(values[some])).T @ templates
    left = fit.residual - (rows @ (weight * fit.residual)) @ rows
    maps = LinearMaps(fit)
    a = fit.counts_per_flux
    den = maps.squared(a * a * weight).astype(np.float64)
    for row in rows:
        den -= maps.mask(a * row * weight).astype(np.float64) ** 2
    coded = maps.coded
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(coded & (den > 0.0), maps.mask(a * left * weight) / np.sqrt(den), np.nan)


def forced_excess(fit: FittedShadowgram) -> Array:
    """Return the mean square of forced fits over that by their errors, minus 1, in each zone, shape (zones,).

    It has an error of about 0.05 by chance and may be negative.
    """
    if fit.weightless:
        return np.zeros(len(ZONES) + 1)
    significance = forced_significance(fit)
    used = np.zeros(fit.camera.grid.detector, bool)
    used.flat[fit.pixels] = True
    zone = np.where(np.isfinite(significance), zones(coded_map(fit.camera, used)), -1)
    whole = _square(significance)
    squares = [
        _square(significance[zone == number]) if (zone == number).sum() >= _LEAST_DIRECTIONS else whole
        for number in range(len(ZONES) + 1)
    ]
    return np.array(squares) - 1.0


def _square(significance: Array) -> float:
    """Robust mean square: sources in the map, which are few, do not make it larger."""
    return float(noise_scale(significance) ** 2 + np.nanmedian(significance) ** 2)
