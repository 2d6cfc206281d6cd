"""What veto and calibration strobes leave of the time of each module, from the housekeeping of a science window.

The archive's ISGR-DEAD-SCP (``ibis_deadtime.fits``) tells the share of every 8 s in which a module was dead, whatever
the cause. Of it the module's own events cost 114 us each (see ``dead_time``); the rest is the strobes', and holds for
any piece of those 8 s, however short: a burst costs its modules events, not strobes.

Source of layout and numbering: the standard software reads II_DEADTIME_0 to 7 as fractions of 8 s around OB_TIME;
module n = 3 - z // 32, and 4 more where y < 64, with pixels z and y counted from 0 to 127.
"""

import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.timing.on_board_time import OBT_S, on_board_units, window_start
from services.isgri.analysis.detector import EVENT_DEAD_S

ROW_S = 8.0
_TABLE = "ISGR-DEAD-SCP"
_MODULES = 8
_LEAST_AWAKE = 0.05
_COLUMN_OF_MODULE = tuple((0 if number % 2 else 4) + 3 - number // 2 for number in range(_MODULES))
"""Our modules go along DETY first (see ``detector.module_map``)."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Strobes:
    """Share of time that strobes leave each module, as steps.

    Args:
        middle_s: middles of the rows, ascending seconds after the start of the window, shape (n,), at least one.
        left: share of the time of each row that strobes leave, shape (8, n). It holds until half way to the next row.
    """

    middle_s: Array
    left: Array

    def mean(self, spans: Array) -> Array:
        """Return the mean over some time of each module, shape (8,).

        Args:
            spans: seconds after the start of the window, shape (k, 2), k > 0.
        """
        length = float((spans[:, 1] - spans[:, 0]).sum())
        total: Array = (self._until(spans[:, 1]) - self._until(spans[:, 0])).sum(axis=1)
        return total / length

    def in_bins(self, first_s: float, width_s: float, count: int) -> Array:
        """Return the mean of each module in adjoining bins, shape (8, count)."""
        edges = first_s + width_s * np.arange(count + 1, dtype=np.float64)
        means: Array = np.diff(self._until(edges), axis=1) / width_s
        return means

    def covers(self, spans: Array) -> float:
        """Return the share of some time that lies within a row."""
        starts, stops = self.middle_s - ROW_S / 2, self.middle_s + ROW_S / 2
        seen = 0.0
        for start, stop in spans:
            seen += float(np.maximum(np.minimum(stops, stop) - np.maximum(starts, start), 0.0).sum())
        return min(seen / float((spans[:, 1] - spans[:, 0]).sum()), 1.0)

    def _until(self, time_s: Array) -> Array:
        """Return the integral from the first step to each time, shape (8, times); both ends go on for ever."""
        edges = (self.middle_s[1:] + self.middle_s[:-1]) / 2.0
        row = np.searchsorted(edges, time_s, side="right")
        starts = np.concatenate([self.middle_s[:1], edges])
        before = np.zeros((_MODULES, starts.size))
        np.cumsum(self.left[:, :-1] * np.diff(starts), axis=1, out=before[:, 1:])
        integral: Array = before[:, row] + self.left[:, row] * (time_s - starts[row])
        return integral


def read_strobes(path: Path, events: Path, time_s: Array, module: NDArray[np.int8]) -> Strobes:
    """Return what strobes leave of the time of a science window.

    Args:
        path: its ISGR-DEAD-SCP table, which counts on-board time alone.
        events: the event file of the same window, whose header tells that time and IJD of its start.
        time_s: times of all events, ascending seconds after the start of the window.
        module: of all events.

    Raises:
        BadInput: BadDeadTime: the file is damaged, tells nothing of this window, or the event file does not tell its
            on-board time.
    """
    try:
        start_obt, _ = window_start(events)
        with warnings.catch_warnings(), fits.open(path, memmap=False) as hdus:
            # Odd header cards are no harm; a file that is cut lacks its table or rows.
            warnings.simplefilter("ignore", AstropyUserWarning)
            rows = hdus[_TABLE].data
            middle = (on_board_units(rows["OB_TIME"]) - start_obt) * OBT_S
            dead = np.stack([np.asarray(rows[f"II_DEADTIME_{n}"], np.float64) for n in _COLUMN_OF_MODULE])
    except (OSError, EOFError, zlib.error, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput("BadDeadTime", f"{path.name} cannot be used for dead time: {error}") from error
    # A module that is off counts as wholly dead: the others of the row stand.
    told = np.isfinite(dead) & (dead >= 0.0) & (dead <= 1.0)
    middle, first = np.unique(middle, return_index=True)  # a row that stands twice counts once
    dead, told = dead[:, first], told[:, first]
    within = (middle > -ROW_S) & (middle < float(time_s[-1]) + ROW_S) & told.any(axis=0) & (dead < 1.0).any(axis=0)
    if not within.any():
        raise BadInput("BadDeadTime", f"{path.name} tells no dead time of this window")
    middle, dead, told = middle[within], dead[:, within], told[:, within]
    own = 1.0 - EVENT_DEAD_S * _events_of_rows(middle, time_s, module) / ROW_S
    left = np.clip((1.0 - dead) / np.maximum(own, _LEAST_AWAKE), 0.0, 1.0)
    return Strobes(middle, _filled(left, told & (dead < 1.0)))


def _events_of_rows(middle_s: Array, time_s: Array, module: NDArray[np.int8]) -> Array:
    """Count the events of each module within each row, shape (8, n)."""
    edges = np.stack([middle_s - ROW_S / 2, middle_s + ROW_S / 2])
    counts = np.empty((_MODULES, middle_s.size))
    for number in range(_MODULES):
        first, last = np.searchsorted(time_s[module == number], edges)
        counts[number] = last - first
    return counts


def _filled(left: Array, told: NDArray[np.bool_]) -> Array:
    """Give rows that tell nothing of a module the mean of its others, or of the modules that are told.

    Veto and calibration strobes blind all modules alike.
    """
    of_all = float(left[told].mean())
    filled: Array = np.stack(
        [
            np.where(known, row, row[known].mean() if known.any() else of_all)
            for row, known in zip(left, told, strict=True)
        ]
    )
    return filled
