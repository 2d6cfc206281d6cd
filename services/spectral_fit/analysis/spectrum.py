"""The spectra of a source among some files, each with the files that belong to it: response, background, correction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import Array, Kind, is_fits, kinds
from services.spectral_fit.analysis.response import Channels, Response, read_response, with_area
from services.spectral_fit.analysis.spectrum_file import Counts, NamedFile, SpectrumFile, on_channels, read_spectra


@dataclass(frozen=True)
class Spectrum:
    """A spectrum with its response, all in the channels of the response.

    Args:
        source: name of the source.
        instrument: DETNAM or INSTRUME.
        file: name of its file.
        counts: what was measured.
        response: of the instrument.
        background: measured elsewhere; None where it is subtracted, or not there.
        correction: counts/s per channel of a systematic error that is common to all channels (CORRFILE with CORRSCAL
            0): its amplitude is not known, 0 +- 1; None where there is none.
        remarks: what a user must know about the files.
    """

    source: str
    instrument: str
    file: str
    counts: Counts
    response: Response
    background: Counts | None = None
    correction: Array | None = None
    remarks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Source and instrument, for plots and tables."""
        return f"{self.source} {self.instrument}".strip()


@dataclass
class _Files:
    """Files that lie together, by what they hold, and which of them were of use."""

    holds: Mapping[Path, frozenset[Kind]]
    spectra: Mapping[Path, list[SpectrumFile]]
    used: set[Path] = field(default_factory=set)

    def of(self, kind: Kind) -> list[Path]:
        return [path for path, held in self.holds.items() if kind in held]

    def find(self, name: NamedFile, kind: Kind) -> Path | None:
        """Return the file that a spectrum names: under just this name, else in another case."""
        there = self.of(kind)
        exact = [path for path in there if name.is_name_of(path)]
        return next(iter(exact or [path for path in there if name.is_name_of(path, any_case=True)]), None)

    def use(self, path: Path | None) -> Path | None:
        """Note that a file is of use."""
        if path is not None:
            self.used.add(path)
        return path

    def behind(self) -> set[Path]:
        """Return the spectra that are backgrounds or corrections: others name them so, or their class says it."""
        classed = {path for path, rows in self.spectra.items() if rows[0].content == "BKG"}
        for path, rows in self.spectra.items():
            for name in {name for one in rows for name in (one.background, one.correction)}:
                found = self.find(name, "spectrum")
                if found is not None and found != path:
                    classed.add(found)
        return classed


def spectra_in(
    paths: Sequence[Path], source: str, *, given: bool = False, row: int = 0, backgrounds: bool = True
) -> list[Spectrum]:
    """Return the spectra of a source among some files that lie together.

    Where the same counts are there in fine channels and put together to coarse ones, as JEM-X gives them in a product,
    the fine ones are returned: fitted together they would count twice.

    Args:
        paths: files of one product, or the files of one spectrum that a user gave.
        source: its name; empty to take what is there if all of it is of one source.
        given: whether a user named each file, so that all should be of use.
        row: which row of files of type II is taken, from 1; 0 for all.
        backgrounds: whether background files that spectra name are applied.

    Raises:
        BadInput: no spectrum, none of that source, several sources, a file that is named and is not there, files that
            do not fit each other, or something in them that cannot be honoured.
    """
    holds = {path: kinds(path) for path in paths if is_fits(path)}
    files = _Files(holds, {path: read_spectra(path) for path, held in holds.items() if "spectrum" in held})
    behind = files.behind()
    found = [one for path, rows in files.spectra.items() if path not in behind for one in _rows(rows, row)]
    if not found:
        there = ", ".join(path.name for path in paths) or "none"
        text = (
            f"there is no spectrum (extension of class SPECTRUM) among the files {there}: name a job that makes spectra"
        )
        raise BadInput("NoSpectrum", text)
    chosen = _of_source(found, source)
    spectra = [_joined(one, files, alone=len(found) == 1, backgrounds=backgrounds) for one in chosen]
    if not given:
        return _finest(spectra)
    idle = [path.name for path in paths if path not in files.used and path not in {one.path for one in chosen}]
    if idle and backgrounds:
        text = f"{', '.join(idle)}: given, but no spectrum among these files has a use for it"
        spectra[0] = replace(spectra[0], remarks=(*spectra[0].remarks, text))
    return spectra


