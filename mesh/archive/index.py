"""The index of an archive: which science windows it has, when, and where they point.

Services read the compact `idx/scw/odamesh-index.jsonl` (one window a line; `odamesh archive index` writes it) and,
where it is missing, the archive's own `idx/scw/GNRL-SCWG-GRP-IDX.fits`, which does not say what files a window has.
"""

import io
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mesh.archive.access import Archive, MissingFile
from mesh.archive.fits_table import FitsError, headers, table_columns
from mesh.archive.scw import ScwId
from mesh.errors import BadInput

COMPACT_PATH = "idx/scw/odamesh-index.jsonl"
FITS_PATH = "idx/scw/GNRL-SCWG-GRP-IDX.fits"

_FITS_COLUMNS = (
    *("SWID", "MEMBER_LOCATION", "TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "SW_TYPE", "TELAPSE"),
)


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
            return cls(**fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a science window: {error}") from error


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
        return _read_compact(archive)
    except MissingFile:
        pass
    try:
        data = archive.read(FITS_PATH)
    except MissingFile as error:
        text = "the archive has no index; make one with: odamesh archive index DIR"
        raise BadInput("NoArchiveIndex", text) from error
    try:
        return Index(fits_entries(data), FITS_PATH)
    except ValueError as error:
        text = f"{FITS_PATH} of the archive cannot be read: {error}"
        raise BadInput("ArchiveIndexCorrupted", text) from error


def fits_entries(data: bytes) -> list[Entry]:
    """Entries of a GNRL-SCWG-GRP-IDX file.

    Raises:
        ValueError: the bytes are no such index.
    """
    stream = io.BytesIO(data)
    for header in headers(stream):
        if header.get("GRPNAME") == "GNRL-SCWG-GRP-IDX":
            return [_fits_entry(row) for row in table_columns(stream, header, _FITS_COLUMNS)]
    raise FitsError("it holds no table GNRL-SCWG-GRP-IDX")


def _read_compact(archive: Archive) -> Index:
    """Read the compact index."""
    lines = archive.read(COMPACT_PATH).decode("utf-8").splitlines()
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(Entry.from_json(line))
        except ValueError as error:
            text = f"{COMPACT_PATH} of the archive, line {number}: {error}; rebuild it: odamesh archive index DIR"
            raise BadInput("ArchiveIndexCorrupted", text) from error
    return Index(entries, COMPACT_PATH)


def _fits_entry(row: tuple[Any, ...]) -> Entry:
    """Entry of one row of the FITS index; the version stands in the location of the group."""
    swid, location, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, sw_type, telapse = row
    version = re.search(rf"{re.escape(swid)}\.(\d{{3}})/", location)
    scw = ScwId.parse(f"{swid}.{version[1] if version else '001'}")
    return Entry(scw, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, sw_type or scw.type, telapse, None)
