"""Which windows of a mosaic are comparable in a band: those that lost events there would pull every flux down."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import LEAST_COVERED
from science.coded_mask.window_product import WindowProduct

_AS_WELL = 0.9
"""A window takes part that covers this share of what the best covers of a band."""
_LEAST_BACKGROUND = 0.25
"""Background over the middle one of all windows below which events must be missing: it varies by a factor of two over
an orbit and over the mission."""
_SOON_DAYS = 0.5
_LOSS, _LEAST_NEAR = 0.75, 3
"""Background over the middle one of so many windows within half a day below which events may be missing: from one
window to the next it changes by some per cent."""
_FULL = 0.9
_NAMED = 5

Array = NDArray[np.float64]


def incomparable(windows: Sequence[WindowProduct]) -> tuple[set[tuple[str, int]], list[str]]:
    """Return the bands that take no part, as (label of the window, number of the band), and warnings that name them."""
    out: set[tuple[str, int]] = set()
    texts: list[str] = []
    for structure in sorted({window.instrument.structure for window in windows}):
        alike = [window for window in windows if window.instrument.structure == structure]
        for band, (low, high) in enumerate(alike[0].bands):
            name = f"{low:g}-{high:g} keV"
            covered = np.array([window.covered[band] for window in alike])
            level = np.array([window.background[band] for window in alike])
            best = float(covered.max())
            poor = (covered <= LEAST_COVERED) | (covered < _AS_WELL * best)
            # Of two windows the higher one.
            reference = float(np.quantile(level[~poor], 0.5, method="higher")) if not poor.all() else 0.0
            faint = ~poor & (level < _LEAST_BACKGROUND * reference)
            for chosen, reason in ((poor, "their low threshold is higher"), (faint, "events are missing in them")):
                labels = [window.label for window, yes in zip(alike, chosen, strict=True) if yes]
                out |= {(label, band) for label in labels}
                if labels:
                    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
                    texts.append(f"left out of {name}, because {reason}: {', '.join(labels[:_NAMED])}{more}")
            start = np.array([window.tstart_ijd for window in alike])
            texts += _losses(name, [window.label for window in alike], start, level, ~poor & ~faint)
            if not poor.all() and best < _FULL:
                texts.append(
                    f"the low threshold lies in {name}: fluxes are those of some {best:.0%} of the band; "
                    "take a band above it"
                )
    return out, texts


def _losses(name: str, labels: Sequence[str], start_ijd: Array, level: Array, counted: NDArray[np.bool_]) -> list[str]:
    """Say in which windows telemetry seems to have been lost: their background is low among those of the same hours."""
    found = []
    for number in np.flatnonzero(counted).tolist():
        near = counted & (np.abs(start_ijd - start_ijd[number]) <= _SOON_DAYS)
        near[number] = False
        if near.sum() < _LEAST_NEAR:
            continue
        share = level[number] / float(np.median(level[near]))
        if share < _LOSS:
            found.append(f"{labels[number]} ({share:.0%})")
    if not found:
        return []
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [
        f"telemetry may have been lost, and fluxes with it, in windows that have less background in {name} than the "
        f"others within half a day: {', '.join(found[:_NAMED])}{more}; ask without them to see whether it matters"
    ]