def _rows(rows: Sequence[SpectrumFile], row: int) -> Sequence[SpectrumFile]:
    if not row or not rows[0].row:
        return rows
    if row > len(rows):
        raise BadInput("BadParameter", f"{rows[0].path.name} has {len(rows)} spectra: row {row} is none of them")
    return rows[row - 1 : row]


def _of_source(found: Sequence[SpectrumFile], source: str) -> list[SpectrumFile]:
    wanted = [one for one in found if not source or _plain(source) in map(_plain, one.sources)]
    known = ", ".join(sorted({one.sources[0] for one in found if one.sources}))
    if not wanted:
        raise BadInput("NoSuchSource", f"there is no spectrum of {source!r}; there are spectra of: {known}")
    if not source and len({_plain(one.sources[0]) for one in found if one.sources}) > 1:
        raise BadInput("SeveralSources", f"name one source with parameter source; there are spectra of: {known}")
    if source and (exact := [one for one in wanted if source in one.sources]):
        wanted = exact
    elif source and len(others := {one.sources[0] for one in wanted}) > 1:
        text = f"{source!r} may be each of {', '.join(sorted(others))}: write the name as it stands"
        raise BadInput("SeveralSources", text)
    return sorted(wanted, key=lambda one: (one.path, one.row))


def _plain(name: str) -> str:
    return "".join(name.split()).replace("_", "").casefold()


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


def _joined(one: SpectrumFile, files: _Files, *, alone: bool, backgrounds: bool) -> Spectrum:
    """Read what belongs to a spectrum."""
    remarks = list(one.remarks)
    matrix = _belonging(one, "RESPFILE", one.response, "matrix", files, alone=alone, remarks=remarks)
    if matrix is None:
        named = one.response.name or "NONE"
        text = f"{one.name} comes without its response matrix (RESPFILE {named}): give it too"
        if any(one.response.is_name_of(path) for path in files.holds):
            text = f"{one.name} names {named} as its response matrix (RESPFILE), which holds none"
        raise BadInput("NoResponse", text)
    response = read_response(matrix, one.response.number)
    area = _area(one, files, response, alone=alone, remarks=remarks)
    if area is not None:
        response = with_area(response, area, one.area.number, matrix.name)
    counts = on_channels(one, response.channel, matrix.name)
    if not counts.poisson and not (counts.error > 0.0).any():
        text = f"{one.name} has no errors: it needs a column STAT_ERR, or counts of photons (COUNTS, POISSERR T)"
        raise BadInput("NoErrors", text)
    background = _background(one, files, alone=alone, wanted=backgrounds, remarks=remarks)
    behind = None
    if background is not None:
        behind = on_channels(background, response.channel, matrix.name)
        counts = _with_background(one, counts, background, behind)
    counts, correction = _corrected(one, counts, files, channel=response.channel, matrix=matrix.name, remarks=remarks)
    return Spectrum(
        source=one.sources[0] if one.sources else one.path.stem,
        instrument=one.instrument,
        file=one.name,
        counts=counts,
        response=response,
        background=behind,
        correction=correction,
        remarks=tuple(remarks),
    )


def _belonging(
    one: SpectrumFile, keyword: str, name: NamedFile, kind: Kind, files: _Files, *, alone: bool, remarks: list[str]
) -> Path | None:
    """Return the file that the spectrum names; else the only one of its kind, if it names none or is alone.

    Files that were given one by one belong together, whatever name the spectrum knows them by.
    """
    found = files.find(name, kind)
    there = files.of(kind)
    if kind == "area":
        # Some matrices bring areas of other directions along.
        there = [path for path in there if path not in files.of("matrix")]
    if found is None and len(there) == 1 and (alone or not name.name):
        found = there[0]
        if name.name:
            remarks.append(f"{one.name} names {name.name} ({keyword}), which is not there: {found.name} is used")
    return files.use(found)


