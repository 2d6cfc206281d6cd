"""From what a caller writes to the canonical value of a parameter, by the parameter's declared type."""

import math
import re
import reprlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

from mesh.angles import Kind, read_angle
from mesh.contracts.document import Part
from mesh.errors import InvalidParameter
from mesh.quantities import factor, known_units
from mesh.source_table import read_sources

ParameterType = Literal[
    "number", "integer", "boolean", "choice", "text", "bands", "catalogue", "labels", "products", "files", "uploads"
]

# No two neighbours of a pattern share a sign: a match takes time in proportion to the text.
_WITH_UNIT = re.compile(r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([a-zA-Z]+)")
_PATH = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*(/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)*")
_HASH = re.compile(r"[0-9a-f]{64}")
_STEP_TOLERANCE = 1e-6
_NUMBER_LENGTH = 64
_LARGEST_CHOICE = 10**9
_TEXT_LENGTH = 2000
_NAME_LENGTH = 200
_SOURCE_NAME_LENGTH = 64
"""Of a source: what a card of a FITS header holds in one piece, and a column of a table."""
_SHOWN_NAMES = 5
_DATA, _DATA_FROM = "data:", ";base64,"
_CATALOGUE_LENGTH = 1_500_000
"""Characters of a file of sources."""
_LIST_LENGTH = 100_000
"""Characters of a list that is written as one text."""
_MOST: Mapping[str, int] = {"bands": 64, "catalogue": 2000, "labels": 1000, "products": 256, "files": 64, "uploads": 8}
"""Entries of a list, unless the instrument file says otherwise."""
LISTS = frozenset(_MOST)
"""Types whose values are lists."""


class Parameter(Part):
    """One declared parameter of an instrument."""

    type: ParameterType
    default: Any
    help: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    multiple_of: float | None = None
    """Step of the allowed values; a number off it is refused, never rounded away."""
    choices: tuple[str, ...] | None = None
    most: int | None = None
    """Most entries of a list; None: as for every list of the type."""
    advanced: bool = False
    """Whether few callers need it: forms fold it away."""

    @property
    def most_entries(self) -> int:
        """How many entries a list may have."""
        return self.most if self.most is not None else _MOST.get(self.type, 1)

    @property
    def allowed(self) -> str:
        """The allowed values in words, with the unit."""
        unit = f" {self.unit}" if self.unit else ""
        match self.type:
            case "number" | "integer":
                step = f", in steps of {self.multiple_of:g}" if self.multiple_of else ""
                return f"{self.type} from {_bound(self.minimum)} to {_bound(self.maximum)}{unit}{step}"
            case "boolean":
                return "true or false"
            case "choice":
                return "one of " + ", ".join(self.choices or ())
            case "bands":
                bounds = f"{_bound(self.minimum)} <= low < high <= {_bound(self.maximum)}{unit}"
                return f"list of at most {self.most_entries} [low, high] with {bounds}"
            case "catalogue":
                words = ", ".join(self.choices or ())
                return (
                    f"{words}, a list of at most {self.most_entries} objects with name (printable ASCII, at most "
                    f"{_SOURCE_NAME_LENGTH} characters), ra (0-360 deg) and dec (-90 to 90 deg), or the content of a "
                    "file: CSV, ECSV, VOTable, DS9 regions, or FITS as data:;base64,..."
                )
            case "labels":
                return f"list of at most {self.most_entries} texts, each of at most {_NAME_LENGTH} characters"
            case "products":
                words = "".join(f"{word}, or " for word in self.choices or ())
                return f"{words}list of at most {self.most_entries} jobs (id, or id/label) or product keys"
            case "uploads":
                return f"list of at most {self.most_entries} files that were uploaded, each by its SHA-256"
            case "files":
                most = self.most_entries
                return f"list of at most {most} texts, each of file paths below the archive, separated by commas"
            case _:
                return f"text of at most {_TEXT_LENGTH} characters"

    def canonical(self, name: str, value: Any) -> Any:
        """Return the canonical form of *value*.

        Raises:
            InvalidParameter: names the field and what is allowed.
        """
        return _READERS[self.type](self, _Place(field=f"parameters.{name}", allowed=self.allowed), value)


class _Place(Part):
    """Where a value stands, so that its error can say so."""

    field: str
    allowed: str

    def refuse(self, text: str, index: int | None = None) -> InvalidParameter:
        field = self.field if index is None else f"{self.field}[{index}]"
        return InvalidParameter(f"{field}: {text}; allowed: {self.allowed}", field=field, allowed=self.allowed)


def shown(value: Any) -> str:
    """Return a value as an error names it: of a long or deep one the beginning."""
    try:
        return _SHORT.repr(value)
    except ValueError:
        return "a number of too many digits"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 80


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _number(parameter: Parameter, place: _Place, value: Any) -> float:
    number = _quantity(parameter, place, value)
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    if not low <= number <= high:
        raise place.refuse(f"{number:g} is out of range")
    if parameter.multiple_of is None:
        return number
    ratio = number / parameter.multiple_of
    steps = round(ratio) if math.isfinite(ratio) else 0
    if abs(number - steps * parameter.multiple_of) > _STEP_TOLERANCE * parameter.multiple_of:
        raise place.refuse(f"{number:g} is no multiple of {parameter.multiple_of:g}")
    return float(f"{steps * parameter.multiple_of:.12g}")


def _quantity(parameter: Parameter, place: _Place, value: Any, index: int | None = None) -> float:
    """Return a number in the declared unit; a text may carry another unit of the same kind."""
    number = _finite(value)
    if number is not None:
        return number
    text = value.strip() if isinstance(value, str) else ""
    written = _WITH_UNIT.fullmatch(text) if len(text) <= _NUMBER_LENGTH else None
    bare = _finite(written[1]) if written else None
    if written is None or bare is None:
        raise place.refuse(f"{shown(value)} is not a number", index)
    scale = factor(written[2], parameter.unit or "")
    if scale is None:
        known = ", ".join(known_units(parameter.unit or "")) or "none"
        raise place.refuse(f"{written[2]!r} is no unit for this parameter (units: {known})", index)
    # Twelve digits: 0.0351 MeV and 35.1 keV are one value, and so one key.
    number = float(f"{bare * scale:.12g}")
    if not math.isfinite(number):
        raise place.refuse(f"{shown(value)} is out of range", index)
    return number


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and len(value) > _NUMBER_LENGTH:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _integer(parameter: Parameter, place: _Place, value: Any) -> int:
    number = _number(parameter, place, value)
    if not number.is_integer():
        raise place.refuse(f"{number:g} is not a whole number")
    return int(number)


def _boolean(_: Parameter, place: _Place, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise place.refuse(f"{shown(value)} is neither true nor false")


def _choice(parameter: Parameter, place: _Place, value: Any) -> str:
    # A choice that looks like a number is written as one, e.g. the unit of an instrument.
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_CHOICE
    text = str(value) if whole else value
    if isinstance(text, str) and text in (parameter.choices or ()):
        return text
    raise place.refuse(f"{shown(value)} is not known")


def _text(_: Parameter, place: _Place, value: Any) -> str:
    if isinstance(value, str) and len(value) <= _TEXT_LENGTH:
        return value
    raise place.refuse("not a text, or too long")


def _labels(parameter: Parameter, place: _Place, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or len(value) > parameter.most_entries:
        raise place.refuse("not a list of texts, or too long")
    for index, entry in enumerate(value):
        if not isinstance(entry, str) or len(entry) > _NAME_LENGTH:
            raise place.refuse(f"{shown(entry)} is not a text, or too long", index)
    return sorted(set(value))


def _products(parameter: Parameter, place: _Place, value: Any) -> list[str] | str:
    """Return keys, or one of the words that the parameter takes; an empty list is its word ``none``."""
    keys = [value] if isinstance(value, str) else value
    for word in parameter.choices or ():
        if keys in ([word], (word,)) or (word == "none" and keys in ([], ())):
            return word
    return _hashes(parameter, place, keys, "the key of a product")


def _uploads(parameter: Parameter, place: _Place, value: Any) -> list[str]:
    return _hashes(parameter, place, value or [], "the SHA-256 of a file that was uploaded")


def _hashes(parameter: Parameter, place: _Place, value: Any, what: str) -> list[str]:
    hashes = [value] if isinstance(value, str) else value
    if not isinstance(hashes, (list, tuple)) or len(hashes) > parameter.most_entries:
        raise place.refuse("not a list, or too long")
    for index, one in enumerate(hashes):
        if not isinstance(one, str) or not _HASH.fullmatch(one):
            raise place.refuse(f"{shown(one)} is not {what}", index)
    return sorted(set(hashes))


def entries(value: Any, separator: str) -> list[str] | None:
    """Return a list of texts, each once and in order; from one text those between *separator*; None for the rest."""
    if isinstance(value, str):
        value = value.split(separator) if len(value) <= _LIST_LENGTH else None
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
        return None
    return list(dict.fromkeys(stripped for entry in value if (stripped := entry.strip())))


def _files(parameter: Parameter, place: _Place, value: Any) -> list[str]:
    groups = entries(value, ";")
    if groups is None or len(groups) > parameter.most_entries:
        raise place.refuse("not a list of texts, or too long")
    found = []
    for index, group in enumerate(groups):
        paths = entries(group, ",") or []
        for path in paths:
            # No way out of the archive, and no hidden files.
            if len(path) > _NAME_LENGTH or not _PATH.fullmatch(path):
                raise place.refuse(f"{shown(path)} is no path below the archive", index)
        if not paths or len(paths) > parameter.most_entries:
            raise place.refuse("no path, or too many", index)
        found.append(",".join(paths))
    return list(dict.fromkeys(found))


def _bands(parameter: Parameter, place: _Place, value: Any) -> list[list[float]]:
    if isinstance(value, str) and len(value) <= _LIST_LENGTH:
        value = [[edge.strip() for edge in part.split("-")] for part in value.split(",")]
    if not isinstance(value, (list, tuple)) or not value or len(value) > parameter.most_entries:
        raise place.refuse("not a list of bands, empty, or too long")
    bands: list[list[float]] = []
    for index, band in enumerate(value):
        if not isinstance(band, (list, tuple)) or len(band) != 2:
            raise place.refuse(f"{shown(band)} is not [low, high]", index)
        low, high = (_quantity(parameter, place, edge, index) for edge in band)
        if not low < high:
            raise place.refuse(f"{low:g} is not below {high:g}", index)
        if low < (parameter.minimum or 0) or high > (parameter.maximum or math.inf):
            raise place.refuse(f"{low:g}-{high:g} is out of range", index)
        if [low, high] not in bands:
            bands.append([low, high])
    return sorted(bands)


def _catalogue(parameter: Parameter, place: _Place, value: Any) -> str | list[dict[str, Any]]:
    if isinstance(value, str) and value in (parameter.choices or ()):
        return value
    if isinstance(value, str):
        value = _listed(place, value)
    if not isinstance(value, (list, tuple)) or not value or len(value) > parameter.most_entries:
        raise place.refuse("neither a known word nor a list of sources")
    sources = []
    for index, source in enumerate(value):
        if not isinstance(source, Mapping) or set(source) != {"name", "ra", "dec"}:
            raise place.refuse("a source has exactly name, ra and dec", index)
        ra, dec = _angle(source["ra"], "ra"), _angle(source["dec"], "dec")
        if ra is None or dec is None or not 0 <= ra <= 360 or not -90 <= dec <= 90:
            raise place.refuse(f"ra {shown(source['ra'])}, dec {shown(source['dec'])} are not a position", index)
        sources.append({"name": _source_name(place, source["name"], index), "ra": ra % 360, "dec": dec})
    names = Counter(source["name"] for source in sources)
    if twice := [name for name, times in names.items() if times > 1]:
        raise place.refuse(f"two sources have the same name: {', '.join(map(shown, twice[:_SHOWN_NAMES]))}")
    return sorted(sources, key=lambda source: (source["ra"], source["dec"], source["name"]))


def _listed(place: _Place, text: str) -> list[dict[str, Any]]:
    """Return the sources of the content of a file: a text, or ``data:;base64,...`` of any file."""
    if not ("\n" in text or text.startswith(_DATA)) or len(text) > _CATALOGUE_LENGTH:
        raise place.refuse(f"{shown(text)} is neither a known word nor the content of a file with sources")
    try:
        file = text.partition(_DATA_FROM)[2]
        content = b64decode(file, validate=True) if text.startswith(_DATA) else text.encode()
        return [source._asdict() for source in read_sources(content)]
    except ValueError as error:
        raise place.refuse(f"the list of sources cannot be read: {error}") from error


def _angle(value: Any, kind: Kind) -> float | None:
    """Return an angle in degrees, from a number or a text in any form; None for what is none."""
    if not isinstance(value, str):
        return _finite(value)
    try:
        return _finite(read_angle(value, kind))
    except ValueError:
        return None


def _source_name(place: _Place, value: Any, index: int) -> str:
    """Return the name of a source: whole, as every file of a product and every reader of one can hold it."""
    name = value.strip() if isinstance(value, str) else ""
    if not name:
        raise place.refuse("the name is empty", index)
    if len(name) > _SOURCE_NAME_LENGTH:
        raise place.refuse(f"the name is longer than {_SOURCE_NAME_LENGTH} characters", index)
    if strange := next((sign for sign in name if not " " <= sign <= "~"), None):
        text = f"the name {name!a} holds {strange!a}, which FITS files cannot: write it in ASCII"
        raise place.refuse(text, index)
    return name


_READERS: Mapping[str, Callable[[Parameter, _Place, Any], Any]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "choice": _choice,
    "text": _text,
    "labels": _labels,
    "products": _products,
    "bands": _bands,
    "catalogue": _catalogue,
    "files": _files,
    "uploads": _uploads,
}
