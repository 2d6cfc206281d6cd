"""Finds the least statistic within the limits of the parameters, and the covariance of the parameters there."""

from typing import Protocol

import numpy as np
from scipy.optimize import least_squares, minimize

from mesh.kit import ScienceFailure
from services.spectral_fit.analysis.data_set import Mask
from services.spectral_fit.analysis.ogip_files import Array

ADVICE = "give starting values near the truth (parameter settings), freeze a parameter, or choose a simpler model"
_NOWHERE = 1e40  # a statistic that only a spectrum without finite values has
_EVALUATIONS = 3_000
_SIGMAS = 0.3  # of the steps from which the curvature is taken


class Minimised(Protocol):
    """A statistic of some numbers within their limits, as a sum of squares.

    Attributes:
        lower: lower limits of the numbers.
        upper: their upper limits.
    """

    lower: Array
    upper: Array

    def residual(self, values: Array) -> Array:
        """Return the signed roots of the shares of the statistic."""

    def statistic(self, values: Array) -> float:
        """Return the statistic."""

    def jacobian(self, values: Array, varied: Mask) -> Array:
        """Return derivatives of the residuals, shape (residuals, varied numbers)."""


def minimum(objective: Minimised, start: Array, held: int | None = None) -> Array:
    """Return the values at the least statistic.

    Args:
        objective: what is made small.
        start: where to begin.
        held: index of a value that stays as it is; confidence limits need no more than a part of a per cent then.

    Raises:
        ScienceFailure: reason ``NotConverged``.
    """
    varied = np.arange(start.size) != (-1 if held is None else held)
    if not varied.any():
        return start
    low, high = objective.lower[varied], objective.upper[varied]
    precision = 1e-9 if held is None else 1e-6

    def whole(part: Array) -> Array:
        values = start.copy()
        values[varied] = part
        return values

    def descended(part: Array) -> tuple[Array, bool]:
        found = least_squares(
            lambda part: objective.residual(whole(part)),
            np.clip(part, low, high),
            jac=lambda part: objective.jacobian(whole(part), varied),
            bounds=(low, high),
            x_scale="jac",
            ftol=precision,
            xtol=precision,
            gtol=1e-12,
            max_nfev=200,
        )
        return np.asarray(found.x, np.float64), bool(found.success)

    try:
        part, ended = descended(start[varied])
        if not ended and held is None:
            simplex = minimize(
                lambda part: objective.statistic(whole(part)),
                part,
                method="Nelder-Mead",
                bounds=list(zip(low, high, strict=True)),
                options={"maxfev": _EVALUATIONS},
            )
            part, ended = descended(np.asarray(simplex.x, np.float64))
    except (ValueError, np.linalg.LinAlgError, FloatingPointError) as error:
        raise ScienceFailure("NotConverged", f"the fit failed: {error}; {ADVICE}") from error
    if not ended and held is None:
        raise ScienceFailure("NotConverged", f"the fit ended without a minimum; {ADVICE}")
    return whole(part)


def refuse_nowhere(objective: Minimised, best: Array) -> None:
    """Refuse a minimum at which the model has no finite values.

    Raises:
        ScienceFailure: reason ``NotConverged``.
    """
    if not objective.statistic(best) < _NOWHERE:
        raise ScienceFailure("NotConverged", f"the model has no finite spectrum where the fit looks; {ADVICE}")


def covariance(objective: Minimised, best: Array) -> Array | None:
    """Return the inverse of half the curvature of the statistic; None where the data leave a combination open.

    A value that stands at a limit has no variance: the statistic has a slope there.
    """
    every = np.ones(best.size, bool)
    jacobian = objective.jacobian(best, every)
    size = np.sqrt(np.sum(jacobian**2, axis=0))
    if not np.all(np.isfinite(size)) or np.any(size <= 0.0):
        return None
    single = 1.0 / size  # error of each with the others fixed
    room = np.minimum(best - objective.lower, objective.upper - best)
    loose = np.flatnonzero(room > 1e-3 * single)
    steps = np.minimum(_SIGMAS * single, room)
    curvature = np.zeros((loose.size, loose.size))
    centre = objective.statistic(best)

    def at(*moves: tuple[int, float]) -> float:
        values = best.copy()
        for index, sign in moves:
            values[index] += sign * steps[index]
        return objective.statistic(values)

    for row, i in enumerate(loose.tolist()):
        curvature[row, row] = (at((i, 1)) - 2.0 * centre + at((i, -1))) / (2.0 * steps[i] ** 2)
        for column, j in enumerate(loose[:row].tolist()):
            mixed = at((i, 1), (j, 1)) - at((i, 1), (j, -1)) - at((i, -1), (j, 1)) + at((i, -1), (j, -1))
            curvature[row, column] = curvature[column, row] = mixed / (8.0 * steps[i] * steps[j])
    # Parameters differ by many orders of magnitude: invert what has ones on its diagonal.
    diagonal = np.diag(curvature)
    if np.any(diagonal <= 0.0) or not np.all(np.isfinite(curvature)):
        return None
    scale = np.sqrt(diagonal)
    weights, axes = np.linalg.eigh(curvature / np.outer(scale, scale))
    if weights.min(initial=1.0) <= 1e-10:
        return None
    found = np.zeros((best.size, best.size))
    found[np.ix_(loose, loose)] = (axes / weights) @ axes.T / np.outer(scale, scale)
    return found
