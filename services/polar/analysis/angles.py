"""Scattering angles of any convention, as degrees from 0 to 360.

Files count from 0 to 360 or from -180 to 180, in degrees or radians, mark events without an angle by NaN or by one
impossible value, and some give the label of a bin in place of an angle.
"""

from dataclasses import dataclass

import numpy as np

from science.bursts.curve import Floats

_MOST_LABELS = 180
_EVENTS_A_LABEL = 5
_OFF_GRID = 0.02  # of a bin
_RADIANS = ("rad", "radian", "radians")


@dataclass(frozen=True)
class Angles:
    """Scattering angles.

    Args:
        degrees: 0 to 360, NaN where there is none, shape (n,).
        bin_deg: width of the bins that they are the middles of; 0 where they are not binned.
        notes: what was taken for granted, in words.
    """

    degrees: Floats
    bin_deg: float
    notes: tuple[str, ...]


def scattering_angles(values: Floats, unit: str) -> Angles:
    """Return the angles of a column.

    Args:
        values: shape (n,).
        unit: TUNIT of the column; may be empty.
    """
    notes: list[str] = []
    given = np.where(np.isfinite(values), values, np.nan)
    in_radians = unit.strip().lower() in _RADIANS
    if not unit.strip() and _look_like_radians(given):
        in_radians = True
        notes.append("the scattering angles have no unit and lie within 2 pi: they are taken for radians")
    if in_radians:
        given = np.degrees(given)
    # One rounding of radians beyond a full turn is still that turn.
    given = np.where((given >= -180.001) & (given <= 360.001), given, np.nan)
    negative = np.unique(given[given < 0])
    if negative.size == 1:
        given = np.where(given < 0, np.nan, given)  # the mark of events without an angle
    width, shift, doubt = _labels(given)
    if doubt:
        notes.append(doubt)
    return Angles((given + shift) % 360, width, tuple(notes))


def _look_like_radians(given: Floats) -> bool:
    there = given[np.isfinite(given) & (given > -np.pi - 1e-3)]
    return there.size > _MOST_LABELS and float(np.abs(there).max()) <= 2 * np.pi + 1e-3


def _labels(given: Floats) -> tuple[float, float, str]:
    """Return the width of the bins that angles are labels of, how far after these the middles lie, and doubts."""
    there = given[np.isfinite(given)]
    labels = np.unique(np.round(there, 4))
    if not 2 < labels.size <= _MOST_LABELS or there.size < _EVENTS_A_LABEL * labels.size:
        return 0.0, 0.0, ""
    width = float(np.diff(labels).min())
    width = 360.0 / round(360.0 / width)  # labels in radians are rounded
    steps = (labels - labels[0]) / width
    if np.abs(steps - np.round(steps)).max() > _OFF_GRID * max(1.0, float(steps.max()) * 0.01):
        return 0.0, 0.0, ""
    offset = (labels[0] / width) % 1.0
    if abs(offset - 0.5) < _OFF_GRID:
        return width, 0.0, ""
    if min(offset, 1 - offset) > _OFF_GRID:
        return width, 0.0, f"scattering angles are labels of bins of {width:g} deg, taken for their middles"
    start = -180.0 if labels[0] < 0 else 0.0
    first, last = abs(labels[0] - start) < _OFF_GRID * width, abs(labels[-1] - start - 360) < _OFF_GRID * width
    upper = last and not first
    name = "upper" if upper else "lower"
    doubt = f"scattering angles are labels of bins of {width:g} deg, taken for their {name} edges"
    return width, (-0.5 if upper else 0.5) * width, doubt
