"""The low threshold of a detector in one window, from the energies of its events: below it no flux can be measured.

Thresholds rise when pixels become noisy. A band, or a channel, that begins below them lacks events, so that every flux
in it would be too low, with an error that is too small. One that rises slowly, over several keV, is no edge that could
be cut at: it is told.
"""

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import LEAST_COVERED

_BELOW, _ABOVE = (0.86, 0.95), (1.05, 1.14)
"""Parts of the spectrum that are compared, in units of the energy between them."""
_LEAST_COUNTS = 30.0
"""Counts above from which their absence below is no chance."""
_ENOUGH = 300_000
"""Events that show a threshold."""
_STEPS = 400
_NARROW = 0.02
_HALF = 0.5
_COARSE = 1.05
"""Ratio of the edges between which the density is looked at for a slow rise."""

Array = NDArray[np.float64]


def low_threshold(energy_kev: NDArray[np.floating], lowest_kev: float, highest_kev: float, slip: float) -> float:
    """Return the energy below which a detector took no events, keV; 0 where the spectrum shows none.

    The density of counts falls there to less than *slip* of what it is above, and is nowhere higher below.

    Args:
        energy_kev: of all events.
        lowest_kev: no threshold is sought below.
        highest_kev: none is sought above.
        slip: share of the density above that may be left below.
    """
    some = energy_kev[:: 1 + energy_kev.size // _ENOUGH]
    energies = np.sort(some[(some >= _BELOW[0] * lowest_kev) & (some < _ABOVE[1] * highest_kev)])
    at = np.geomspace(lowest_kev, highest_kev, _STEPS)

    def counts(part: tuple[float, float]) -> Array:
        return np.asarray(np.diff(np.searchsorted(energies, np.outer(at, part)), axis=1)[:, 0], np.float64)

    def density(part: tuple[float, float]) -> Array:
        return counts(part) / (at * (part[1] - part[0]))

    above = density(_ABOVE)
    step = (counts(_ABOVE) >= _LEAST_COUNTS) & (np.maximum.accumulate(density(_BELOW)) < slip * above)
    if not step.any():
        return 0.0
    last = int(np.flatnonzero(step)[-1])
    # The step lies between the two parts: where the density reaches half of what it is above.
    edges = np.arange(_BELOW[0] * at[last], _ABOVE[0] * at[last], _NARROW * at[last])
    narrow = np.diff(np.searchsorted(energies, edges)) / np.diff(edges)
    reached = np.flatnonzero(narrow >= _HALF * above[last])
    return float(edges[reached[0]] if reached.size else at[last])


def covered_share(low_kev: float, high_kev: float, threshold_kev: float) -> float:
    """Return the share of the counts of a Crab-like source in a band that lie above a threshold: counts as E^-2."""
    if threshold_kev <= low_kev:
        return 1.0
    if threshold_kev >= high_kev:
        return 0.0
    return (1.0 / threshold_kev - 1.0 / high_kev) / (1.0 / low_kev - 1.0 / high_kev)


def half_density_kev(energy_kev: NDArray[np.floating], lowest_kev: float, highest_kev: float) -> float:
    """Return the energy below which a detector takes less than half of the counts per keV that it takes at most.

    Spectra of the background and of most sources fall with energy, so that only a threshold makes them fall towards
    low ones. 0 where the density does not fall so far.

    Args:
        energy_kev: of all events.
        lowest_kev: no fall is looked for below.
        highest_kev: the highest density is looked for below.
    """
    edges = lowest_kev * _COARSE ** np.arange(int(np.log(highest_kev / lowest_kev) / np.log(_COARSE)) + 1)
    counts, _ = np.histogram(energy_kev, edges)
    density = counts / np.diff(edges)
    peak = int(np.argmax(density))
    if counts[peak] < _LEAST_COUNTS:
        return 0.0
    below = np.flatnonzero(density[:peak] < _HALF * density[peak])
    return float(edges[below[-1] + 1]) if below.size else 0.0


def band_warning(low_kev: float, high_kev: float, threshold_kev: float, half_kev: float) -> str | None:
    """Say that a band begins below the threshold of the detector, or where it rises slowly; None where it does not.

    Args:
        low_kev: lower edge of the band.
        high_kev: upper edge of the band.
        threshold_kev: energy below which there are no events, 0 where none is seen.
        half_kev: energy below which there are few.
    """
    covered, name = covered_share(low_kev, high_kev, threshold_kev), f"{low_kev:g}-{high_kev:g} keV"
    none = f"no events below {threshold_kev:.1f} keV"
    if covered <= LEAST_COVERED:
        return f"{none}: {name} has no flux and takes no part in sums"
    if covered < 1.0:
        return f"{none}: fluxes in {name} are those of some {covered:.0%} of the band"
    if half_kev > low_kev:
        return (
            f"the low threshold rises slowly, with less than half of the highest counts per keV below {half_kev:.1f} "
            f"keV: fluxes in {name} lack what it takes; take a band above it, or an official response of the epoch"
        )
    return None
