"""Slices of time: how instruments without pointings, which see the whole sky, cut their archive.

The grid is fixed in TT and the same for every request, so that the products of a slice are found again. Slice number
``n`` of IJD day ``d`` is labelled ``d-n`` and lies in ``slices/<instrument>/<d>/<label>/``. This layout is odamesh's
own: where the missions' archives keep these data could not be learned.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mesh.archive.access import Archive, write_whole
from mesh.archive.times import utc_from_ijd
from mesh.errors import BadInput

_DAY_S = 86400
_LABEL = re.compile(r"(\d{4,5})-(\d{2,5})")


@dataclass(frozen=True, order=True, slots=True)
class Slice:
    """One slice of the grid.

    Args:
        day: IJD of the day.
        number: place in the day, from 0.
        seconds: length; divides a day.
    """

    day: int
    number: int
    seconds: int

    def __str__(self) -> str:
        digits = max(2, len(str(_DAY_S // self.seconds - 1)))
        return f"{self.day:04d}-{self.number:0{digits}d}"

    @property
    def t_start(self) -> float:
        """Its start, IJD (TT)."""
        return self.day + self.number * self.seconds / _DAY_S

    @property
    def t_stop(self) -> float:
        """Its end, IJD (TT)."""
        return self.day + (self.number + 1) * self.seconds / _DAY_S

    @property
    def span(self) -> str:
        """Its time in words, UTC."""
        return f"{utc_from_ijd(self.t_start, 0)} to {utc_from_ijd(self.t_stop, 0)}"

    def folder(self, instrument: str) -> str:
        """Path of its folder in the archive."""
        return f"slices/{instrument}/{self.day:04d}/{self}"


def slices_between(begin: float, end: float, seconds: int) -> Iterator[Slice]:
    """Yield the slices that an interval of time touches, in order.

    Args:
        begin: IJD (TT).
        end: IJD (TT), not part of the interval.
        seconds: length of a slice.
    """
    per_day = _DAY_S // seconds
    for place in _places(begin, end, seconds):
        yield Slice(*divmod(place, per_day), seconds)


def count_slices(begin: float, end: float, seconds: int) -> int:
    """Return how many slices an interval of time touches; arguments as of `slices_between`."""
    return len(_places(begin, end, seconds))


def _places(begin: float, end: float, seconds: int) -> range:
    # An edge that is meant to lie on the grid does: IJD in double precision is good to some microseconds.
    first, last = (round(ijd * _DAY_S / seconds, 8) for ijd in (begin, end))
    return range(math.floor(first), math.ceil(last))


def index_path(instrument: str) -> str:
    """Path of the list of slices that an archive has for an instrument."""
    return f"idx/slices/{instrument}.txt"


def build_slice_indices(root: Path) -> dict[str, int]:
    """Write the list of slices of every instrument below *root*/slices; a line is a label and the files there.

    Returns:
        instrument -> number of slices.
    """
    counts = {}
    for top in sorted(path for path in root.glob("slices/*") if path.is_dir()):
        folders = [path for path in sorted(top.glob("*/*")) if _LABEL.fullmatch(path.name)]
        lines = [
            " ".join([path.name, *sorted(file.name for file in path.iterdir() if file.is_file())]) for path in folders
        ]
        write_whole(root / index_path(top.name), (f"{line}\n".encode() for line in lines))
        counts[top.name] = len(lines)
    return counts


def read_slice_index(archive: Archive, instrument: str) -> dict[str, frozenset[str]]:
    """Return label -> names of its files of every slice of an instrument.

    Raises:
        MissingFile: the archive has no such list.
        BadInput: it cannot be understood; says what to do.
        ArchiveUnavailable: the archive did not answer.
    """
    listed = {}
    for line in archive.read(index_path(instrument)).decode("utf-8", "replace").splitlines():
        label, *files = line.split()
        if not _LABEL.fullmatch(label):
            text = (
                f"{index_path(instrument)} of the archive is damaged ({label!r}): make it anew: odamesh archive index"
            )
            raise BadInput("BadArchiveIndex", text)
        listed[label] = frozenset(files)
    return listed
