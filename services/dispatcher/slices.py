"""From a time range to slices of time on the grid of the archive, and why a part of it has no data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from mesh.archive.access import Archive, MissingFile, side_by_side
from mesh.archive.extent import check_count, observed_interval
from mesh.archive.off_times import OffTime, read_off_times
from mesh.archive.select import Rejected
from mesh.archive.slices import Slice, count_slices, index_path, read_slice_index, slices_between
from mesh.archive.times import utc_from_ijd
from mesh.contracts import ArchiveInput, Selection, TimeRange
from mesh.errors import InvalidSelection
from mesh.instrument import DAY_S, Instrument
from mesh.service import native

_OFF = "InstrumentOff"
_WHOLE = 0.999

Inputs = dict[str, ArchiveInput | None]


def find_slices(
    archive: Archive, instrument: Instrument, selection: Selection, most: int, run: native.Run = native.directly
) -> tuple[Inputs, list[Rejected]]:
    """Return the slices of a time range, cut to the time of operation, and those that the archive lacks.

    The work and the memory grow with the number of slices, whatever the list of off times holds.

    Args:
        archive: where the slices are.
        instrument: one that cuts its archive by time.
        selection: a time range.
        most: slices that one request may have.
        run: where to do what takes long without a pause.

    Raises:
        InvalidSelection: not a time range, outside the operation of the instrument, too many, or no slice has data.
        BadInput: the list of slices is damaged.
        ArchiveUnavailable: the archive does not answer.
    """
    declared = instrument.archive
    if declared is None or declared.slice_s is None:
        msg = f"{instrument.name} has no slices of time"
        raise TypeError(msg)
    begin, end = observed_interval(instrument, _time_of(instrument, selection))
    check_count(instrument, selection, count_slices(begin, end, declared.slice_s), most)
    try:
        listed = read_slice_index(archive, instrument.name)
    except MissingFile as error:
        text = f"the archive has no {instrument.title} data (no {index_path(instrument.name)})"
        raise InvalidSelection(text, field="selection.time") from error
    inputs: Inputs = {}
    absent = []
    parts = slices_between(begin, end, declared.slice_s)
    look_up = partial(_look_up, archive, instrument, listed)
    for one in side_by_side(archive, look_up, parts):
        if isinstance(one, Slice):
            absent.append(one)
        else:
            inputs[one.label] = one
    off = read_off_times(archive, instrument.name)
    if not inputs:
        text = _nothing(instrument, selection, listed)
        # Every slice is absent then, and the first reasons say enough.
        told = _reject_all(instrument, absent[:_TOLD], off)
        reasons = dict.fromkeys(one.text for one in told if one.reason == _OFF)
        raise InvalidSelection("; ".join([text, *reasons]), field="selection.time")
    return inputs, run(_reject_all, instrument, absent, off)


_TOLD = 100
"""Slices that are looked at to say why there are no data at all."""


def _reject_all(instrument: Instrument, parts: Iterable[Slice], off: Sequence[OffTime]) -> list[Rejected]:
    return [_reject(instrument, part, known) for part, known in with_off_times(parts, off)]


def with_off_times(parts: Iterable[Slice], off: Sequence[OffTime]) -> Iterator[tuple[Slice, list[OffTime]]]:
    """Yield slices, in order of time, each with the off times that overlap it; both lists are walked through once."""
    following = iter(off)
    after = next(following, None)
    known: list[OffTime] = []
    for part in parts:
        known = [one for one in known if one.stop > part.t_start]
        while after is not None and after.start < part.t_stop:
            if after.stop > part.t_start:
                known.append(after)
            after = next(following, None)
        yield part, known


def _reject(instrument: Instrument, part: Slice, known: Sequence[OffTime]) -> Rejected:
    """Say why a slice has no data: the instrument was off for all of it, or the archive lacks it."""
    told = ", ".join(map(str, known))
    if _covered(part, known) > _WHOLE * (part.t_stop - part.t_start):
        return Rejected(str(part), _OFF, f"{instrument.title} was off: {told}")
    why = f", and was off only for a part of it: {told}" if known else ""
    text = f"the archive has no {instrument.title} data from {part.span}"
    return Rejected(str(part), f"No{instrument.name.upper()}Data", text + why)


def _covered(part: Slice, known: Sequence[OffTime]) -> float:
    """Return how much of a slice off times cover, which may overlap each other [days]."""
    covered, until = 0.0, part.t_start
    for one in known:  # in order of their starts
        stop = min(one.stop, part.t_stop)
        covered += max(0.0, stop - max(one.start, until))
        until = max(until, stop)
    return covered


def _time_of(instrument: Instrument, selection: Selection) -> TimeRange:
    if selection.time is None or selection.cone is not None or selection.max_pointings is not None:
        text = f"{instrument.title} sees the whole sky all the time: give it a time range and nothing else"
        raise InvalidSelection(text, field="selection", allowed="time with t1 and t2")
    return selection.time


def _look_up(
    archive: Archive, instrument: Instrument, listed: Mapping[str, frozenset[str]], part: Slice
) -> ArchiveInput | Slice:
    """Return the input of a slice, or the slice where the archive lacks it."""
    assert instrument.archive is not None  # noqa: S101 - `find_slices` has asked
    there = listed.get(str(part), ())
    for file in instrument.archive.files:
        if file in there:
            folder = part.folder(instrument.name)
            try:
                stamp = archive.stamp(f"{folder}/{file}")
            except MissingFile:
                break
            return ArchiveInput(role=instrument.archive.role, label=str(part), path=folder, files=(file,), stamp=stamp)
    return part


def _nothing(instrument: Instrument, selection: Selection, listed: dict[str, frozenset[str]]) -> str:
    span = f"{selection.time.t1} to {selection.time.t2}" if selection.time else "this time"
    text = f"no data: the archive has no {instrument.title} data from {span}"
    if not listed:
        return f"{text}; its list of slices is empty"
    first, last = (_begin(label, instrument) for label in (min(listed), max(listed)))
    return f"{text}; its first slice begins at {first}, its last one at {last} (UTC)"


def _begin(label: str, instrument: Instrument) -> str:
    """Return the start of a slice, UTC."""
    day, _, number = label.partition("-")
    seconds = instrument.archive.slice_s if instrument.archive else None
    return utc_from_ijd(int(day) + int(number) * (seconds or 0) / DAY_S, 0)
