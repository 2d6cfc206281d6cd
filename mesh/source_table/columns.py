"""From the columns of a table to sources: which of them are name and position, and in what unit."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mesh.angles import FORMS, Kind, in_degrees, read_angle

_NAMES = (
    *("name", "src_names", "src_name", "source_name", "main_id", "source", "object", "obj_name", "target", "iauname"),
    *("designation", "bat_name", "counterpart_name", "id", "source_id"),
)
_POSITIONS = (
    *(("ra", "dec"), ("ra_fin", "dec_fin"), ("ra_obj", "dec_obj"), ("raj2000", "dej2000"), ("raj2000", "decj2000")),
    *(("_raj2000", "_dej2000"), ("ra_icrs", "de_icrs"), ("ra_icrs", "dec_icrs"), ("ra_d", "dec_d"), ("_ra", "_de")),
    *(("ra_deg", "dec_deg"), ("radeg", "decdeg"), ("radeg", "dedeg"), ("ra2000", "dec2000")),
    *(("ra_j2000", "dec_j2000"), ("right_ascension", "declination"), ("rightascension", "declination")),
)
_HEADING = re.compile(r"([^(\[]*)[(\[]([^)\]]*)[)\]]")
"""A heading with its unit: ``RA (deg)``."""
_SEXAGESIMAL_UNITS = frozenset({"h:m:s", "hms", "d:m:s", "dms", "hourangle:m:s", "sexagesimal"})

Cell = str | float | None


class SourceTableError(ValueError):
    """A list of sources cannot be read."""


class Source(NamedTuple):
    """One source of a list: place in degrees, J2000."""

    name: str
    ra: float
    dec: float


@dataclass(frozen=True)
class Columns:
    """Headings of a table and their units, empty where none is known."""

    headings: Sequence[str]
    units: Sequence[str]

    def places(self) -> tuple[int, int, int] | None:
        """Return the columns of name, right ascension and declination; None if one of them is not there."""
        known = {_plain(heading): number for number, heading in reversed(list(enumerate(self.headings)))}
        name = next((known[name] for name in _NAMES if name in known), None)
        pair = next(((known[a], known[d]) for a, d in _POSITIONS if a in known and d in known), None)
        return None if name is None or pair is None else (name, *pair)

    def chosen(self) -> tuple[int, int, int]:
        """Return the columns of name, right ascension and declination.

        Raises:
            SourceTableError: one of them is not there.
        """
        found = self.places()
        if found is None:
            there = ", ".join(self.headings[:20]) or "none"
            raise SourceTableError(
                "it has no columns for name, ra and dec (nor src_names, ra_obj, raj2000 and the like); "
                f"there are: {there}"
            )
        return found

    def sources(self, rows: Sequence[tuple[Cell, Cell, Cell]]) -> Iterator[Source]:
        """Yield the source of each row of (name, right ascension, declination), as `chosen` names the columns.

        Raises:
            SourceTableError: says which row, and why.
        """
        _, *places = self.chosen()
        units = [self.units[place].strip().strip('"').lower() or _unit_of(self.headings[place]) for place in places]
        for number, (name, ra, dec) in enumerate(rows, 1):
            if name is None or not str(name).strip():
                raise SourceTableError(f"row {number} has no name")
            yield Source(
                " ".join(str(name).split()),
                _degrees(number, ra, units[0], "ra"),
                _degrees(number, dec, units[1], "dec"),
            )


def check_frame(system: str, equinox: float | None = None) -> None:
    """Refuse positions that are not J2000.

    Raises:
        SourceTableError: says what to do.
    """
    name = system.strip().upper()
    if name.startswith(("FK4", "B1950", "GAL", "ECL", "SUPERGAL")) or equinox not in {None, 2000.0}:
        frame = name or f"equinox {equinox:g}"
        raise SourceTableError(f"its positions are in {frame}: save them in ICRS or FK5 (J2000)")


def _plain(heading: str) -> str:
    """Return a heading without its unit, and without the name of the coordinate that it is a part of."""
    bare = _HEADING.fullmatch(heading.strip())
    return (bare[1] if bare else heading).strip().lower().rpartition(".")[2].replace(" ", "_")


def _unit_of(heading: str) -> str:
    bare = _HEADING.fullmatch(heading.strip())
    unit = bare[2].strip().lower() if bare else ""
    return unit if in_degrees(unit) is not None or unit in _SEXAGESIMAL_UNITS else ""


def _degrees(row: int, value: Cell, unit: str, kind: Kind) -> float:
    word = {"ra": "right ascension", "dec": "declination", "angle": "angle"}[kind]
    scale = 1.0 if unit in _SEXAGESIMAL_UNITS else in_degrees(unit)
    if scale is None:
        raise SourceTableError(f"the unit {unit!r} of its {word} is not known; give degrees")
    try:
        if isinstance(value, str):
            try:
                found = float(value) * scale
            except ValueError:
                found = read_angle(value, kind)
        else:
            found = math.nan if value is None else float(value) * scale
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        shown = "nothing" if value is None else repr(value)[:40]
        raise SourceTableError(f"row {row}: {shown} is no {word}; allowed: {FORMS[kind]}")
    return found
