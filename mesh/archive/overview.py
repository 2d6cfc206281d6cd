"""What an archive holds, in a few numbers: of each instrument how many windows or slices, from when to when."""

from collections.abc import Iterable
from typing import NamedTuple

from mesh.archive.access import Archive, MissingFile
from mesh.archive.index import Index
from mesh.archive.slices import read_slice_index
from mesh.archive.times import utc_from_ijd
from mesh.instrument import DAY_S, Instrument


class Holding(NamedTuple):
    """What there is of one instrument."""

    pieces: int
    """Pointings with data, or slices of time."""
    first: str | None
    """Start of the first one, UTC; None: there is none."""
    last: str | None
    """End of the last one, UTC."""
    exposure_s: float
    """Their lengths together."""


def holding(archive: Archive, index: Index, instrument: Instrument) -> Holding:
    """Return what an archive holds of an instrument.

    Where the index does not tell which files a window has, every pointing counts.

    Raises:
        BadInput: a list of slices is damaged.
        ArchiveUnavailable: it does not answer.
    """
    if instrument.archive is None:
        return _of(())
    if instrument.archive.slice_s is not None:
        return _of(_slices(archive, instrument.name, instrument.archive.slice_s))
    files = instrument.archive.files
    pointings = (entry for entry in index.newest() if entry.sw_type == "POINTING" and entry.file(files))
    return _of((entry.t_start, entry.t_stop) for entry in pointings)


def _slices(archive: Archive, name: str, seconds: int) -> list[tuple[float, float]]:
    try:
        labels = read_slice_index(archive, name)
    except MissingFile:
        return []
    spans = []
    for label in labels:
        day, _, number = label.partition("-")
        start = int(day) + int(number) * seconds / DAY_S
        spans.append((start, start + seconds / DAY_S))
    return spans


def _of(spans: Iterable[tuple[float, float]]) -> Holding:
    count, first, last, days = 0, float("inf"), float("-inf"), 0.0
    for start, stop in spans:
        count, first, last, days = count + 1, min(first, start), max(last, stop), days + stop - start
    if not count:
        return Holding(0, None, None, 0.0)
    return Holding(count, utc_from_ijd(first, 0), utc_from_ijd(last, 0), days * DAY_S)
