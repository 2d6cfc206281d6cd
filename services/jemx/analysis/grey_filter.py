"""The grey filter of JEM-X: on board it drops a known share of the triggers when telemetry is short.

Setting G accepts G + 1 of 32 triggers: all at 31, one of 32 at 0 (JEM-X Analysis User Manual, low level processing
data products). Every event carries the setting at its time. Dead time (DEADC) counts the electronics alone, so that
both factors apply.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.weighted_curve import TimeBins

ALL = 31
"""The setting that accepts every trigger."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GreyFilter:
    """Settings over a window: that of each event holds until the next event.

    Args:
        time_s: ascending times of events, shape (N,).
        setting: of each event, 0-31.
    """

    time_s: Array
    setting: NDArray[np.uint8]

    @property
    def open(self) -> bool:
        """Whether all triggers were accepted all the time."""
        return bool(np.all(self.setting >= ALL))

    def share(self, good_times: Array) -> float:
        """Return the share of good time, shape (n, 2), during which triggers were accepted."""
        if self.open:
            return 1.0
        return float(np.diff(self._accepted(good_times), axis=1).sum() / np.diff(good_times, axis=1).sum())

    def bins(self, bins: TimeBins, good_times: Array) -> TimeBins:
        """Return bins whose exposure is their accepted good time."""
        if self.open:
            return bins
        count = bins.exposed.shape[1]
        edges = self._accepted(bins.first_s + bins.width_s * np.arange(count + 1))
        until = np.zeros(count + 1)
        for start, stop in self._accepted(good_times):
            until += np.clip(edges - start, 0.0, stop - start)
        return TimeBins(bins.first_s, bins.width_s, np.diff(until)[None] / bins.width_s, until[-1:] - until[:1])

    def _accepted(self, time_s: Array) -> Array:
        """Return the accepted time from the first event until each time; negative before it."""
        share = (np.minimum(self.setting, ALL) + 1.0) / (ALL + 1.0)
        total = np.concatenate([[0.0], np.cumsum(share[:-1] * np.diff(self.time_s))])
        before, after = time_s - self.time_s[0], time_s - self.time_s[-1]
        inside = np.interp(time_s, self.time_s, total)
        found: Array = inside + share[0] * np.minimum(before, 0.0) + share[-1] * np.maximum(after, 0.0)
        return found