def _area(one: SpectrumFile, files: _Files, response: Response, *, alone: bool, remarks: list[str]) -> Path | None:
    """Return the effective area that is to be applied; a matrix in cm2 needs none that is not named."""
    if not one.area.name and response.with_area:
        return None
    area = _belonging(one, "ANCRFILE", one.area, "area", files, alone=alone, remarks=remarks)
    if area is None and one.area.name:
        text = (
            f"{one.name} names the effective area {one.area.name} (ANCRFILE), which is not among the files: give it "
            "too, or write NONE there where the matrix holds the area"
        )
        raise BadInput("NoArea", text)
    if area is None:
        remarks.append(f"{one.name} comes without an effective area: norms are those of a detector of 1 cm2")
    return area


def _background(
    one: SpectrumFile, files: _Files, *, alone: bool, wanted: bool, remarks: list[str]
) -> SpectrumFile | None:
    name = one.background
    if not wanted:
        if name.name:
            remarks.append(f"{one.name}: its background {name.name} is not applied, as the request asks")
        return None
    path = files.find(name, "spectrum")
    # A spectrum that is net already takes no background that it does not name.
    if path is None and alone and (name.name or one.content != "NET"):
        correction = files.find(one.correction, "spectrum")
        classed = [path for path, rows in files.spectra.items() if rows[0].content == "BKG" and path != correction]
        path = classed[0] if len(classed) == 1 else None
        if path is not None and name.name:
            remarks.append(f"{one.name} names {name.name} (BACKFILE), which is not there: {path.name} is used")
    files.use(path)
    if path is None and name.name:
        text = (
            f"{one.name} names the background {name.name} (BACKFILE), which is not among the files: give it too, or "
            "set backgrounds to ignore"
        )
        raise BadInput("NoBackground", text)
    if path is None:
        return None
    if one.content == "NET":
        remarks.append(
            f"{one.name} calls itself background-subtracted (HDUCLAS2 NET) and names {path.name}, which is subtracted "
            "too, as XSPEC does; set backgrounds to ignore if that is once too often"
        )
    return _row_of(files.spectra[path], name.number, one)


def _row_of(rows: Sequence[SpectrumFile], number: int, one: SpectrumFile) -> SpectrumFile:
    """Return the row that is named; else the row of the spectrum's own number, or the only one."""
    wanted = number or (one.row if len(rows) > 1 else 1)
    if not 1 <= wanted <= len(rows):
        which = "none of them is named" if not wanted else f"number {wanted} is named"
        raise BadInput("UnreadableFile", f"{rows[0].path.name} holds {len(rows)} spectra; {which} by {one.name}")
    return rows[wanted - 1]


def _with_background(one: SpectrumFile, counts: Counts, background: SpectrumFile, behind: Counts) -> Counts:
    """Return the counts without the channels that the background has not, or flags."""
    lacking = counts.good & (behind.group < 0)
    if lacking.any():
        text = f"{one.name}: its background {background.name} lacks {int(lacking.sum())} of its channels"
        raise BadInput("ResponseMismatch", text)
    scaled = (counts.back_scale > 0.0) & (behind.back_scale > 0.0)
    if not np.any(scaled & counts.good):
        text = (
            f"{one.name} or its background {background.name} has BACKSCAL 0: correct it, or set backgrounds to ignore"
        )
        raise BadInput("NoScale", text)
    return replace(counts, good=counts.good & behind.good & scaled)


def _corrected(
    one: SpectrumFile, counts: Counts, files: _Files, *, channel: Channels, matrix: str, remarks: list[str]
) -> tuple[Counts, Array | None]:
    """Apply the correction file: its share CORRSCAL is subtracted; with CORRSCAL 0 its amplitude is for the fit."""
    name, scale = one.correction, one.correction_scale
    if not name.name:
        return counts, None
    path = files.use(files.find(name, "spectrum"))
    if path is None:
        if scale == 0.0:
            remarks.append(f"{one.name}: the correction {name.name} (CORRFILE) is not there and is left out")
            return counts, None
        text = f"{one.name} names the correction {name.name} (CORRFILE, CORRSCAL {scale:g}): give it too"
        raise BadInput("NoCorrection", text)
    found = on_channels(_row_of(files.spectra[path], name.number, one), channel, matrix)
    correction = found.rate * counts.area_scale / found.area_scale
    if scale == 0.0:
        return counts, correction
    if counts.poisson:
        text = f"{one.name}: a correction of CORRSCAL {scale:g} cannot be subtracted from counts of photons"
        raise BadInput("NotSupported", text)
    return replace(counts, rate=counts.rate - scale * correction), None
