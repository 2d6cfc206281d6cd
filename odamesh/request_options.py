"""From the words of the command line to a selection and parameters."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from odamesh.errors import WrongValue
from odamesh.values import catalogue
from odamesh.window_list import read_file, read_windows, window

_WORDS = frozenset({"text", "choice", "products", "files"})
_FITS = (".fits", ".fits.gz", ".fit")


def read_scws(given: Sequence[str], file: Path | None) -> list[str] | None:
    """Return the science windows of ``--scw`` and ``--scw-file`` (``-``: standard input), or None if neither is given.

    Raises:
        WrongValue: the file cannot be read, holds something else, or names no window.
    """
    own = [window(word) for text in given for word in text.replace(",", " ").split()]
    if file is None:
        return own or None
    if str(file) == "-":
        return [*own, *read_windows(sys.stdin.buffer.read(), "standard input")]
    return [*own, *read_windows(read_file(file), str(file))]


def read_bands(given: Sequence[str]) -> list[list[str]]:
    """Return ``--band 20-40`` as pairs; the gateway checks the numbers.

    Raises:
        WrongValue: not LOW-HIGH.
    """
    bands = [text.split("-") for text in given]
    for text, band in zip(given, bands, strict=True):
        if len(band) != 2 or not all(edge.strip() for edge in band):
            raise WrongValue(f"--band {text}: write LOW-HIGH in keV, e.g. 20-40")
    return [[edge.strip() for edge in band] for band in bands]


def read_settings(given: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """Return ``--set name=value`` as parameters.

    Args:
        given: the options.
        types: declared types of the product's parameters. A text stays as it is written, even where it looks like a
            number; of the others a value that is JSON is read as such.

    Raises:
        WrongValue: no ``=``, or a name twice.
    """
    parameters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise WrongValue(f"--set {text}: write name=value, e.g. detection_threshold=7")
        if name in parameters:
            raise WrongValue(f"--set {name} is given twice")
        parameters[name] = value if types.get(name) in _WORDS else _value(value)
    return parameters


def read_catalogue(file: Path) -> list[dict[str, Any]]:
    """Return the sources of a file: CSV with a line of headings, JSON, or FITS as a mosaic's catalogue is.

    Columns for name, ra and dec are known by their usual names; positions may be sexagesimal.

    Raises:
        WrongValue: it cannot be read, or has no such columns.
    """
    field = f"--catalogue {file}"
    if file.name.lower().endswith(_FITS):
        return catalogue(field, _read_fits(file, field))
    try:
        text = read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongValue(f"{field} is no text in UTF-8") from error
    if file.suffix.lower() == ".json":
        try:
            return catalogue(field, json.loads(text))
        except ValueError as error:
            raise WrongValue(f"{field} is not JSON: {error}") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return catalogue(field, _Columns(list(csv.DictReader(lines, skipinitialspace=True))))


class _Columns:
    """Rows of a CSV file as a table of columns."""

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self._rows = rows
        self.colnames = [name.strip() for name in rows[0]] if rows else []

    def __getitem__(self, name: str) -> list[str]:
        return [next(value for key, value in row.items() if (key or "").strip() == name) for row in self._rows]


def _read_fits(file: Path, field: str) -> Any:
    try:
        from astropy.table import Table  # noqa: PLC0415  # only for those who give a FITS file
    except ImportError as error:
        raise WrongValue(f"{field}: reading FITS needs astropy: pip install 'odamesh[notebook]'") from error
    try:
        return Table.read(file, hdu=1)
    except (OSError, ValueError, IndexError) as error:
        raise WrongValue(f"{field}: {error}") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _refuse(word: str) -> Any:
    raise WrongValue(f"--set: {word} is not a number that can be sent")
