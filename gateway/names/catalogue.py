"""The names that the mesh knows itself: the reference catalogue, that of the archive or the package's, and aliases."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files

from gateway.names.spelling import plain
from mesh.archive.access import Archive, MissingFile
from mesh.archive.fits_table import FitsError, headers, table_columns, unpacked
from mesh.instruments import instruments

_DETECTED = (1, 2)
"""Flags of an instrument that has detected the source."""
_TABLE = "GNRL-REFR-CAT"
_KIND = "reference_catalogue"
_SUGGESTED = 10


@dataclass(frozen=True)
class Known:
    """One source. Position in degrees (ICRS).

    Args:
        name: in the reference catalogue.
        ra: right ascension.
        dec: declination.
        detected_by: instruments of which the catalogue says so.
    """

    name: str
    ra: float
    dec: float
    detected_by: tuple[str, ...] = ()


class Ambiguous(Exception):
    """A name stands for several sources.

    Args:
        names: of the sources.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = tuple(names)


class Catalogue:
    """Sources by name.

    Args:
        sources: of the reference catalogue.
        aliases: pairs of another name and the name in the catalogue; those of sources that it lacks are left out.
    """

    def __init__(self, sources: Iterable[Known], aliases: Iterable[tuple[str, str]] = ()) -> None:
        self._exact = {source.name: source for source in sources}
        self._plain: dict[str, list[Known]] = {}
        for source in self._exact.values():
            self._plain.setdefault(plain(source.name), []).append(source)
        self._aliases: dict[str, Known] = {}
        self._others: dict[str, list[str]] = {}
        for alias, name in aliases:
            named = self._exact.get(name)
            if named is not None and plain(alias) not in self._plain:
                self._aliases[plain(alias)] = named
                self._others.setdefault(name, []).append(alias)

    def __len__(self) -> int:
        return len(self._exact)

    def find(self, name: str) -> tuple[Known, bool] | None:
        """Return the source of a name, and whether it is an alias; None: it is not known.

        A name as it stands in the catalogue comes first, then other spellings of one, then aliases.

        Raises:
            Ambiguous: sources differ in nothing but the spelling of this name.
        """
        if name in self._exact:
            return self._exact[name], False
        spelling = plain(name)
        found = self._plain.get(spelling, [])
        if len(found) > 1:
            raise Ambiguous([source.name for source in found])
        if found:
            return found[0], False
        alias = self._aliases.get(spelling)
        return (alias, True) if alias is not None else None

    def aliases_of(self, name: str) -> tuple[str, ...]:
        """Return the other names of a source."""
        return tuple(self._others.get(name, ()))

    def beginning(self, name: str) -> list[str]:
        """Return the names that begin with what was written, in alphabetical order."""
        spelling = plain(name)
        if not spelling:
            return []
        return sorted(
            source.name for known, sources in self._plain.items() if known.startswith(spelling) for source in sources
        )

    def alike(self, name: str) -> list[str]:
        """Return names that are nearly what was written."""
        close = get_close_matches(plain(name), self._plain, n=_SUGGESTED // 2, cutoff=0.8)
        return [source.name for known in close for source in self._plain[known]]


def package_catalogue() -> Catalogue:
    """Return the catalogue that comes with the project, the same that analyses search for."""
    rows = csv.DictReader(_text("science.coded_mask", "reference_sources.csv"))
    return Catalogue(
        (
            Known(
                row["name"],
                float(row["ra_deg"]),
                float(row["dec_deg"]),
                _detected_by(int(row["isgri_flag"]), int(row["jemx_flag"])),
            )
            for row in rows
        ),
        _aliases(),
    )


def archive_catalogue(archive: Archive) -> Catalogue | None:
    """Return the reference catalogue of an archive; None where it has none that can be read.

    Raises:
        ArchiveUnavailable: the archive did not answer.
    """
    paths = [path for one in instruments().values() if _KIND in one.beside for path in one.beside[_KIND].files]
    for path in dict.fromkeys(paths):
        try:
            return Catalogue(_fits_sources(archive.read(path)), _aliases())
        except MissingFile:
            continue
        except (FitsError, TypeError, ValueError):
            return None  # An analysis that reads it tells the operator.
    return None


def _fits_sources(data: bytes) -> list[Known]:
    stream = io.BytesIO(unpacked(data))
    for header in headers(stream):
        if str(header.get("EXTNAME", "")).strip() == _TABLE:
            columns = ("NAME", "RA_OBJ", "DEC_OBJ", "ISGRI_FLAG", "JEMX_FLAG")
            return [
                Known(str(name).strip(), float(ra), float(dec), _detected_by(int(isgri), int(jemx)))
                for name, ra, dec, isgri, jemx in table_columns(stream, header, columns)
                if str(name).strip()
            ]
    raise FitsError(f"it holds no table {_TABLE}")


def _detected_by(isgri: int, jemx: int) -> tuple[str, ...]:
    return tuple(name for name, flag in (("isgri", isgri), ("jemx", jemx)) if flag in _DETECTED)


def _aliases() -> list[tuple[str, str]]:
    return [(row["alias"], row["name"]) for row in csv.DictReader(_text("gateway.names", "aliases.csv"))]


def _text(package: str, name: str) -> list[str]:
    return files(package).joinpath(f"data/{name}").read_text(encoding="utf-8").splitlines()
