"""The index of an archive: which science windows it has, when, and where they point.

Services read the compact `idx/scw/odamesh-index.jsonl` (one window a line; `odamesh archive index` writes it) and,
where it is missing, the archive's own `idx/scw/GNRL-SCWG-GRP-IDX.fits` (or `.fits.gz`), which does not say what files
a window has.
"""

import io
import json
import logging
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mesh.archive.access import Archive, MissingFile
from mesh.archive.fits_table import FitsError, headers, table_columns, unpacked
from mesh.archive.scw import ScwId
from mesh.errors import BadInput

COMPACT_PATH = "idx/scw/odamesh-index.jsonl"
FITS_PATHS = ("idx/scw/GNRL-SCWG-GRP-IDX.fits", "idx/scw/GNRL-SCWG-GRP-IDX.fits.gz")
"""The archive's own index; the first that exists is read."""

_FITS_COLUMNS = (
    *("SWID", "MEMBER_LOCATION", "TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "SW_TYPE", "TELAPSE"),
)

_NUMBERS = {"t_start": "TSTART", "t_stop": "TSTOP", "ra_x": "RA_SCX", "dec_x": "DEC_SCX"} | {
    "ra_z": "RA_SCZ",
    "dec_z": "DEC_SCZ",
    "telapse": "TELAPSE",
}
"""Fields that have to be numbers, with their keywords."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One science window of the archive.

    Args:
        scw: identifier with version.
        t_start: start, IJD (TT).
        t_stop: end, IJD (TT).
        ra_x: direction of the spacecraft X axis, the pointing [deg, J2000].
        dec_x: its declination.
        ra_z: direction of the spacecraft Z axis [deg, J2000].
        dec_z: its declination.
        sw_type: POINTING, SLEW or ENGINEERING.
        telapse: length [s].
        files: names of its files; None when the index does not tell.
    """

    scw: ScwId
    t_start: float
    t_stop: float
    ra_x: float
    dec_x: float
    ra_z: float
    dec_z: float
    sw_type: str
    telapse: float
    files: tuple[str, ...] | None

    def file(self, names: Sequence[str]) -> str | None:
        """Path in the archive of the first of these names that the window has; None when it has none.

        Where the index does not tell, the first name is taken; a file that is missing shows when it is fetched.
        """
        present = names[:1] if self.files is None else [name for name in names if name in self.files]
        return f"{self.scw.path}/{present[0]}" if present else None

    def problem(self) -> str:
        """Say what makes it useless, for whoever has to mend it; nothing of a good one."""
        for name, keyword in _NUMBERS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                return f"{keyword} is no number"
        if self.t_stop <= self.t_start:
            return f"it ends (TSTOP {self.t_stop:.5f}) before it starts (TSTART {self.t_start:.5f})"
        if max(abs(self.dec_x), abs(self.dec_z)) > 90.0:
            return f"its declinations (DEC_SCX {self.dec_x:g}, DEC_SCZ {self.dec_z:g}) are beyond 90 degrees"
        return ""

    def to_json(self) -> str:
        """One line of the compact index, without the line end."""
        fields = asdict(self) | {"scw": str(self.scw)}
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> "Entry":
        """Read one line of the compact index.

        Raises:
            ValueError: the line is not an entry.
        """
        fields: dict[str, Any] = json.loads(line)
        try:
            fields["scw"] = ScwId.parse(fields["scw"])
            if fields["files"] is not None:
                fields["files"] = tuple(fields["files"])
            entry = cls(**fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a science window: {error}") from error
        if problem := entry.problem():
            raise ValueError(f"{entry.scw}: {problem}")
        return entry


class Index:
    """All science windows of an archive in time order.

    Args:
        entries: in any order.
        source: path in the archive that they come from, for messages.
    """

    def __init__(self, entries: Iterable[Entry], source: str) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: (entry.t_start, entry.scw)))
        self.source = source
        self._by_id = sorted(self.entries, key=lambda entry: entry.scw)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def find(self, scw: ScwId) -> Entry | None:
        """Find a window by its identifier: the newest version unless one is named."""
        versions = self.versions(scw.swid)
        if scw.version:
            return next((entry for entry in versions if entry.scw == scw), None)
        return versions[-1] if versions else None

    def versions(self, swid: str) -> list[Entry]:
        """List all versions of a window, oldest first."""
        place = bisect_left(self._by_id, ScwId(swid), key=lambda entry: entry.scw)
        found = []
        while place < len(self._by_id) and self._by_id[place].scw.swid == swid:
            found.append(self._by_id[place])
            place += 1
        return found

    def newest(self) -> Iterator[Entry]:
        """Yield each window once, in its newest version, in time order."""
        newest = {entry.scw.swid: entry.scw for entry in self._by_id}
        return (entry for entry in self.entries if newest[entry.scw.swid] == entry.scw)


