"""Background maps: what many windows show of each pixel's background, in energy groups, sources subtracted.

For each window and group the smooth background (``background``) and the sources are fitted to the shadowgram. A map is
the sum over windows of the counts less the sources, and of the smooth background of the same pixels; their ratio is
the pixel's own factor. Sums can be added again, so that maps grow. A band takes the groups that it overlaps.

Maps are good when the pixel error is 2 % (2500 counts per pixel and band, about a hundred windows in 28-80 keV).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.fit import Shadowgram
from science.coded_mask.pattern import Pattern, Patterns, patterns_of
from services.isgri.analysis.detector import SHAPE

GROUPS_KEV = (15, 20, 25, 28, 32, 36, 40, 45, 50, 60, 70, 80, 100, 120, 150, 200, 300, 500, 1000)
"""Edges of the energy groups: narrow where the low threshold and fluorescence lines shape the pattern."""
GOOD_ERROR = 0.02
"""Pixel error from which a map is good."""
SAME_EPOCH = 60
"""Revolutions (half a year) for which pixels, thresholds and gain are taken to stay the same: the choice of this
analysis; real maps of several epochs, which would show it, were not to be had."""
_LEAST_FACTOR = 0.05
_ROUNDING = 1e-4
_LARGEST_SHARE = 0.1
"""A window may make up this share of a map that it is analysed with: the map takes away as much of its own noise."""


@dataclass(frozen=True)
class BackgroundMap:
    """Sums over windows, shape (groups, 134, 130), and which windows they are.

    ``counts`` are less the models of the sources; ``smooth`` are the fitted smooth backgrounds where a pixel was used.
    ``variance`` is that of the counts by the model, sources included: these are subtracted, their noise stays.
    ``of_epoch`` says that the mesh chose the windows: none is the one analysed, and no caller could add any.
    """

    counts: NDArray[np.float64]
    smooth: NDArray[np.float64]
    variance: NDArray[np.float64]
    windows: tuple[str, ...]
    revolutions: tuple[int, int]
    of_epoch: bool = False

    def without(self, part: "BackgroundMap") -> "BackgroundMap":
        """Return the map without some of its windows.

        Raises:
            BadInput: BadBackgroundMap: one of them is not in it.
        """
        if missing := set(part.windows) - set(self.windows):
            raise BadInput("BadBackgroundMap", f"{min(missing)} is no window of the background map")
        # What rounding leaves of a pixel that no other window used is nothing.
        known = self.smooth - part.smooth > _ROUNDING * self.smooth
        counts, smooth, variance = (
            np.where(known, mine - other, 0.0)
            for mine, other in zip(
                (self.counts, self.smooth, self.variance), (part.counts, part.smooth, part.variance), strict=True
            )
        )
        left = tuple(window for window in self.windows if window not in part.windows)
        return replace(self, counts=counts, smooth=smooth, variance=variance, windows=left)

    def pattern(self, low_kev: float, high_kev: float) -> Pattern:
        """Return the pattern of a band from its own counts; groups that it overlaps in part count with that part.

        Raises:
            BadInput: BadBackgroundMap: the band lies outside the map.
        """
        share = self._share(low_kev, high_kev)
        counts, smooth = (np.tensordot(share, cube, 1)[None] for cube in (self.counts, self.smooth))
        variance = np.tensordot(share**2, self.variance, 1)[None]
        return patterns_of(counts, smooth, variance).band(np.ones(1))

    def _share(self, low_kev: float, high_kev: float) -> NDArray[np.float64]:
        """Return the share of each group that a band covers."""
        edges = np.array(GROUPS_KEV, np.float64)
        overlap = np.minimum(high_kev, edges[1:]) - np.maximum(low_kev, edges[:-1])
        share = np.clip(overlap / np.diff(edges), 0.0, 1.0)
        if not share.any():
            raise BadInput(
                "BadBackgroundMap", f"background maps cover {edges[0]:g}-{edges[-1]:g} keV; analyse bands inside"
            )
        return share

    @cached_property
    def _patterns(self) -> Patterns:
        return patterns_of(self.counts, self.smooth, self.variance)

    def factors(self, edges_kev: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor of each pixel on a smooth background in adjoining channels, shape (channels, 134, 130).

        It is 1 where the map knows nothing, and beyond the energies of the map. A channel has few counts: groups tell
        of each other as far as their patterns are alike.
        """
        total = self.smooth.mean(axis=(1, 2))
        factors = np.ones((edges_kev.size - 1, *SHAPE))
        for channel, (low, high) in enumerate(pairwise(edges_kev)):
            if low < GROUPS_KEV[-1] and high > GROUPS_KEV[0]:
                share = self._share(float(low), float(high))
                level = share * total if (share * total).any() else share
                factors[channel] = np.maximum(1.0 + self._patterns.band(level).image, _LEAST_FACTOR)
        return factors

    def errors(self) -> list[float]:
        """Return the typical error of a pixel per group, relative to its background."""
        return [
            self.pattern(low, high).typical_error(self.smooth[group] > 0.0)
            for group, (low, high) in enumerate(pairwise(GROUPS_KEV))
        ]


