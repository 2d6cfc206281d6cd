"""The brightest burst of an interval: searched in bins as asked for, measured in bins that are fine for its length."""

from collections.abc import Sequence

from mesh.kit import ScienceFailure
from science.bursts.curve import Curve
from science.bursts.duration import Burst, Method, TooLittleBackground, measure
from science.bursts.search import search, spaced_widths
from services.polar.analysis.merge import Merged

_LONGEST_S = 30.0
_LEAST_BINS = 20  # a burst has at least so many when it is measured ...
_WANTED_BINS = 40
_FINEST_S = 1e-3  # ... unless it is shorter than so many milliseconds
_AROUND_S = 160.0  # counted in the finer bins on each side
_ROUNDS = 3


def brightest_burst(merged: Merged, band: Sequence[float], bin_s: float, threshold: float, method: Method) -> Burst:
    """Find and measure the brightest burst of the interval.

    Single bins count: events of POLAR have a scattered photon each, so that a cosmic ray makes one event and no spike.

    Raises:
        ScienceFailure: reason ``NoBurst``, or ``TooLittleBackground`` beside it.
    """
    curve = merged.curve(band, bin_s)
    found = search(curve, _widths(curve), threshold)
    if not found.excesses:
        highest = max((float(value) for value in found.score if value > 0), default=0.0)
        text = (
            f"nothing above {threshold:g} sigma in {band[0]:g}-{band[1]:g} keV; the highest score is {highest:.1f}. "
            "The search takes a minute of background on both sides of a burst: ask for a longer interval"
        )
        raise ScienceFailure("NoBurst", text)
    try:
        burst = measure(found, found.excesses[0], method=method)
        for _ in range(_ROUNDS):
            length_s = burst.end_s - burst.begin_s
            if length_s >= _LEAST_BINS * burst.curve.bin_s or burst.curve.bin_s <= _FINEST_S:
                break
            finer_s = max(_FINEST_S, length_s / _WANTED_BINS)
            near = merged.curve(band, finer_s, (burst.begin_s - _AROUND_S, burst.end_s + _AROUND_S))
            again = search(near, _widths(near, 4 * length_s), threshold)
            begins = burst.begin_s - length_s, burst.end_s + length_s
            same = [one for one in again.excesses if begins[0] <= near.time_s(one.centre) <= begins[1]]
            if not same:
                break
            burst = measure(again, same[0], method=method)
    except TooLittleBackground as error:
        raise ScienceFailure("TooLittleBackground", str(error)) from error
    return burst


def _widths(curve: Curve, longest_s: float = _LONGEST_S) -> list[int]:
    widths: list[int] = spaced_widths(max(1, round(longest_s / curve.bin_s))).tolist()
    return widths
