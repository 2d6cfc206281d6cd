"""Which revolution and which science window a time belongs to, and when they were, by the index of an archive."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from mesh.archive.access import Archive, MissingFile
from mesh.archive.index import Entry, compact_entries, read_index
from mesh.archive.scw import ScwId

_LOOKED_BACK = 50
"""Windows before a time that may still cover it: versions of one window, and slews that reach into a pointing."""


class Span(NamedTuple):
    """A stretch of time, IJD (TT)."""

    start: float
    stop: float


class Revolutions:
    """Revolutions and science windows of an archive in time; 24 bytes a window.

    Args:
        entries: windows in any order.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        rows = sorted((entry.t_start, entry.t_stop, int(f"{entry.scw.swid}{entry.scw.version}")) for entry in entries)
        self._starts = array("d", (row[0] for row in rows))
        self._stops = array("d", (row[1] for row in rows))
        self._ids = array("q", (row[2] for row in rows))
        spans: dict[int, Span] = {}
        for start, stop, number in rows:
            revolution = _revolution(number)
            first, last = spans.get(revolution, (start, stop))
            spans[revolution] = Span(min(first, start), max(last, stop))
        self._spans = spans

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def first_and_last(self) -> tuple[int, int]:
        """The first and the last revolution; of an archive without windows (0, 0)."""
        return min(self._spans, default=0), max(self._spans, default=0)

    def span(self, revolution: int) -> Span | None:
        """Return when a revolution was: from its first window to the first of the next one, or to its last one's end.

        None: the archive has none of its windows.
        """
        own = self._spans.get(revolution)
        following = self._spans.get(revolution + 1)
        if own is None or following is None:
            return own
        return Span(own.start, max(own.stop, following.start))

    def revolution(self, ijd: float) -> int | None:
        """Return the revolution at a time; None where the archive has no window near."""
        at = bisect_right(self._starts, ijd) - 1
        if at < 0:
            return None
        found = _revolution(self._ids[at])
        span = self.span(found)
        return found if span is not None and span.start <= ijd <= span.stop else None

    def window(self, ijd: float) -> str | None:
        """Return the science window that covers a time, the newest version of the latest; None where none does."""
        last = bisect_right(self._starts, ijd) - 1
        covering = [at for at in range(last, max(-1, last - _LOOKED_BACK), -1) if ijd <= self._stops[at]]
        if not covering:
            return None
        latest = max(self._ids[at] // 1000 for at in covering)
        return _text(max(self._ids[at] for at in covering if self._ids[at] // 1000 == latest))

    def find(self, scw: ScwId) -> tuple[str, Span] | None:
        """Return the identifier with version of a window, the newest unless one is named, and when it was."""
        wanted = int(scw.swid)
        found = [at for at, number in enumerate(self._ids) if number // 1000 == wanted]
        if scw.version:
            found = [at for at in found if _text(self._ids[at]) == str(scw)]
        if not found:
            return None
        at = max(found, key=lambda place: self._ids[place])
        return _text(self._ids[at]), Span(self._starts[at], self._stops[at])


def read_revolutions(archive: Archive) -> Revolutions:
    """Read them from the index of an archive.

    Raises:
        BadInput: the archive has no index, or it cannot be understood.
        ArchiveUnavailable: the archive did not answer.
    """
    try:
        return Revolutions(compact_entries(archive))
    except MissingFile:
        return Revolutions(read_index(archive))


def _text(number: int) -> str:
    digits = f"{number:015d}"
    return f"{digits[:12]}.{digits[12:]}"


def _revolution(number: int) -> int:
    return number // 10**11
