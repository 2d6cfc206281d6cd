"""Flux of the best model in energy bands, with errors from the covariance of its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.spectral_fit.analysis.fitting import FitResult
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.settings import Start

_ERG_A_KEV = 1.602176634e-9
_BINS = 400
_DRAWS = 400


@dataclass(frozen=True)
class Flux:
    """Flux in a band, of the first spectrum's calibration.

    Args:
        band_kev: its edges.
        energy: erg/cm2/s, with its lower and upper confidence limits; None where there is no covariance.
        photons: photons/cm2/s, the same.
    """

    band_kev: tuple[float, float]
    energy: tuple[float, float | None, float | None]
    photons: tuple[float, float | None, float | None]


def fluxes(
    model: Model,
    starts: Sequence[Start],
    result: FitResult,
    bands_kev: Sequence[Sequence[float]],
    confidence: float,
) -> list[Flux]:
    """Return the fluxes of the model in some bands.

    Errors are quantiles over parameters drawn from the normal distribution that the covariance describes, within
    their limits; the seed is fixed, so that equal fits give equal errors. Of norms the logarithm is drawn: a norm at
    1 keV is known to a factor where the band is not, and its distribution is far from normal.
    """
    best = np.array([interval.value for interval in result.parameters])
    drawn = _drawn(model, starts, result, best)
    found = []
    for low, high in bands_kev:
        edges = np.geomspace(low, high, _BINS + 1)
        energy, photons = _of(model, edges, best)
        limits = _limits([_of(model, edges, values) for values in drawn], confidence)
        found.append(Flux((low, high), (energy, *limits[0]), (photons, *limits[1])))
    return found


def _of(model: Model, edges: Array, values: Array) -> tuple[float, float]:
    photons = model.photons(edges, values)
    middle = np.sqrt(edges[1:] * edges[:-1])
    return float(np.sum(photons * middle) * _ERG_A_KEV), float(np.sum(photons))


def _drawn(model: Model, starts: Sequence[Start], result: FitResult, best: Array) -> list[Array]:
    """Return parameter sets around the best one; none where the covariance is not known."""
    if result.covariance is None:
        return []
    names = [place.name for place in model.places]
    # The factors of the cross-normalisation vary with the others but do not enter the model.
    index = [names.index(name) if name in names else -1 for name in result.free]
    centre = np.array([best[at] if at >= 0 else 0.0 for at in index])
    # Through the correlations: parameters differ by many orders of magnitude.
    norm = np.array([at >= 0 and model.places[at].is_norm and best[at] > 0.0 for at in index])
    deviation = np.sqrt(np.diag(result.covariance))
    # What stands at a limit does not vary.
    scale = np.where(deviation > 0.0, deviation, 1.0)
    weights, axes = np.linalg.eigh(result.covariance / np.outer(scale, scale))
    normal = np.random.default_rng(0).standard_normal((_DRAWS, len(index)))
    steps = (normal * np.sqrt(np.maximum(weights, 0.0))) @ axes.T * deviation
    drawn = []
    for step in steps:
        values = best.copy()
        ratio = np.divide(step, centre, out=np.zeros(step.size), where=norm)
        for at, value in zip(index, np.where(norm, centre * np.exp(ratio), centre + step), strict=True):
            if at >= 0:
                values[at] = np.clip(value, starts[at].minimum, starts[at].maximum)
        for at, start in enumerate(starts):
            if start.tie is not None:
                values[at] = values[names.index(start.tie)]
        drawn.append(values)
    return drawn


def _limits(drawn: Sequence[tuple[float, float]], confidence: float) -> list[tuple[float | None, float | None]]:
    if not drawn:
        return [(None, None), (None, None)]
    quantiles = [0.5 - confidence / 2.0, 0.5 + confidence / 2.0]
    low, high = (np.quantile(np.array(drawn), level, axis=0) for level in quantiles)
    return [(float(low[0]), float(high[0])), (float(low[1]), float(high[1]))]
