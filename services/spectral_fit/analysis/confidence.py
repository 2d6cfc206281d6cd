"""Confidence limits of a parameter or a flux: where the statistic, least over all else, has risen by so much.

Where a limit of the parameter comes first, the interval ends there, and says so.
"""

from dataclasses import dataclass

import numpy as np

from mesh.kit import ScienceFailure
from services.spectral_fit.analysis.minimum import Minimised, minimum
from services.spectral_fit.analysis.ogip_files import Array

_MOST_TRIALS = 25
_NEAR = 0.01  # of the rise: half a per cent of the distance
_LOWER = -0.02  # of the statistic: the fit had not found the minimum


@dataclass(frozen=True)
class Limit:
    """One end of an interval.

    Args:
        value: None where none was found: the data do not constrain the parameter on this side.
        stopped: whether the interval ends here only because the parameter does.
    """

    value: float | None
    stopped: bool = False


class LowerMinimum(Exception):
    """The search for a limit came upon values that fit better."""

    def __init__(self, values: Array) -> None:
        super().__init__("a better fit was found")
        self.values = values


def limit(objective: Minimised, best: Array, index: int, side: int, *, rise: float, covariance: Array | None) -> Limit:
    """Return one end of the interval of a value.

    Args:
        objective: what was made small.
        best: values at the minimum.
        index: of the value.
        side: 1 for the upper end, -1 for the lower.
        rise: of the statistic at the end, e.g. 1 for 68.27 %.
        covariance: of all values, for the first guess; None where it is not known.

    Raises:
        LowerMinimum: begin anew from there.
    """
    bottom, centre = objective.statistic(best), float(best[index])
    wall = float(objective.upper[index] if side > 0 else objective.lower[index])
    slope = np.zeros(best.size)
    step = 0.1 * abs(centre) or 0.1
    if covariance is not None and covariance[index, index] > 0.0:
        step = float(np.sqrt(rise * covariance[index, index]))
        slope = covariance[index] / covariance[index, index]
    inside, outside = (centre, 0.0), None  # (place, root of the rise) on either side of the end
    start, at = best, centre
    for trial in range(_MOST_TRIALS):
        if outside is None:
            target = centre + side * step
        else:
            share = (np.sqrt(rise) - inside[1]) / (outside[1] - inside[1])
            # In the middle every other time: far from a parabola the straight line between the two creeps.
            share = 0.5 if trial % 2 else min(max(share, 0.05), 0.95)
            target = inside[0] + share * (outside[0] - inside[0])
        target = float(min(target, wall) if side > 0 else max(target, wall))
        guess = np.clip(start + slope * (target - at), objective.lower, objective.upper)
        guess[index] = target
        try:
            found = minimum(objective, guess, held=index)
        except ScienceFailure:
            return Limit(None)
        height = objective.statistic(found) - bottom
        if height < _LOWER:
            raise LowerMinimum(found)
        root = float(np.sqrt(max(height, 0.0)))
        if abs(height - rise) < _NEAR * rise:
            return Limit(target)
        if height > rise:
            outside = (target, root)
            if abs(outside[0] - inside[0]) <= 1e-6 * abs(centre):
                return Limit(target)
            continue
        if target == wall:
            return Limit(wall, stopped=True)
        inside, start, at = (target, root), found, target
        if outside is None:
            # The root grows as the distance, as long as the statistic is a parabola.
            ahead = np.sqrt(rise) / root if root > 0.0 else 4.0
            step = abs(target - centre) * min(max(ahead, 1.02), 4.0)
    return Limit(None)
