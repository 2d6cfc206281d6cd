"""Spectra: count rates with errors, what they were measured with, and the files that belong to them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import Array, classify, column, opened, table_of, word
from services.spectral_fit.analysis.response import Response, read_response

_SUFFIXES = frozenset({".pha", ".rmf", ".arf", ".rsp", ".rmfarf"})


@dataclass(frozen=True)
class Counts:
    """What was counted in each channel.

    Args:
        rate: counts/s.
        error: 1 sigma, counts/s; 0 where there is none.
        systematic: fraction of the rate.
        good: channels that are usable: QUALITY 0, a finite rate, a positive error where errors are Gaussian.
        grouping: 1 where a group begins, -1 inside it.
        poisson: whether these are counts of single photons, with the background in them.
        exposure_s: live time.
        scale: of the background (BACKSCAL).
    """

    rate: Array
    error: Array
    systematic: Array
    good: Array
    grouping: Array
    poisson: bool
    exposure_s: float
    scale: float


@dataclass(frozen=True)
class Spectrum:
    """A spectrum with its response."""

    source: str
    instrument: str
    file: str
    counts: Counts
    response: Response
    background: Counts | None

    @property
    def title(self) -> str:
        """Source and instrument, for plots and tables."""
        return f"{self.source} {self.instrument}".strip()


def spectra_in(paths: Sequence[Path], source: str) -> list[Spectrum]:
    """Return the spectra of a source among some files that lie together.

    Where the same counts are there in fine channels and put together to coarse ones, as JEM-X gives them, the fine ones
    are returned: fitted together they would count twice.

    Args:
        paths: files of one product, or the files of one spectrum that a user gave.
        source: its name; empty to take what is there if all of it is of one source.

    Raises:
        BadInput: no spectrum, none of that source, several sources, no response.
    """
    classes = {path: classify(path) for path in paths if ".fits" in path.name or _SUFFIXES & set(path.suffixes)}
    named = {path: _names(path) for path, kind in classes.items() if kind == "spectrum"}
    if not named:
        there = ", ".join(path.name for path in paths) or "none"
        text = (
            f"there is no spectrum (extension of class SPECTRUM) among the files {there}: name a job that makes spectra"
        )
        raise BadInput("NoSpectrum", text)
    wanted = [path for path, names in named.items() if not source or _plain(source) in map(_plain, names)]
    known = ", ".join(sorted({names[0] for names in named.values() if names}))
    if not wanted:
        raise BadInput("NoSuchSource", f"there is no spectrum of {source!r}; there are spectra of: {known}")
    if not source and len({_plain(names[0]) for names in named.values() if names}) > 1:
        raise BadInput("SeveralSources", f"name one source with parameter source; there are spectra of: {known}")
    return _finest([_read(path, classes) for path in sorted(wanted)])


def _finest(spectra: Sequence[Spectrum]) -> list[Spectrum]:
    """Leave out every spectrum that another one of the same source, instrument and live time has in more channels."""

    def same(one: Spectrum, other: Spectrum) -> bool:
        names = _plain(one.source) == _plain(other.source) and one.instrument == other.instrument
        return names and one.counts.exposure_s == other.counts.exposure_s

    return [
        one
        for one in spectra
        if not any(same(one, other) and other.counts.rate.size > one.counts.rate.size for other in spectra)
    ]


def _names(path: Path) -> tuple[str, ...]:
    with opened(path) as hdus:
        header = table_of(hdus, path, "SPECTRUM").header
        found = [word(header, keyword) for keyword in ("OBJECT", "NAME", "SOURCEID")]
    return tuple(name for name in found if name)


def _plain(name: str) -> str:
    return "".join(name.split()).replace("_", "").casefold()


def _read(path: Path, classes: Mapping[Path, str | None]) -> Spectrum:
    with opened(path) as hdus:
        hdu = table_of(hdus, path, "SPECTRUM")
        header = hdu.header
        counts = _counts(hdu, path)
        matrix = _belonging(path, word(header, "RESPFILE"), "matrix", classes)
        area = _belonging(path, word(header, "ANCRFILE"), "area", classes)
        behind = _belonging(path, word(header, "BACKFILE"), "background", classes)
        names = _names(path)
        instrument = word(header, "DETNAM") or word(header, "INSTRUME")
    if matrix is None:
        named = word(header, "RESPFILE") or "NONE"
        text = f"{path.name} comes without its response matrix (RESPFILE {named}): give it too"
        raise BadInput("NoResponse", text)
    response = read_response(matrix, area)
    channels = response.matrix.shape[1]
    if counts.rate.size != channels:
        text = f"{path.name} has {counts.rate.size} channels, its response {matrix.name} has {channels}"
        raise BadInput("ResponseMismatch", text)
    background = None
    if behind is not None:
        with opened(behind) as hdus:
            background = _counts(table_of(hdus, behind, "SPECTRUM"), behind)
    return Spectrum(names[0] if names else path.stem, instrument, path.name, counts, response, background)


def _belonging(path: Path, named: str, kind: str, classes: Mapping[Path, str | None]) -> Path | None:
    """Return the file that the spectrum names, compressed or not; else the only one of its kind, if it names none."""
    name = Path(named).name.removesuffix(".gz")
    for other in _of_kind(kind, classes):
        if name and other.name.removesuffix(".gz") == name:
            return other
    there = list(_of_kind(kind, classes))
    spectra = list(_of_kind("spectrum", classes))
    # Files that were given one by one belong together, whatever name the spectrum knows them by.
    return there[0] if len(there) == 1 and (len(spectra) == 1 or name.upper() in {"", "NONE"}) else None


def _of_kind(kind: str, classes: Mapping[Path, str | None]) -> Iterator[Path]:
    return (path for path, found in classes.items() if found == kind)


def _counts(hdu: object, path: Path) -> Counts:
    header, columns = hdu.header, hdu.columns.names  # type: ignore[attr-defined]
    if header.get("HDUCLAS4") == "TYPE:II" or ("RATE" not in columns and "COUNTS" not in columns):
        raise BadInput("UnreadableFile", f"{path.name} is no OGIP spectrum of type I with a column RATE or COUNTS")
    exposure = header.get("EXPOSURE")
    if not isinstance(exposure, (int, float)) or not exposure > 0.0:
        raise BadInput("NoExposure", f"{path.name} has EXPOSURE {exposure!r}: a fit needs the live time in seconds")
    counted = "COUNTS" in columns
    rate = column(hdu, "COUNTS") / exposure if counted else column(hdu, "RATE")
    poisson = counted and header.get("POISSERR", "STAT_ERR" not in columns) is True
    if poisson:
        error = np.sqrt(np.maximum(rate * exposure, 0.0)) / exposure
    else:
        error = column(hdu, "STAT_ERR") / (exposure if counted else 1.0)
    good = (column(hdu, "QUALITY", 0.0) == 0.0) & np.isfinite(rate) & np.isfinite(error) & (poisson | (error > 0.0))
    rate, error = np.where(good, rate, 0.0), np.where(good, error, 0.0)
    systematic = np.nan_to_num(column(hdu, "SYS_ERR", 0.0))
    scale = header.get("BACKSCAL", 1.0)
    return Counts(
        rate,
        error,
        np.abs(systematic),
        good,
        column(hdu, "GROUPING", 1.0),
        poisson,
        float(exposure),
        float(scale) if isinstance(scale, (int, float)) else 1.0,
    )
