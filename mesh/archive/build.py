"""Builds the compact index of an archive in a directory, from its own index and from what is on disk."""

import math
import re
from dataclasses import replace
from pathlib import Path

from mesh.archive.access import write_whole
from mesh.archive.fits_table import FitsError, Header, headers, opened
from mesh.archive.index import COMPACT_PATH, FITS_PATHS, Entry, fits_entries
from mesh.archive.scw import ScwId

_KEYWORDS = ("TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")


def build_index(root: Path) -> tuple[list[Entry], list[str]]:
    """Write idx/scw/odamesh-index.jsonl of an archive.

    Times and attitude come from idx/scw/GNRL-SCWG-GRP-IDX.fits (or .fits.gz) for the windows that it lists, else from
    the header of an event file of the window; the names of the files come from the directory. Windows that the FITS
    index lists and the directory does not have are kept, without files.

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
    problems = []
    index = next((root / path for path in FITS_PATHS if (root / path).is_file()), None)
    if index is not None:
        found, useless = fits_entries(index.read_bytes())
        listed = {entry.scw: entry for entry in found}
        problems = [f"{line} (in {index.name})" for line in useless]
    entries: dict[ScwId, Entry] = {scw: _with_files(entry, ()) for scw, entry in listed.items()}
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
    """Entry of a window from the first event file whose header has its times and attitude."""
    reasons = []
    for name in files:
        if not re.fullmatch(r".*_events\.fits(\.gz)?", name):
            continue
        try:
            header = _events_header(folder / name)
            t_start, t_stop, ra_x, dec_x, ra_z, dec_z = (float(header[key]) for key in _KEYWORDS)
            kind, telapse = str(header.get("SW_TYPE", scw.type)), (t_stop - t_start) * 86400.0
            entry = Entry(scw, t_start, t_stop, ra_x, dec_x, ra_z, dec_z, kind, telapse, files)
        except (FitsError, OSError, EOFError) as error:
            reasons.append(f"{name}: {error}")
            continue
        if not (problem := entry.problem()):
            return entry
        reasons.append(f"{name}: {problem}")
    raise ValueError("; ".join(reasons) or "no event file with start, end and attitude in its header")


def _events_header(path: Path) -> Header:
    """Find the first header of a file that has all keywords of an entry, as numbers.

    Raises:
        FitsError: there is none; says which keywords are no numbers, or what is wrong with the file.
    """
    lacking: list[str] = []
    with opened(path) as stream:
        for header in headers(stream):
            bad = [key for key in _KEYWORDS if not _is_number(header.get(key))]
            if not bad:
                return header
            if len(bad) < len(_KEYWORDS) and not lacking:
                lacking = bad
    if not lacking:
        raise FitsError("no header with start, end and attitude")
    raise FitsError(f"{', '.join(lacking)} {'is no number' if len(lacking) == 1 else 'are no numbers'}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