def read_index(archive: Archive) -> Index:
    """Read the index of an archive.

    Raises:
        BadInput: the archive has no index, or it cannot be understood; says what to do.
        ArchiveUnavailable: the archive did not answer.
    """
    try:
        return Index(compact_entries(archive), COMPACT_PATH)
    except MissingFile:
        pass
    for path in FITS_PATHS:
        try:
            data = archive.read(path)
        except MissingFile:
            continue
        try:
            entries, problems = fits_entries(data)
        except ValueError as error:
            text = f"{path} of the archive cannot be read: {error}"
            raise BadInput("ArchiveIndexCorrupted", text) from error
        for problem in problems:
            _log.warning("%s: left out %s", path, problem)
        return Index(entries, path)
    raise BadInput("NoArchiveIndex", "the archive has no index; make one with: odamesh archive index DIR")


def fits_entries(data: bytes) -> tuple[list[Entry], list[str]]:
    """Entries of a GNRL-SCWG-GRP-IDX file, compressed or not, and one line for each row that cannot be used.

    Raises:
        ValueError: the bytes are no such index.
    """
    stream = io.BytesIO(unpacked(data))
    for header in headers(stream):
        if header.get("GRPNAME") == "GNRL-SCWG-GRP-IDX":
            return _usable(table_columns(stream, header, _FITS_COLUMNS))
    raise FitsError("it holds no table GNRL-SCWG-GRP-IDX")


def _usable(rows: Iterable[tuple[Any, ...]]) -> tuple[list[Entry], list[str]]:
    entries, problems = [], []
    for number, row in enumerate(rows, 1):
        try:
            entry = _fits_entry(row)
        except ValueError as error:
            problems.append(f"row {number}: {error}")
            continue
        if problem := entry.problem():
            problems.append(f"{entry.scw}: {problem}")
        else:
            entries.append(entry)
    return entries, problems


def compact_entries(archive: Archive) -> Iterator[Entry]:
    """Yield the windows of the compact index, so that whoever needs little of each holds no more.

    Raises:
        MissingFile: the archive has none.
        BadInput: a line of it is no window; says which and what to do.
        ArchiveUnavailable: the archive did not answer.
    """
    for number, line in enumerate(archive.read(COMPACT_PATH).decode("utf-8").splitlines(), 1):
        try:
            yield Entry.from_json(line)
        except ValueError as error:
            text = f"{COMPACT_PATH} of the archive, line {number}: {error}; rebuild it: odamesh archive index DIR"
            raise BadInput("ArchiveIndexCorrupted", text) from error


def _fits_entry(row: tuple[Any, ...]) -> Entry:
    """Entry of one row of the FITS index; the version stands in the location of the group."""
    swid, location, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, sw_type, telapse = row
    version = re.search(rf"{re.escape(swid)}\.(\d{{3}})/", location)
    scw = ScwId.parse(f"{swid}.{version[1] if version else '001'}")
    if not math.isfinite(telapse):
        telapse = (t_stop - t_start) * 86400.0
    return Entry(scw, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, sw_type or scw.type, telapse, None)
