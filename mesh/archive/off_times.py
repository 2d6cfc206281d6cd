"""When an instrument was known to be off, and why: tells a passage of the radiation belts from data that are lacking.

``aux/<instrument>/off.csv`` of the archive has the columns start and stop (UTC) and reason, e.g. ``BELTS``. An archive
need not have it.
"""

import csv
import io
from dataclasses import dataclass

from mesh.archive.access import Archive, MissingFile
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.errors import BadInput


@dataclass(frozen=True, slots=True)
class OffTime:
    """A time in which an instrument took no data.

    Args:
        start: IJD (TT).
        stop: IJD (TT).
        reason: one word.
    """

    start: float
    stop: float
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} from {utc_from_ijd(self.start, 0)} to {utc_from_ijd(self.stop, 0)}"


def off_times_path(instrument: str) -> str:
    """Path of the list in the archive."""
    return f"aux/{instrument}/off.csv"


def read_off_times(archive: Archive, instrument: str) -> list[OffTime]:
    """Read the list, in time order; empty where the archive has none.

    Raises:
        BadInput: reason ``BadOffTimes``; says which line.
        ArchiveUnavailable: the archive did not answer.
    """
    try:
        text = archive.read(off_times_path(instrument)).decode("utf-8-sig", "replace")
    except MissingFile:
        return []
    found = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            found.append(OffTime(ijd_from_utc(row["start"]), ijd_from_utc(row["stop"]), str(row["reason"]).strip()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            where = f"{off_times_path(instrument)} of the archive, line {number}"
            raise BadInput("BadOffTimes", f"{where}: needs start, stop (UTC) and reason ({error})") from error
    return sorted(found, key=lambda one: one.start)
