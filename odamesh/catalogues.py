"""Lists of sources as Python programs and files hold them, as the mesh takes them: name, ra and dec [deg, J2000]."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mesh.source_table import SourceTableError, read_sources
from mesh.source_table.columns import Cell, Columns
from odamesh.errors import WrongValue
from odamesh.positions import position
from odamesh.window_list import read_file

_ENDINGS = (".csv", ".ecsv", ".fits", ".fit", ".gz", ".json", ".reg", ".tsv", ".txt", ".vot", ".votable", ".xml")


def catalogue(field: str, value: Any) -> Any:
    """Return sources, each with name, ra and dec [deg].

    Args:
        field: for the error.
        value: a file (a path, or a text that ends as one and is there); a table of astropy or pandas with columns for
            name and position, e.g. the catalogue of a mosaic; a mapping name -> position; or a list of {name, ra,
            dec}, of {name, position}, or of (name, position). Any other text stays as it is.

    Raises:
        WrongValue: a source has no name or no position, or the file cannot be read.
    """
    if isinstance(value, os.PathLike):
        return read_catalogue(field, Path(value))
    if isinstance(value, str):
        is_file = "\n" not in value and value.lower().endswith(_ENDINGS)
        return read_catalogue(field, Path(value)) if is_file else value
    if getattr(value, "colnames", None) or hasattr(value, "columns"):
        return _of_table(field, value)
    return [_source(f"{field}[{index}]", entry) for index, entry in enumerate(_entries(field, value))]


def read_catalogue(field: str, file: Path) -> list[dict[str, Any]]:
    """Return the sources of a file: FITS, VOTable, ECSV, CSV, JSON, or regions of DS9.

    Raises:
        WrongValue: it cannot be read, or has no columns for name and position.
    """
    data = read_file(file)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        try:
            listed: list[dict[str, Any]] = catalogue(field, json.loads(data))
        except (ValueError, UnicodeDecodeError) as error:
            raise WrongValue(f"{field} is not JSON: {error}") from error
        return listed
    try:
        return [source._asdict() for source in read_sources(data)]
    except SourceTableError as error:
        table = _by_astropy(file) if b"<VOTABLE" in data[:2000].upper() else None
        if table is None:
            raise WrongValue(f"{field}: {error}") from error
    return _of_table(field, table)


def _by_astropy(file: Path) -> Any:
    """Return a VOTable whose data are binary, where astropy is installed and can read it; else None."""
    try:
        from astropy.table import QTable  # noqa: PLC0415  # only for those who give such a file
    except ImportError:
        return None
    try:
        return QTable.read(file, format="votable")
    except (OSError, ValueError, IndexError):
        return None


def _of_table(field: str, table: Any) -> list[dict[str, Any]]:
    names = [str(name) for name in getattr(table, "colnames", None) or table.columns]
    units = [_unit(table[name]) for name in names]
    columns = Columns(names, units)
    whole = next((name for name in names if hasattr(table[name], "icrs")), None)
    try:
        if whole is not None:
            places = table[whole].icrs
            columns = Columns([*names, "ra", "dec"], [*units, "deg", "deg"])
            rows = zip(table[names[columns.chosen()[0]]], places.ra.deg, places.dec.deg, strict=True)
        else:
            rows = zip(*(table[names[place]] for place in columns.chosen()), strict=True)
        found = columns.sources([(_cell(name), _cell(ra), _cell(dec)) for name, ra, dec in rows])
        return [source._asdict() for source in dict.fromkeys(found)]
    except SourceTableError as error:
        raise WrongValue(f"{field}: {error}") from error


def _unit(column: Any) -> str:
    """Return the unit of a column of plain numbers; a Quantity brings its own with each value."""
    unit = getattr(column, "unit", None)
    return "" if unit is None or hasattr(column, "to_value") else str(unit)


def _cell(value: Any) -> Cell:
    if bool(getattr(value, "mask", False)):
        return None
    if hasattr(value, "to_value"):
        return float(value.to_value("deg"))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else float(value) if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _entries(field: str, value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, Iterable):
        return list(value)
    raise WrongValue(f"{field}: neither a table nor a list of sources")


def _source(field: str, entry: Any) -> dict[str, Any]:
    if isinstance(entry, Mapping):
        if set(entry) == {"name", "position"}:
            entry = (entry["name"], entry["position"])
        elif set(entry) == {"name", "ra", "dec"}:
            entry = (entry["name"], (entry["ra"], entry["dec"]))
    try:
        name, place = entry
    except (TypeError, ValueError):
        raise WrongValue(f"{field}: a source has a name and a position: {{name, ra, dec}}") from None
    ra, dec = position(field, place)
    return {"name": str(name), "ra": ra, "dec": dec}