def empty_map() -> BackgroundMap:
    """Return a map of no window."""
    shape = (len(GROUPS_KEV) - 1, *SHAPE)
    return BackgroundMap(np.zeros(shape), np.zeros(shape), np.zeros(shape), (), (0, 0))


def added(maps: Sequence[BackgroundMap]) -> BackgroundMap:
    """Return the sum of maps.

    Raises:
        BadInput: BadBackgroundMap: a window is in two of them.
    """
    maps = [entry for entry in maps if entry.windows]
    windows = [window for entry in maps for window in entry.windows]
    seen = [window.split(".")[0] for window in windows]  # whatever their versions
    if len(set(seen)) < len(seen):
        double = sorted({window for window in seen if seen.count(window) > 1})
        raise BadInput(
            "BadBackgroundMap",
            f"{len(double)} windows ({double[0]} ...) are in two of the background maps; name maps of other windows",
        )
    if not maps:
        return empty_map()
    return BackgroundMap(
        np.sum([entry.counts for entry in maps], axis=0),
        np.sum([entry.smooth for entry in maps], axis=0),
        np.sum([entry.variance for entry in maps], axis=0),
        tuple(sorted(windows)),
        (min(entry.revolutions[0] for entry in maps), max(entry.revolutions[1] for entry in maps)),
    )


def map_warnings(background: BackgroundMap, data: Sequence[Shadowgram], swid: str, revolution: int) -> list[str]:
    """Say where a map that a caller names falls short for a window.

    Args:
        background: the map.
        data: shadowgrams of the window, with their patterns from the map.
        swid: the window.
        revolution: of the window; 0 where it is not known.

    Raises:
        BadInput: BackgroundMapOfItself: the window makes up too much of the map.
    """
    if background.of_epoch:
        return []
    number = len(background.windows)
    texts = []
    if swid and any(window.split(".")[0] == swid for window in background.windows):
        if number * _LARGEST_SHARE < 1.0:
            raise BadInput(
                "BackgroundMapOfItself",
                f"{swid} is one of only {number} windows of the background map, which would take its sources for "
                f"background; use a map of other windows or of at least {1.0 / _LARGEST_SHARE:.0f}",
            )
        texts.append(f"this window is one of the {number} of the background map, which takes 1/{number} of its noise")
    first, last = background.revolutions
    apart = max(first - revolution, revolution - last)
    if revolution > 0 and number and apart > SAME_EPOCH:
        texts.append(
            f"the background map is of another epoch: revolutions {first}-{last}, this window is of {revolution}, "
            f"{apart} away; pixels and thresholds change within {SAME_EPOCH} revolutions, use a map of that time"
        )
    for shadowgram in data:
        error = shadowgram.pattern.typical_error(shadowgram.live) if shadowgram.pattern else 0.0
        if error > GOOD_ERROR:
            texts.append(
                f"the background map of {number} windows knows the pixels in "
                f"{shadowgram.low_kev:g}-{shadowgram.high_kev:g} keV to {error:.1%} only ({GOOD_ERROR:.0%} is good)"
            )
    return texts
