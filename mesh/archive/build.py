"""Builds the compact index of an archive in a directory, from its own index and from what is on disk."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from mesh.archive.access import write_whole
from mesh.archive.fits_table import FitsError, Header, headers
from mesh.archive.index import COMPACT_PATH, FITS_PATH, Entry, fits_entries
from mesh.archive.scw import ScwId

_KEYWORDS = ("TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")


def build_index(root: Path) -> tuple[list[Entry], list[str]]:
    """Write idx/scw/odamesh-index.jsonl of an archive.

    Times and attitude come from idx/scw/GNRL-SCWG-GRP-IDX.fits for the windows that it lists, else from the header of
    an event file of the window; the names of the files come from the directory. Windows that the FITS index lists and
    the directory does not have are kept, without files.

    Args:
        root: directory with scw/ and possibly idx/.

    Returns:
        entries in time order, and one line for each window folder that cannot be used.

    Raises:
        ValueError: no such directory, it holds no science window, or its FITS index is damaged.
    """
    if not root.is_dir():
        raise ValueError(f"{root} is not a directory")
    listed: dict[ScwId, Entry] = {}
    if (root / FITS_PATH).is_file():
        listed = {entry.scw: entry for entry in fits_entries((root / FITS_PATH).read_bytes())}
    entries: dict[ScwId, Entry] = {scw: _with_files(entry, ()) for scw, entry in listed.items()}
    problems = []
    for folder in sorted(root.glob("scw/[0-9][0-9][0-9][0-9]/*.[0-9][0-9][0-9]")):
        try:
            scw = ScwId.parse(folder.name)
            files = tuple(sorted(path.name for path in folder.iterdir() if path.is_file()))
            entries[scw] = _with_files(listed.get(scw) or _from_events(scw, folder, files), files)
        except (ValueError, OSError, EOFError) as error:
            problems.append(f"{folder.name}: {error}")
    if not entries:
        raise ValueError(f"{root} holds no science window; they belong in scw/RRRR/RRRRPPPPSSSF.VVV/")
    ordered = sorted(entries.values(), key=lambda entry: (entry.t_start, entry.scw))
    write_whole(root / COMPACT_PATH, (f"{entry.to_json()}\n".encode() for entry in ordered))
    return ordered, problems


def _with_files(entry: Entry, files: tuple[str, ...]) -> Entry:
    """Copy an entry with the names of its files."""
    return replace(entry, files=files)


def _from_events(scw: ScwId, folder: Path, files: tuple[str, ...]) -> Entry:
    """Entry of a window from the header of the first event file that has times and attitude."""
    for name in files:
        if re.fullmatch(r".*_events\.fits(\.gz)?", name):
            header = _events_header(folder / name)
            if header is not None:
                t_start, t_stop, ra_x, dec_x, ra_z, dec_z = (float(header[key]) for key in _KEYWORDS)
                kind, telapse = str(header.get("SW_TYPE", scw.type)), (t_stop - t_start) * 86400.0
                return Entry(scw, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, kind, telapse, files)
    raise ValueError("no event file with start, end and attitude in its header")


def _events_header(path: Path) -> Header | None:
    """Find the first header of a file with all keywords of an entry, as numbers; None when there is none."""
    with path.open("rb") as file, gzip.open(file) if path.suffix == ".gz" else file as stream:
        try:
            for header in headers(cast(BinaryIO, stream)):
                if all(isinstance(header.get(key), int | float) for key in _KEYWORDS):
                    return header
        except FitsError as error:
            raise ValueError(f"{path.name}: {error}") from error
    return None
