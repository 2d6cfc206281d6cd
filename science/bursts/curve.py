"""Counts on a regular grid of time, with gaps: what every step of the analysis works on."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """Counts in bins of equal length.

    Args:
        start_s: start of the first bin, seconds (TT) since MJD 51544.
        bin_s: length of a bin, s.
        counts: shape (n,), 0 where not live.
        live: shape (n,), whether the detector was on and its telemetry came.
        alive: shape (n,), above 0: share of each live bin in which the detector was not dead; None: all of it.
    """

    start_s: float
    bin_s: float
    counts: Floats
    live: Flags
    alive: Floats | None = None

    @property
    def edges(self) -> Floats:
        """Bin edges, shape (n + 1,), seconds after ``start_s``."""
        return np.arange(self.counts.size + 1, dtype=np.float64) * np.float64(self.bin_s)

    @property
    def centres(self) -> Floats:
        """Bin centres, shape (n,), seconds after ``start_s``."""
        return (np.arange(self.counts.size, dtype=np.float64) + 0.5) * np.float64(self.bin_s)

    @property
    def share(self) -> Floats:
        """Share of each bin in which a photon would have been counted, shape (n,): 0 where not live."""
        return np.where(self.live, 1.0 if self.alive is None else self.alive, 0.0)

    @property
    def live_s(self) -> float:
        """Live time, s."""
        return float(self.live.sum()) * self.bin_s

    @property
    def rate(self) -> float:
        """Mean rate over the live time, corrected for dead time, counts/s; NaN without any."""
        return float(self.counts.sum()) / float(self.share.sum() * self.bin_s) if self.live.any() else float("nan")

    def time_s(self, place: float) -> float:
        """Seconds (TT) since MJD 51544 of a place on the grid, in bins; whole numbers are bin starts."""
        return self.start_s + place * self.bin_s

    def cut(self, begin_s: float, end_s: float) -> Self:
        """Return the bins that begin inside an interval of seconds (TT) since MJD 51544; possibly none."""
        first, last = (
            int(np.clip(np.ceil(round((edge - self.start_s) / self.bin_s, 6)), 0, self.counts.size))
            for edge in (begin_s, end_s)
        )
        return self.between(first, max(first, last))

    def between(self, first: int, last: int) -> Self:
        """Return the bins from *first* up to *last*, which is left out."""
        part = slice(first, last)
        alive = None if self.alive is None else self.alive[part]
        return type(self)(self.time_s(first), self.bin_s, self.counts[part], self.live[part], alive)

    def rebin(self, factor: int) -> tuple[Self, Floats]:
        """Return the curve in bins *factor* times as long, and the live fraction of each; an odd rest is dropped.

        A bin is live when any of it is; its counts are those that were seen, not extrapolated.
        """
        whole = self.counts.size // factor * factor
        counts = self.counts[:whole].reshape(-1, factor).sum(axis=1)
        exposed = self.live[:whole].reshape(-1, factor).mean(axis=1)
        alive = None
        if self.alive is not None:
            alive = self.share[:whole].reshape(-1, factor).mean(axis=1) / np.where(exposed > 0, exposed, 1.0)
            alive = np.where(exposed > 0, alive, 1.0)
        return type(self)(self.start_s, self.bin_s * factor, counts, exposed > 0, alive), exposed

    def gaps(self, at_least_s: float = 0.0) -> Floats:
        """Return start and stop of what is not live, shape (n, 2), seconds (TT) since MJD 51544."""
        dark = runs(~self.live)
        long = (dark[:, 1] - dark[:, 0]) * self.bin_s > at_least_s
        return self._seconds(dark[long])

    def good_times(self) -> Floats:
        """Return start and stop of what is live, shape (n, 2), seconds (TT) since MJD 51544."""
        return self._seconds(runs(self.live))

    def _seconds(self, places: NDArray[np.int64]) -> Floats:
        return np.asarray(self.start_s + places * self.bin_s, dtype=np.float64)


def join(parts: list[Curve]) -> Curve:
    """Put curves of one bin length on the grid of the first; a part that lies off the grid moves by half a bin at most.

    Args:
        parts: at least one, without dead time; where two are live, the later one counts.
    """
    ordered = sorted(parts, key=lambda part: part.start_s)
    first = ordered[0]
    places = [round((part.start_s - first.start_s) / first.bin_s) for part in ordered]
    size = max(place + part.counts.size for place, part in zip(places, ordered, strict=True))
    counts, live = np.zeros(size), np.zeros(size, dtype=bool)
    for place, part in zip(places, ordered, strict=True):
        span = slice(place, place + part.counts.size)
        counts[span] = np.where(part.live, part.counts, counts[span])
        live[span] |= part.live
    return Curve(first.start_s, first.bin_s, counts, live)


def runs(flags: Flags) -> NDArray[np.int64]:
    """Return first bin and bin after the last of each run of flagged ones, shape (n, 2)."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return steps.reshape(-1, 2).astype(np.int64)
