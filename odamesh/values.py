"""Values of parameters as Python programs hold them - numpy, Quantity, SkyCoord, Table - as JSON that the mesh takes.

Nothing is imported for it: what a caller gives brings its own package along, and is known by its attributes.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from odamesh.catalogues import catalogue
from odamesh.errors import WrongValue

_EDGE = r"([0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?)"
_BAND = re.compile(rf"\s*{_EDGE}\s*-\s*{_EDGE}\s*([a-zA-Z]*)\s*")


def parameter(name: str, value: Any, kind: str = "") -> Any:
    """Return the value of a parameter as JSON holds it.

    Args:
        name: of the parameter, for the error.
        value: what the caller gave.
        kind: the declared type of the parameter, where it is known: one text stands for a list of one, one pair for a
            list of one band, a table or a file for a catalogue.

    Raises:
        WrongValue: it cannot be sent, or holds a number that is none.
    """
    field = f"parameters.{name}"
    if kind == "catalogue":
        return catalogue(field, value)
    found = plain(field, value)
    match kind:
        case "choice" if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        case "labels" if isinstance(found, str):
            return [found]
        case "products" if isinstance(found, str):
            return [found]
        case "bands" if isinstance(found, list):
            return _bands(found)
        case _:
            return found


def _bands(found: list[Any]) -> list[Any]:
    """Return bands as pairs: ``20-40`` may stand for one, and one pair for a list of one."""
    pairs = [_pair(entry) for entry in found]
    return [pairs] if len(pairs) == 2 and not any(isinstance(entry, list) for entry in pairs) else pairs


def _pair(entry: Any) -> Any:
    written = _BAND.fullmatch(entry) if isinstance(entry, str) else None
    if written is None:
        return entry
    low, high, unit = written.groups()
    return [f"{edge} {unit}".strip() for edge in (low, high)]


def plain(field: str, value: Any) -> Any:
    """Return a value as JSON holds it.

    A Quantity becomes a text with its unit, or a list of such; an object with an id, as a job, becomes its id.

    Raises:
        WrongValue: names the field.
    """
    if hasattr(value, "to_value") and hasattr(value, "unit"):
        return _of_quantity(field, value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise WrongValue(f"{field}: {value} is not a number that can be sent")
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): plain(f"{field}.{key}", entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(field, value.tolist())
    if isinstance(getattr(value, "id", None), str):
        return value.id
    if isinstance(value, (Sequence, set, frozenset, Iterator)) and not isinstance(value, (bytes, bytearray)):
        return [plain(f"{field}[{index}]", entry) for index, entry in enumerate(value)]
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise WrongValue(f"{field}: a value of type {kind} cannot be sent; give numbers, texts, lists or a quantity")


def _of_quantity(field: str, value: Any) -> Any:
    unit = value.unit.to_string()
    bare = plain(field, value.value)
    return _with_unit(bare, unit)


def _with_unit(bare: Any, unit: str) -> Any:
    if isinstance(bare, list):
        return [_with_unit(entry, unit) for entry in bare]
    return f"{bare!r} {unit}" if unit else bare
