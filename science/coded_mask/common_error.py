"""Numbers whose errors have a part in common: which windows share it, and what it does to means and to chi2.

The pattern of the pixels is the same in all windows of some months. Where the shadow of a source falls on the same
pixels again - windows at one attitude, a repeated dither, a shift by one period of the mask - it makes the same error
again, which no mean makes smaller. With n numbers and g groups of windows the covariance is ``diag(own^2) + H H^T``,
``H`` (n x g) what one unknown number of unit variance a group does to each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from science.coded_mask.camera import Camera
from science.coded_mask.geometry import Attitude

SAME_PATTERN_DAYS = 180.0
"""Time for which the pattern of the pixels is taken to stay the same, as for background maps: 60 revolutions."""

Array = NDArray[np.float64]


def shadow_groups(
    tz: Array, ty: Array, day: Array, camera: Camera, detector: NDArray[np.intp] | None = None
) -> NDArray[np.intp]:
    """Return a number for each window, the same where a direction casts its shadow on the same pixels.

    Shadows are the same within half a cell of the mask along both axes. Their correlation falls to nothing over a whole
    cell, so that the limit keeps its integral.

    Args:
        tz: tangents of the direction in each window.
        ty: tangents of the direction in each window.
        day: time of each window, days.
        camera: that saw them.
        detector: number of the detector of each window, where there are several; each has its own pattern.
    """
    reach, period = camera.resolution / 2.0, camera.period
    place = np.column_stack([tz, ty])

    def same(window: int, others: list[int]) -> NDArray[np.bool_]:
        shift = place[others] - place[window]
        if period is not None:
            shift -= period * np.round(shift / period)
        return np.asarray((np.abs(shift) <= reach).all(axis=1))

    return _numbered(day, detector, same)


def attitude_groups(
    attitudes: Sequence[Attitude], day: Array, camera: Camera, detector: NDArray[np.intp] | None = None
) -> NDArray[np.intp]:
    """Return a number for each window, the same where all of the field casts the same shadows.

    Args:
        attitudes: of the windows.
        day: time of each window, days.
        camera: that saw them.
        detector: number of the detector of each window, where there are several.
    """
    half = camera.grid.axis[0] * camera.grid.step / 2.0
    points = np.array([[1.0, 0.0, 0.0], [1.0, half, 0.0], [1.0, 0.0, half]])
    place = np.array([points @ attitude.axes for attitude in attitudes])
    reach = camera.resolution / np.sqrt(np.pi)  # a circle as large as the square of half a cell to each side

    def same(window: int, others: list[int]) -> NDArray[np.bool_]:
        shift = np.linalg.norm(place[others] - place[window], axis=-1)
        return np.asarray((shift <= reach).all(axis=1))

    return _numbered(day, detector, same)


def _numbered(
    day: Array, detector: NDArray[np.intp] | None, same: Callable[[int, list[int]], NDArray[np.bool_]]
) -> NDArray[np.intp]:
    """Give each window the number of the first one that is the same, or a new number."""
    if detector is None:
        detector = np.zeros(day.size, np.intp)
    number = np.empty(day.size, np.intp)
    first: list[int] = []
    for window in range(day.size):
        recent = np.abs(day[first] - day[window]) <= SAME_PATTERN_DAYS
        found = np.flatnonzero(same(window, first) & recent & (detector[first] == detector[window]))
        number[window] = found[0] if found.size else len(first)
        if not found.size:
            first.append(window)
    return number


def shared_only(own: Array, common: sparse.csr_array) -> tuple[Array, sparse.csr_array]:
    """Move what a number shares with no other from its common to its own error; the covariance stays the same."""
    columns = sparse.csc_array(common)
    alone = np.diff(columns.indptr) == 1
    lonely = sparse.csr_array(columns[:, alone])
    total = np.sqrt(own**2 + np.asarray(lonely.power(2).sum(axis=1)).ravel())
    return total, sparse.csr_array(columns[:, ~alone])


@dataclass(frozen=True)
class Constant:
    """A constant fitted to several numbers: value, 1 sigma error, chi2 per degree of freedom (NaN for one)."""

    value: float
    error: float
    chi2_per_dof: float


def constant(value: Array, own: Array, common: sparse.csr_array) -> Constant:
    """Fit a constant by least squares with the covariance ``diag(own^2) + H H^T``.

    Args:
        value: the numbers, shape (n,).
        own: error that each has for itself, shape (n,), above 0.
        common: H, shape (n, groups).
    """
    weight = own**-2.0
    weighted = sparse.csr_array(common.multiply(weight[:, None]))
    inner = splu(sparse.csc_matrix(sparse.eye_array(common.shape[1]) + common.T @ weighted))

    def precise(x: Array) -> Array:
        """Return C^-1 x by the Woodbury identity."""
        result: Array = weight * x - weighted @ inner.solve(common.T @ (weight * x))
        return result

    ones = precise(np.ones(value.size))
    total = float(ones.sum())
    mean = float(ones @ value) / total
    left = value - mean
    chi2 = float(left @ precise(left))
    return Constant(mean, total**-0.5, chi2 / (value.size - 1) if value.size > 1 else np.nan)


def grouped_constant(value: Array, own: Array, common: Array, number: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Fit a constant to several numbers of which each belongs to one group; any number of columns at once.

    The same as ``constant``, in closed form (Sherman and Morrison): C^-1 of a group is
    ``diag(w) - (w c)(w c)^T / (1 + sum(w c^2))``, w = own^-2.

    Args:
        value: the numbers, shape (n, columns).
        own: error that each has for itself, same shape, above 0.
        common: error that each has in common with its group, same shape.
        number: of the group, shape (n,).

    Returns:
        Best values, 1 sigma errors, chi2 per degree of freedom (NaN for one number), shape (columns,); NaN where all
        errors are infinite.
    """
    weight = own**-2.0
    member = (number == np.arange(number.max() + 1)[:, None]).astype(np.float64)
    inner = 1.0 + member @ (weight * common**2)

    def product(x: Array, y: Array) -> Array:
        together = (member @ (weight * common * x)) * (member @ (weight * common * y)) / inner
        result: Array = (weight * x * y).sum(axis=0) - together.sum(axis=0)
        return result

    ones = np.ones_like(value)
    total = product(ones, ones)
    total[total == 0.0] = np.nan
    mean = product(ones, value) / total
    chi2 = product(value - mean, value - mean)
    dof = (weight > 0.0).sum(axis=0) - 1.0
    return mean, total**-0.5, chi2 / np.where(dof > 0.0, dof, np.nan)


def weighted_error(weight: Array, own: Array, common: sparse.csr_array) -> float:
    """Return the error of the mean of several numbers by the given weights."""
    total = float(weight.sum())
    together = common.T @ weight
    return float(np.sqrt(((own * weight) ** 2).sum() + (together**2).sum())) / total if total > 0.0 else np.nan
