"""The fit: from starting values to best parameters, their confidence intervals, and what each spectrum says of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from mesh.kit import BadInput, ScienceFailure
from services.spectral_fit.analysis.confidence import Limit, LowerMinimum, limit
from services.spectral_fit.analysis.data_set import DataSet
from services.spectral_fit.analysis.flux import Flux, fluxes
from services.spectral_fit.analysis.minimum import ADVICE, covariance, minimum, refuse_nowhere
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.objective import Objective
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.settings import Start

_BEGINNINGS = 5


@dataclass(frozen=True)
class Interval:
    """Best value of a parameter, with its confidence limits where it is free and they were found.

    Args:
        value: at the minimum.
        lower: end of the interval; None where the parameter is not free, or not constrained on this side.
        upper: the same.
        lower_stopped: whether the interval ends at *lower* because the parameter's own limit is there.
        upper_stopped: the same.
        at_limit: whether the value itself stands at a limit of the parameter.
    """

    value: float
    lower: float | None = None
    upper: float | None = None
    lower_stopped: bool = False
    upper_stopped: bool = False
    at_limit: bool = False


@dataclass(frozen=True)
class FitResult:
    """What came out.

    Args:
        parameters: of the model, in its order.
        factors: of the cross-normalisation, one a spectrum.
        corrections: amplitudes of the correction files, one a spectrum; None for a spectrum without.
        statistic: its value.
        dof: degrees of freedom.
        bins: groups of each spectrum.
        contributions: share of each spectrum in the statistic.
        covariance: of the free values, in the order of *free*; None where it cannot be inverted.
        free: their names.
        folded: expected counts of the groups of each spectrum, correction included.
        fluxes: of the model in the bands that were asked for.
    """

    parameters: tuple[Interval, ...]
    factors: tuple[Interval, ...]
    corrections: tuple[Interval | None, ...]
    statistic: float
    dof: int
    bins: tuple[int, ...]
    contributions: tuple[float, ...]
    covariance: Array | None
    free: tuple[str, ...]
    folded: tuple[Array, ...]
    fluxes: tuple[Flux, ...]


def fitted(
    data: Sequence[DataSet],
    model: Model,
    starts: Sequence[Start],
    *,
    cross: bool,
    confidence: float,
    flux_bands: Sequence[Sequence[float]] = (),
) -> FitResult:
    """Fit a model to one spectrum or to several, and find the limits of every free parameter and of fluxes.

    Args:
        data: the spectra.
        model: of the source.
        starts: of its parameters.
        cross: whether each spectrum after the first has a free factor.
        confidence: level of the intervals, 0 to 1.
        flux_bands: bands in which the flux is told [keV].

    Raises:
        BadInput: ``TooFewChannels``, ``NothingToFit``.
        ScienceFailure: ``NotConverged``.
    """
    objective = Objective(data, model, starts, cross=cross)
    if objective.start.size == 0:
        raise BadInput("NothingToFit", "every parameter is frozen: leave one free")
    if objective.dof <= 0:
        text = (
            f"{sum(objective.bins)} channels cannot fix {len(objective.names)} free parameters: widen the range, group "
            "less, or freeze some"
        )
        raise BadInput("TooFewChannels", text)
    rise = float(chi2_distribution.ppf(confidence, 1))
    best, spread, limits, found = _best(objective, rise, flux_bands)
    intervals = {
        name: _interval(objective, best, index, ends)
        for index, (name, ends) in enumerate(zip(objective.names, limits, strict=True))
    }
    every = objective.parameters(best)
    names = [place.name for place in model.places]
    return FitResult(
        parameters=tuple(intervals.get(name, Interval(float(value))) for name, value in zip(names, every, strict=True)),
        factors=tuple(intervals.get(f"factor.{number}", Interval(1.0)) for number in range(1, len(data) + 1)),
        corrections=tuple(intervals.get(f"correction.{number}") for number in range(1, len(data) + 1)),
        statistic=objective.statistic(best),
        dof=objective.dof,
        bins=objective.bins,
        contributions=objective.shares(best),
        covariance=spread,
        free=objective.names,
        folded=tuple(objective.expected(best)),
        fluxes=found,
    )


def _best(
    objective: Objective, rise: float, flux_bands: Sequence[Sequence[float]]
) -> tuple[Array, Array | None, list[tuple[Limit, Limit]], tuple[Flux, ...]]:
    """Return the best values, their covariance, limits and fluxes; begin anew where limits come upon a better fit."""
    values = objective.scaled()
    for _ in range(_BEGINNINGS):
        values = minimum(objective, values)
        refuse_nowhere(objective, values)
        spread = covariance(objective, values)
        try:
            limits = [
                (
                    limit(objective, values, index, -1, rise=rise, covariance=spread),
                    limit(objective, values, index, 1, rise=rise, covariance=spread),
                )
                for index in range(values.size)
            ]
            found = fluxes(objective, values, spread, flux_bands, rise)
        except LowerMinimum as better:
            values = better.values
            continue
        return values, spread, limits, found
    raise ScienceFailure("NotConverged", f"the statistic has many minima; {ADVICE}")


def _interval(objective: Objective, best: Array, index: int, ends: tuple[Limit, Limit]) -> Interval:
    value, low, high = float(best[index]), float(objective.lower[index]), float(objective.upper[index])
    lower, upper = ends
    size = max((abs(end.value - value) for end in ends if end.value is not None), default=0.0)
    rounding = 1e-9 * abs(value)
    near = np.array([value - low, high - value]) <= max(1e-3 * size, rounding)
    # The minimum is sought in scaled values: a value at its limit comes back some last digits beside it.
    value = next((wall for wall in (low, high) if abs(value - wall) <= rounding), value)
    return Interval(value, lower.value, upper.value, lower.stopped, upper.stopped, at_limit=bool(near.any()))
