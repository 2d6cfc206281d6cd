"""Light curves of all sources by weights of events that stay fixed over a window.

The joint fit of a whole window is linear in the counts: ``F_k = sum_i w_ki D_i`` with ``w = (X' V^-1 X)^-1 X' V^-1``.
Every event adds the weight of its pixel to its time bin. With the share f of the window's live time that a bin has,
``F_kb = sum of weights / f``. Where one module had less time than another the model of the rest no longer cancels;
what each module leaves then is known from the fit and subtracted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.compiled import compiled
from science.coded_mask.fit import inverse
from science.coded_mask.joint_fit import JointFit

Array = NDArray[np.float64]

_UNUSUAL_SIGMA = 3.0
"""Errors follow the counts of a bin only where these differ by so much from the mean: else rate and error of a bin
would be correlated and weighted means biased."""

_LEAST_AWAKE = 0.05
"""Smallest share of its good time that a part of the detector is taken to be live."""


@dataclass(frozen=True)
class EventWeights:
    """Weights of the events of one band.

    Args:
        weights: shape (sources, pixels of a flattened shadowgram), counts/s per event; 0 for pixels not in use.
        own: shape (sources, parts): flux of a source of 1 count/s that each part of the detector gives.
        rest: shape (sources, parts): what all other components give; its sum over parts is 0.
        variance: of each flux over the whole window.
        counts: events of the band on the pixels in use, in the whole window.
        in_use: which pixels of a flattened shadowgram the fit used.
    """

    weights: Array
    own: Array
    rest: Array
    variance: Array
    counts: float
    in_use: NDArray[np.bool_]


def event_weights(fit: JointFit, channel: int, pixels: NDArray[np.int64], part: NDArray[np.int8]) -> EventWeights:
    """Return the weights of one channel of a joint fit.

    Args:
        fit: of the whole window.
        channel: the band.
        pixels: indices of the fit's pixels in a flattened shadowgram.
        part: the part of the detector (module) of every pixel of a flattened shadowgram, from 0 on.
    """
    model = fit.model
    sources = slice(len(model.templates), len(model.templates) + len(model.sources))
    rows = np.vstack([model.background(channel), model.shining])
    weighted = rows / fit.variance(channel)
    # Of this very variance, so that the weights of the model of each source add up to its flux and to no other's.
    covariance = inverse(weighted @ rows.T)
    used = covariance[sources] @ weighted
    flux = fit.flux[:, channel]
    expected = fit.parameters[channel] @ rows
    parts = int(part.max()) + 1
    belongs = np.array([part[pixels] == number for number in range(parts)], float)
    own = (used * model.sources) @ belongs.T
    weights = np.zeros((len(used), part.size))
    weights[:, pixels] = used
    in_use = np.zeros(part.size, bool)
    in_use[pixels] = True
    return EventWeights(
        weights=weights,
        own=own,
        rest=(used * expected) @ belongs.T - own * flux[:, None],
        variance=np.diagonal(covariance)[sources].copy(),
        counts=float(fit.counts[channel].sum(dtype=np.float64)),
        in_use=in_use,
    )


@dataclass(frozen=True)
class TimeBins:
    """Adjoining time bins ``width_s`` long from ``first_s`` on, in the time of the events.

    ``exposed`` is the good time of each bin and part of the detector as a share of the bin, shape (parts, bins), and
    ``total_s`` the good time of each part in the whole window. Of both ``dead_s``, shape (parts, bins), and
    ``total_dead_s`` are lost to the events of that part; what all parts lose all the time cancels. What a part loses in
    some bins more than in others for another reason is in ``awake``, shape (parts, bins): its live share of a bin over
    that of the window.
    """

    first_s: float
    width_s: float
    exposed: Array
    total_s: Array
    dead_s: Array | float = 0.0
    total_dead_s: Array | float = 0.0
    awake: Array | float = 1.0

    @property
    def share(self) -> Array:
        """Share of the live time of each part in the whole window that falls into each bin, shape (parts, bins)."""
        good = self.exposed * self.width_s
        live = np.maximum(good - self.dead_s, _LEAST_AWAKE * good)
        total = np.maximum(self.total_s - self.total_dead_s, _LEAST_AWAKE * self.total_s)
        share: Array = self.awake * live / np.where(total > 0.0, total, np.inf)[:, None]
        return share


def exposed_bins(first_s: float, width_s: float, count: int, good_times: list[Array]) -> TimeBins:
    """Return bins with their exposure, from the good times of each part of the detector, each of shape (n, 2)."""
    edges = first_s + width_s * np.arange(count + 1)
    exposed = np.zeros((len(good_times), count))
    for row, intervals in zip(exposed, good_times, strict=True):
        until = np.zeros(count + 1)
        for start, stop in intervals:
            until += np.clip(edges - start, 0.0, stop - start)
        row[:] = np.diff(until) / width_s
    total = np.array([float((intervals[:, 1] - intervals[:, 0]).sum()) for intervals in good_times])
    return TimeBins(first_s, width_s, np.clip(exposed, 0.0, 1.0), total)


@compiled
def _add(  # noqa: PLR0917
    time: Array,
    pixel: NDArray[np.int64],
    used: NDArray[np.bool_],
    weights: Array,
    first_s: float,
    width_s: float,
    sums: Array,
    counts: Array,
) -> None:
    """Add the weights (pixels x sources) of the used events to the sums (bins x sources) and count them."""
    for i in range(time.size):
        if not used[i]:
            continue
        b = int(np.floor((time[i] - first_s) / width_s))
        if b < 0 or b >= counts.size:
            continue
        counts[b] += 1.0
        for k in range(weights.shape[1]):
            sums[b, k] += weights[pixel[i], k]


def weighted_rates(
    time_s: Array, pixel: NDArray[np.int64], used: NDArray[np.bool_], bins: TimeBins, of: EventWeights
) -> tuple[Array, Array, Array]:
    """Return rates and errors, shape (sources, bins), and the events per bin.

    Args:
        time_s: times of all events.
        pixel: index of each event's pixel in a flattened shadowgram.
        used: events of the band that count.
        bins: time bins.
        of: weights.

    Bins without any good time have rate and error NaN.
    """
    sums = np.zeros((bins.exposed.shape[1], len(of.weights)))
    counts = np.zeros(bins.exposed.shape[1])
    weights = np.ascontiguousarray(of.weights.T)
    # Events of pixels that the fit left out are not counted either: bins would seem brighter than the window.
    _add(time_s, pixel, used & of.in_use[pixel], weights, float(bins.first_s), float(bins.width_s), sums, counts)
    share = bins.share
    seen = of.own @ share
    seen = np.where(seen > 1e-9, seen, np.nan)
    rate = (sums.T - of.rest @ share) / seen
    expected = np.maximum(of.counts * share.sum(axis=0) / max(int((bins.total_s > 0.0).sum()), 1), 1e-9)
    unusual = np.abs(counts - expected) > _UNUSUAL_SIGMA * np.sqrt(np.maximum(expected, 1.0))
    level = np.where(unusual, np.maximum(counts, 1.0) / expected, 1.0)
    return rate, np.sqrt(of.variance[:, None] * level / seen), counts
