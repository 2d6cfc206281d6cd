"""From the words of the command line to a selection and parameters."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from odamesh.errors import OdameshError

_WORDS = frozenset({"text", "choice", "products", "files"})


class WrongOption(OdameshError):
    """An option of the command line cannot be understood."""


def read_scws(given: Sequence[str], file: Path | None) -> list[str] | None:
    """Return the science windows of ``--scw`` and ``--scw-file`` (``-``: standard input), or None if neither is given.

    A file has one id a line; blank lines and what follows ``#`` do not count.

    Raises:
        WrongOption: the file cannot be read or names no window.
    """
    if file is None:
        return list(given) or None
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongOption(f"--scw-file {file}: {error}") from error
    listed = [line.split("#", 1)[0].strip() for line in text.splitlines()]
    found = [*given, *(entry for entry in listed if entry)]
    if not found:
        raise WrongOption(f"--scw-file {file} names no science window: write one id a line, e.g. 201600270010")
    return found


def read_bands(given: Sequence[str]) -> list[list[str]]:
    """Return ``--band 20-40`` as pairs; the gateway checks the numbers.

    Raises:
        WrongOption: not LOW-HIGH.
    """
    bands = [text.split("-") for text in given]
    for text, band in zip(given, bands, strict=True):
        if len(band) != 2 or not all(edge.strip() for edge in band):
            raise WrongOption(f"--band {text}: write LOW-HIGH in keV, e.g. 20-40")
    return [[edge.strip() for edge in band] for band in bands]


def read_settings(given: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """Return ``--set name=value`` as parameters.

    Args:
        given: the options.
        types: declared types of the product's parameters. A text stays as it is written, even where it looks like a
            number; of the others a value that is JSON is read as such.

    Raises:
        WrongOption: no ``=``, or a name twice.
    """
    parameters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise WrongOption(f"--set {text}: write name=value, e.g. detection_threshold=7")
        if name in parameters:
            raise WrongOption(f"--set {name} is given twice")
        parameters[name] = value if types.get(name) in _WORDS else _value(value)
    return parameters


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
