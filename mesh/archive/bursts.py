"""The list of bursts that an archive comes with: names, times and durations to select an interval by.

``aux/<instrument>/bursts.csv`` has the columns name, utc (start, UTC) and duration (T90, s) in any order.
"""

import csv
import io
from dataclasses import dataclass

from mesh.archive.access import Archive
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.errors import BadInput

_BESIDE_S = 100.0


@dataclass(frozen=True)
class ListedBurst:
    """One burst of the list.

    Args:
        name: e.g. GRB170114A.
        utc: its start, UTC.
        duration_s: T90.
    """

    name: str
    utc: str
    duration_s: float

    @property
    def interval(self) -> tuple[str, str]:
        """Time range to ask for: the burst and at least 100 s, or twice its length, of background on both sides."""
        start = ijd_from_utc(self.utc)
        side = max(_BESIDE_S, 2 * self.duration_s)
        return utc_from_ijd(start - side / 86400.0, 0), utc_from_ijd(start + (side + self.duration_s) / 86400.0, 0)


def burst_list_path(instrument: str) -> str:
    """Path of the list in the archive."""
    return f"aux/{instrument}/bursts.csv"


def read_bursts(archive: Archive, instrument: str) -> list[ListedBurst]:
    """Read the list, in time order.

    Raises:
        MissingFile: the archive has none.
        BadInput: reason ``BadBurstList``; says which line.
        ArchiveUnavailable: the archive did not answer.
    """
    bursts = []
    text = archive.read(burst_list_path(instrument)).decode("utf-8-sig", "replace")
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            burst = ListedBurst(str(row["name"]), str(row["utc"]).removesuffix("Z"), float(row["duration"]))
            ijd_from_utc(burst.utc)
        except (KeyError, TypeError, ValueError) as error:
            where = f"{burst_list_path(instrument)} of the archive, line {number}"
            raise BadInput("BadBurstList", f"{where}: needs name, utc and duration ({error})") from error
        bursts.append(burst)
    return sorted(bursts, key=lambda burst: ijd_from_utc(burst.utc))
