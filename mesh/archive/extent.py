"""How much a selection asks for, as far as that can be told without a look into the archive; and the limit of it."""

from mesh.archive.slices import count_slices
from mesh.archive.times import ijd_from_utc
from mesh.contracts import Selection, TimeRange
from mesh.errors import InvalidSelection
from mesh.instrument import Instrument


def observed_interval(instrument: Instrument, time: TimeRange) -> tuple[float, float]:
    """Return the part of a time range in which an instrument took data, IJD (TT).

    Raises:
        InvalidSelection: a limit is no time, or there is no such part; says when it took data.
    """
    try:
        begin, end = ijd_from_utc(time.t1), ijd_from_utc(time.t2)
    except ValueError as error:
        raise InvalidSelection(str(error), field="selection.time", allowed="UTC, ISO form") from error
    operated = instrument.archive.operated if instrument.archive is not None else None
    if operated is None:
        return begin, end
    first, last = (ijd_from_utc(limit) for limit in operated)
    if end <= first or begin >= last:
        text = f"no data: {instrument.title} took data from {operated[0][:10]} to {operated[1][:10]}"
        raise InvalidSelection(text, field="selection.time", allowed=f"{operated[0]} to {operated[1]}")
    return max(begin, first), min(end, last)


def count_bound(instrument: Instrument, selection: Selection) -> int | None:
    """Return how many science windows or slices a selection has at most; None: only the archive can tell.

    Costs nothing, whatever the selection: what a caller asks for is counted before any of it is looked for.

    Raises:
        InvalidSelection: as `observed_interval`.
    """
    if selection.scws is not None:
        return len(set(selection.scws))
    if instrument.archive is not None and instrument.archive.slice_s is not None and selection.time is not None:
        return count_slices(*observed_interval(instrument, selection.time), instrument.archive.slice_s)
    return selection.max_pointings


def check_count(instrument: Instrument, selection: Selection, count: int, most: int) -> None:
    """Refuse a selection of more windows or slices than one request may have.

    Args:
        instrument: whose windows or slices they are.
        selection: what was asked for.
        count: how many it is, or may be.
        most: how many one request may have (`Settings.max_windows`).

    Raises:
        InvalidSelection: says what to do.
    """
    if count <= most:
        return
    if selection.scws is not None:
        field, what, less = "selection.scws", "science windows", "give a shorter list"
    elif instrument.archive is not None and instrument.archive.slice_s is not None:
        what, less = f"slices of {instrument.archive.slice_s} s", "ask for a shorter time"
        field = "selection.time"
    else:
        field, what, less = "selection.time", "science windows", "ask for a shorter time, a cone or max_pointings"
    text = f"{count} {what} are more than one request may have; {less}, or ask in several requests"
    raise InvalidSelection(text, field=field, allowed=f"at most {most}")
