"""Search for bursts in one science window, and the place of each on the sky.

The light curve of the whole detector in 18-150 keV is searched on four time scales. Every burst is then imaged from
its own events, against the shadowgram of the rest of the window as background, which contains all steady sources.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.geometry import Attitude
from science.coded_mask.good_time import inside
from science.coded_mask.poisson import significance
from science.coded_mask.position_error import radius90_arcmin
from science.coded_mask.search import Candidates, find_sources
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.events import Events
from services.isgri.analysis.shadowgram import shadowgrams

BAND_KEV = (18.0, 150.0)
BIN_S = 0.1
MAX_LOCATED = 100
"""Only the most significant bursts of a window are imaged; the others are listed without a place."""

_WIDTHS = (1, 5, 20, 100)
"""Time scales, bins."""
_COUNT_THRESHOLD = 8.0
_LEAST_VARIANCE = 0.3
"""Keeps single counts in pixels that the model calls dark from deciding the place of a short burst."""
_IMAGE_THRESHOLD = 6.0
_COARSE_BINS = 20
"""Bins are joined to 2 s for the background: the median of few counts is biased."""
_HALF_WINDOW = 30
"""Coarse bins on either side in the running median that gives the background: one minute."""
_LEAST_BACKGROUND = 0.1
_JOIN_BINS = 5
_EDGE_SIGMA = 3.0
_LEAST_EXPOSURE = 0.99


@dataclass(frozen=True)
class Burst:
    """One burst.

    Times are seconds after the start of the window. ``counts`` is the excess over the background on the detector and
    ``sigma`` its significance. ``ra``, ``dec`` (degrees), ``error_arcmin`` (90 % radius, statistical) and
    ``image_sigma`` are NaN when it could not be located.
    """

    t_start_s: float
    t_stop_s: float
    counts: float
    sigma: float
    ra: float = np.nan
    dec: float = np.nan
    error_arcmin: float = np.nan
    image_sigma: float = np.nan


def find_bursts(
    events: Events, usable: NDArray[np.bool_], gti: NDArray[np.float64], live_fraction: float
) -> list[Burst]:
    """Find and locate the bursts of a window, in order of time.

    Args:
        events: the window's events.
        usable: pixels that work, detector shape.
        gti: good time intervals, seconds after the start.
        live_fraction: live fraction of the detector.
    """
    good = inside(events.time_s, gti) & ~events.noisy & usable[events.row, events.column]
    in_band = good & (events.energy_kev >= BAND_KEV[0]) & (events.energy_kev < BAND_KEV[1])
    spans = burst_spans(events.time_s[in_band], gti)
    times = np.array([[span.t_start_s, span.t_stop_s] for span in spans]).reshape(-1, 2)
    steady = shadowgrams(events, good & ~inside(events.time_s, times), [BAND_KEV])[0]
    ranked = sorted(range(len(spans)), key=lambda i: -spans[i].sigma)[:MAX_LOCATED]
    for i in ranked:
        counts = _counts_between(events, good, spans[i].t_start_s, spans[i].t_stop_s)
        live_time = (spans[i].t_stop_s - spans[i].t_start_s) * live_fraction
        data = Shadowgram(*BAND_KEV, counts, usable & (steady > 0), live_time, CAMERA)
        spans[i] = _located(spans[i], data, steady, events.attitude)
    return spans


def burst_spans(time_s: NDArray[np.float64], gti: NDArray[np.float64]) -> list[Burst]:
    """Spans of excess counts, not located yet, in order of time.

    Args:
        time_s: times of the events of the burst band.
        gti: good time intervals; bins that are not wholly inside one are left out.
    """
    first, last = float(gti[0, 0]), float(gti[-1, 1])
    bins = max(int((last - first) / BIN_S), 1)
    index = ((time_s - first) / BIN_S).astype(np.int64)
    counts = np.bincount(index[(index >= 0) & (index < bins)], minlength=bins).astype(float)
    exposed = _exposed_bins(gti, first, bins)
    if exposed.sum() < max(_WIDTHS):
        return []
    kept = np.flatnonzero(exposed)
    background = _background(counts[kept])
    excess = _excess_bins(counts[kept], background)
    return _groups(kept, counts[kept], background, excess, first)


def _background(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected counts per bin: a running median of 2 s bins.

    Towards the ends the window shrinks on both sides, so that a slope does not bias it.
    """
    groups = max(counts.size // _COARSE_BINS, 1)
    edges = np.linspace(0, counts.size, groups + 1).astype(np.int64)
    coarse = np.add.reduceat(counts, edges[:-1]) / np.diff(edges)
    level = np.empty(groups)
    for i in range(groups):
        reach = min(_HALF_WINDOW, max(i, 3), max(groups - 1 - i, 3))
        level[i] = np.median(coarse[max(i - reach, 0) : i + reach + 1])
    middle = (edges[:-1] + edges[1:] - 1) / 2.0
    smooth = np.interp(np.arange(counts.size), middle, ndimage.uniform_filter1d(level, 5, mode="nearest"))
    background: NDArray[np.float64] = np.maximum(smooth, _LEAST_BACKGROUND)
    return background


def _exposed_bins(gti: NDArray[np.float64], first: float, bins: int) -> NDArray[np.bool_]:
    """Bins that lie (to 99 %) in a good time interval."""
    edges = first + BIN_S * np.arange(bins + 1)
    good_until = np.zeros(bins + 1)
    for start, stop in gti:
        good_until += np.clip(edges - start, 0.0, stop - start)
    exposed: NDArray[np.bool_] = np.diff(good_until) >= _LEAST_EXPOSURE * BIN_S
    return exposed


def _excess_bins(counts: NDArray[np.float64], background: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the bins that belong to an excess on any time scale, shorter scales first.

    Bins already taken count as background on the longer scales; on each scale the best spans come first.
    """
    excess = np.zeros(counts.size, bool)
    expected = np.cumsum(np.append(0.0, background))
    for width in _WIDTHS:
        summed = np.cumsum(np.append(0.0, np.where(excess, background, counts)))
        sigma = significance(summed[width:] - summed[:-width], expected[width:] - expected[:-width])
        taken = np.zeros(counts.size, bool)
        for start in sorted(np.flatnonzero(sigma >= _COUNT_THRESHOLD), key=lambda k: -sigma[k]):
            if not taken[start : start + width].any():
                taken[start : start + width] = True
        excess |= taken
    return excess


def _groups(
    kept: NDArray[np.int64],
    counts: NDArray[np.float64],
    background: NDArray[np.float64],
    excess: NDArray[np.bool_],
    first: float,
) -> list[Burst]:
    """Join excess bins at most half a second apart, and neighbours above 3 sigma, into bursts."""
    high = significance(counts, background) >= _EDGE_SIGMA
    reach = ndimage.binary_propagation(excess, mask=excess | high)
    positions = np.flatnonzero(reach)
    if not positions.size:
        return []
    cuts = np.flatnonzero(np.diff(kept[positions]) > _JOIN_BINS) + 1
    bursts = []
    for group in np.split(positions, cuts):
        start, stop = first + BIN_S * kept[group[0]], first + BIN_S * (kept[group[-1]] + 1)
        inner = slice(group[0], group[-1] + 1)
        n, b = counts[inner].sum(), background[inner].sum()
        sigma = float(significance(np.array([n]), np.array([b]))[0])
        bursts.append(Burst(float(start), float(stop), float(n - b), sigma))
    return bursts


def _counts_between(events: Events, good: NDArray[np.bool_], start_s: float, stop_s: float) -> NDArray[np.float64]:
    """Return the shadowgram of the good events of a time span."""
    part = good & (events.time_s >= start_s) & (events.time_s < stop_s)
    counts: NDArray[np.float64] = shadowgrams(events, part, [BAND_KEV])[0]
    return counts


def _located(burst: Burst, data: Shadowgram, steady: NDArray[np.float64], attitude: Attitude) -> Burst:
    """Return the burst with its place on the sky, if it stands out in the image of its own events."""
    sky = Field([ShadowgramFit(data, [steady], _LEAST_VARIANCE)])
    find_sources(sky, Candidates([]), _IMAGE_THRESHOLD, limit=1)
    if not sky.sources:
        return burst
    sigma = sky.significance()[:, 0]
    source = sky.sources[int(np.argmax(sigma))]
    ra, dec = attitude.sky(source.tz, source.ty)
    return replace(
        burst,
        ra=float(ra),
        dec=float(dec),
        error_arcmin=radius90_arcmin(source.covariance),
        image_sigma=float(sigma.max()),
    )
