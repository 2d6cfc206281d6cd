"""From a time range to slices of time on the grid of the archive, and why a part of it has no data."""

from mesh.archive.access import Archive, MissingFile
from mesh.archive.off_times import OffTime, read_off_times
from mesh.archive.select import Rejected
from mesh.archive.slices import Slice, index_path, read_slice_index, slices_between
from mesh.archive.times import ijd_from_utc
from mesh.contracts import ArchiveInput, Selection
from mesh.errors import InvalidSelection
from mesh.instrument import ArchiveFiles, Instrument

_OFF = "InstrumentOff"
_WHOLE = 0.999

Inputs = dict[str, ArchiveInput | None]


def find_slices(archive: Archive, instrument: Instrument, selection: Selection) -> tuple[Inputs, list[Rejected]]:
    """Return the slices of a time range and those that the archive lacks.

    Raises:
        InvalidSelection: not a time range, outside the operation of the instrument, or no slice has data.
        BadInput: the list of slices is damaged.
        ArchiveUnavailable: the archive does not answer.
    """
    declared = instrument.archive
    if declared is None or declared.slice_s is None:
        msg = f"{instrument.name} has no slices of time"
        raise TypeError(msg)
    begin, end = _interval(instrument, selection)
    if declared.operated is not None:
        _check_operation(instrument.title, declared.operated, begin, end)
    try:
        listed = read_slice_index(archive, instrument.name)
    except MissingFile as error:
        text = f"the archive has no {instrument.title} data (no {index_path(instrument.name)})"
        raise InvalidSelection(text, field="selection.time") from error
    off = read_off_times(archive, instrument.name)
    inputs: Inputs = {}
    rejected = []
    for part in slices_between(begin, end, declared.slice_s):
        try:
            inputs[str(part)] = _input(archive, instrument.name, declared, part, listed.get(str(part), frozenset()))
        except MissingFile:
            rejected.append(_absent(instrument, part, off))
    if not inputs:
        text = _nothing(instrument.title, selection, listed)
        reasons = dict.fromkeys(one.text for one in rejected if one.reason == _OFF)
        raise InvalidSelection("; ".join([text, *reasons]), field="selection.time")
    return inputs, rejected


def _absent(instrument: Instrument, part: Slice, off: list[OffTime]) -> Rejected:
    """Say why a slice has no data: the instrument was off for all of it, or the archive lacks it."""
    text = f"the archive has no {instrument.title} data from {part.span}"
    known = [one for one in off if one.start < part.t_stop and one.stop > part.t_start]
    told = ", ".join(map(str, known))
    covered = sum(min(one.stop, part.t_stop) - max(one.start, part.t_start) for one in known)
    if covered > _WHOLE * (part.t_stop - part.t_start):
        return Rejected(str(part), _OFF, f"{instrument.title} was off: {told}")
    why = f", and was off only for a part of it: {told}" if known else ""
    return Rejected(str(part), f"No{instrument.name.upper()}Data", text + why)


def _interval(instrument: Instrument, selection: Selection) -> tuple[float, float]:
    if selection.time is None or selection.cone is not None or selection.max_pointings is not None:
        text = f"{instrument.title} sees the whole sky all the time: give it a time range and nothing else"
        raise InvalidSelection(text, field="selection", allowed="time with t1 and t2")
    return ijd_from_utc(selection.time.t1), ijd_from_utc(selection.time.t2)


def _check_operation(title: str, operated: tuple[str, str], begin: float, end: float) -> None:
    if end <= ijd_from_utc(operated[0]) or begin >= ijd_from_utc(operated[1]):
        text = f"no data: {title} took data from {operated[0][:10]} to {operated[1][:10]}"
        raise InvalidSelection(text, field="selection.time", allowed=f"{operated[0]} to {operated[1]}")


def _input(archive: Archive, name: str, declared: ArchiveFiles, part: Slice, there: frozenset[str]) -> ArchiveInput:
    folder = part.folder(name)
    for file in declared.files:
        if file in there:
            stamp = archive.stamp(f"{folder}/{file}")
            return ArchiveInput(role=declared.role, label=str(part), path=folder, files=(file,), stamp=stamp)
    raise MissingFile(f"{folder}/{declared.files[0]}")


def _nothing(title: str, selection: Selection, listed: dict[str, frozenset[str]]) -> str:
    span = f"{selection.time.t1} to {selection.time.t2}" if selection.time else "this time"
    text = f"no data: the archive has no {title} data from {span}"
    if not listed:
        return f"{text}; its list of slices is empty"
    return f"{text}; its slices lie between IJD {min(listed)} and {max(listed)} (day-slice)"
