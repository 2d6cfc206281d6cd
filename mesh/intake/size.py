"""How large a request is at most, told without looking into the archive."""

import math

from mesh.archive.times import ijd_from_utc
from mesh.contracts import Selection
from mesh.instrument import DAY_S, Instrument


def most_windows(chosen: Instrument, selection: Selection) -> int:
    """Return how many science windows, or slices of time, a canonical selection can have.

    A time range of an instrument with pointings has as many windows as the index of the archive says; planning counts
    them. It is 0 here, as nothing is known.
    """
    if selection.scws is not None:
        return len(selection.scws)
    declared = chosen.archive
    if selection.time is None or declared is None or declared.slice_s is None:
        return 0
    begin, end = ijd_from_utc(selection.time.t1), ijd_from_utc(selection.time.t2)
    if declared.operated is not None:
        begin, end = max(begin, ijd_from_utc(declared.operated[0])), min(end, ijd_from_utc(declared.operated[1]))
    return max(0, math.ceil((end - begin) * DAY_S / declared.slice_s))
