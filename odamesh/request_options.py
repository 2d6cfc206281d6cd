"""From the words of the command line to a selection and parameters."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from odamesh.errors import WrongValue
from odamesh.window_list import read_file, read_windows, window

_WORDS = frozenset({"text", "choice", "products", "files", "uploads"})


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


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _refuse(word: str) -> Any:
    raise WrongValue(f"--set: {word} is not a number that can be sent")
