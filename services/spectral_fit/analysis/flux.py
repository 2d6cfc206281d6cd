"""Flux of the best model in energy bands, and its confidence limits: where the statistic has risen by so much.

A limit is found as that of a parameter is: the flux takes the place of a norm, is held, and all else is free. The
interval therefore holds the best value, however far from normal the parameters are: an exponential cutoff that is known
to a factor two has no covariance from which fluxes could be drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.spectral_fit.analysis.confidence import LowerMinimum, limit
from services.spectral_fit.analysis.data_set import Mask
from services.spectral_fit.analysis.objective import Objective
from services.spectral_fit.analysis.ogip_files import Array

_ERG_A_KEV = 1.602176634e-9
_BINS = 400
_ROUGH = 0.1
"""Error of a flux of which nothing is known, as a share of it: where the search begins."""
_FAINT = 90.0
"""Decades below one: no flux."""
_FORBIDDEN = 1e3
"""Residual for a norm beyond its limits, by an error of the flux."""


@dataclass(frozen=True)
class Flux:
    """Flux in a band, of the first spectrum's calibration.

    Args:
        band_kev: its edges.
        energy: erg/cm2/s, with its lower and upper confidence limits; None where the data set no limit.
        photons: photons/cm2/s, the same.
    """

    band_kev: tuple[float, float]
    energy: tuple[float, float | None, float | None]
    photons: tuple[float, float | None, float | None]


def fluxes(
    objective: Objective, best: Array, covariance: Array | None, bands_kev: Sequence[Sequence[float]], rise: float
) -> tuple[Flux, ...]:
    """Return the fluxes of the model in some bands.

    Args:
        objective: what was made small.
        best: values at the minimum.
        covariance: of them, for the first guess; None where it is not known.
        bands_kev: the bands.
        rise: of the statistic at the limits, e.g. 1 for 68.27 %.

    Raises:
        LowerMinimum: begin anew from there.
    """
    found = []
    for low, high in bands_kev:
        edges = np.geomspace(low, high, _BINS + 1)
        erg = np.sqrt(edges[1:] * edges[:-1]) * _ERG_A_KEV
        energy, photons = (
            _limits(FluxOfBand(objective, edges, weight), best, covariance, rise) for weight in (erg, np.ones(_BINS))
        )
        found.append(Flux((float(low), float(high)), energy, photons))
    return tuple(found)


@dataclass(frozen=True)
class FluxOfBand:
    """A flux as a function of the numbers of a fit.

    Args:
        objective: the fit.
        edges: of the energy bins [keV], shape (bins + 1,).
        weight: of a photon in each bin, shape (bins,).
    """

    objective: Objective
    edges: Array
    weight: Array

    def __call__(self, numbers: Array) -> float:
        """Return the flux."""
        photons = self.objective.model.photons(self.edges, self.objective.parameters(numbers))
        return float(photons @ self.weight)

    def gradient(self, numbers: Array) -> Array:
        """Return its derivatives, shape (numbers,)."""
        here = self(numbers)
        found = np.zeros(numbers.size)
        for index in range(numbers.size):
            moved = numbers.copy()
            moved[index] += self.objective.step(numbers, index)
            found[index] = (self(moved) - here) / (moved[index] - numbers[index])
        return found


class FluxForNorm:
    """An objective in which a flux stands in the place of a norm, or of the logarithm of one.

    Args:
        flux: the flux.
        index: of the number.
        unit: of the flux: about its error.

    Attributes:
        lower: lower limits of the numbers.
        upper: their upper limits.
    """

    def __init__(self, flux: FluxOfBand, index: int, unit: float) -> None:
        self.flux, self.index, self.unit = flux, index, unit
        self.lower, self.upper = flux.objective.lower.copy(), flux.objective.upper.copy()
        self.lower[index], self.upper[index] = 0.0, np.inf
        self._logarithm = flux.objective.is_logarithm(index)

    def numbers(self, values: Array) -> tuple[Array, float]:
        """Return the numbers of the fit that have the flux, and by how much that is missed within their limits."""
        wanted = values[self.index] * self.unit
        numbers = values.copy()
        nothing, one = (-_FAINT, 0.0) if self._logarithm else (0.0, 1.0)
        numbers[self.index] = one
        whole = self.flux(numbers)
        numbers[self.index] = nothing
        rest = self.flux(numbers)
        share = (wanted - rest) / (whole - rest) if whole > rest else 0.0
        if self._logarithm:
            share = math.log10(share) if share > 0.0 else -_FAINT
        objective = self.flux.objective
        numbers[self.index] = np.clip(share, objective.lower[self.index], objective.upper[self.index])
        return numbers, (self.flux(numbers) - wanted) / self.unit if share != numbers[self.index] else 0.0

    def residual(self, values: Array) -> Array:
        """Return the residuals of the fit, and one for what cannot be reached."""
        numbers, missed = self.numbers(values)
        return np.append(self.flux.objective.residual(numbers), np.nan_to_num(_FORBIDDEN * missed))

    def statistic(self, values: Array) -> float:
        """Return the statistic."""
        found = self.residual(values)
        return float(found @ found)

    def jacobian(self, values: Array, varied: Mask) -> Array:
        """Return derivatives of the residuals, shape (residuals, varied numbers)."""
        here = self.residual(values)
        columns = []
        for index in np.flatnonzero(varied):
            moved = values.copy()
            moved[index] += self.flux.objective.step(values, index)
            columns.append((self.residual(moved) - here) / (moved[index] - values[index]))
        return np.column_stack(columns)


def _limits(
    flux: FluxOfBand, best: Array, covariance: Array | None, rise: float
) -> tuple[float, float | None, float | None]:
    here, gradient = flux(best), flux.gradient(best)
    index = _scale(flux.objective, best, gradient)
    if index is None or not np.all(np.isfinite([here, *gradient])):
        return here, None, None
    error = 0.0 if covariance is None else math.sqrt(max(float(gradient @ covariance @ gradient), 0.0))
    # Without a covariance, or where all that counts stands at a limit: a rough guess, which the search mends.
    unit = error or _ROUGH * here or _ROUGH * float(gradient[index])
    held = FluxForNorm(flux, index, unit)
    start, guess = best.copy(), None
    start[index] = here / unit
    if error > 0.0 and covariance is not None:
        change = np.eye(best.size)
        change[index] = gradient / unit
        guess = change @ covariance @ change.T
    try:
        ends = [limit(held, start, index, side, rise=rise, covariance=guess).value for side in (-1, 1)]
    except LowerMinimum as better:
        raise LowerMinimum(held.numbers(better.values)[0]) from None
    lower, upper = (None if end is None else end * unit for end in ends)
    return here, lower, upper


def _scale(objective: Objective, best: Array, gradient: Array) -> int | None:
    """Return the number that scales most of the flux; None: no norm is free that does."""
    scales = [index for index in range(best.size) if objective.is_scale(index) and gradient[index] > 0.0]
    by = {index: 1.0 if objective.is_logarithm(index) else float(best[index]) for index in scales}
    return max(scales, key=lambda index: (gradient[index] * by[index], gradient[index]), default=None)
