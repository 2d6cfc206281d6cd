"""Opens OGIP files and reads their tables by class, whatever the extensions are called and in which units they count.

What readers stumble over in files of the field is met here: extensions named ``ISGR-RMF.-RSP`` or known by EXTNAME
alone, a GROUPING table that stands first, names and classes in lower case, keywords without a value or with a number
in quotes, columns with other units or without one, arrays of variable length.
"""

import gzip
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from mesh.kit import BadInput

Array = NDArray[np.float64]
Kind = Literal["spectrum", "matrix", "bounds", "area"]

_BY_CLASS: dict[str, Kind] = {"RSP_MATRIX": "matrix", "EBOUNDS": "bounds", "SPECRESP": "area"}
_BY_NAME: dict[str, Kind] = {
    "SPECTRUM": "spectrum",
    "MATRIX": "matrix",
    "SPECRESP MATRIX": "matrix",
    "EBOUNDS": "bounds",
    "SPECRESP": "area",
}
_BY_COLUMNS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"energ_lo", "energ_hi", "matrix"}), "matrix"),
    (frozenset({"energ_lo", "energ_hi", "specresp"}), "area"),
    (frozenset({"channel", "counts"}), "spectrum"),
    (frozenset({"channel", "rate"}), "spectrum"),
    (frozenset({"channel", "e_min", "e_max"}), "bounds"),
)
# Spellings that are met in files, and what astropy calls them.
_SPELLINGS = {
    "counts": "count",
    "cts": "count",
    "ct": "count",
    "c": "count",
    "photons": "photon",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "ev": "eV",
    "kev": "keV",
    "mev": "MeV",
    "gev": "GeV",
    "percent": "%",
}
_NO_UNIT = frozenset({"", "none", "no units", "nounits", "unitless", "dimensionless", "fraction", "ratio", "-"})


@contextmanager
def opened(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file.

    Raises:
        BadInput: reason ``UnreadableFile``.
    """
    try:
        with warnings.catch_warnings():
            # Blank keywords and old units are met in every official file and change nothing.
            warnings.simplefilter("ignore", AstropyWarning)
            warnings.simplefilter("ignore", UserWarning)
            # A file that ends too early is read as far as it goes, with a warning.
            for message in ("File may have been truncated", "Error validating header"):
                warnings.filterwarnings("error", message)
            with fits.open(path, memmap=False) as hdus:
                yield hdus
    except (OSError, EOFError, TypeError, KeyError, IndexError, ValueError, AstropyWarning) as error:
        raise BadInput("UnreadableFile", f"{path.name} cannot be read as an OGIP file: {error}") from error


def is_fits(path: Path) -> bool:
    """Tell whether a file is a FITS file, compressed or not, by how it begins."""
    with path.open("rb") as plain:
        begin = plain.read(9)
    if begin[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as packed:
                begin = packed.read(9)
        except (OSError, EOFError):
            return True  # a damaged file is told when it is read
    return begin.startswith(b"SIMPLE")


def kinds(path: Path) -> frozenset[Kind]:
    """Return what a FITS file holds; nothing for a file of another class.

    Raises:
        BadInput: it is no FITS file.
    """
    with opened(path) as hdus:
        return frozenset(kind for hdu in hdus[1:] if (kind := _kind(hdu)) is not None)


def tables_of(hdus: fits.HDUList, path: Path, kind: Kind) -> list[Any]:
    """Return the extensions of a kind, one at least, in the order of the file.

    Raises:
        BadInput: reason ``UnreadableFile``; there is none.
    """
    found = [hdu for hdu in hdus[1:] if _kind(hdu) == kind]
    if not found:
        there = ", ".join(hdu.name or "without a name" for hdu in hdus[1:]) or "none"
        what = {"spectrum": "spectrum", "matrix": "redistribution matrix", "bounds": "table of channel energies"}
        text = f"{path.name} has no {what.get(kind, 'effective area')}; its extensions are: {there}"
        raise BadInput("UnreadableFile", text)
    return found


def column_name(hdu: Any, name: str) -> str | None:
    """Return a column's name as the table writes it, in whatever case; None where there is no such column."""
    return next((there for there in hdu.columns.names if there.casefold() == name.casefold()), None)


def column(hdu: Any, name: str, path: Path, unit: str = "") -> Array:
    """Return a column as 64-bit numbers in a unit; one without a unit is taken to have it.

    Raises:
        BadInput: ``UnreadableFile`` without such a column, ``UnknownUnit`` where its unit is of another kind.
    """
    there = column_name(hdu, name)
    if there is None:
        listed = ", ".join(hdu.columns.names)
        raise BadInput("UnreadableFile", f"{path.name}: {hdu.name or 'a table'} has no column {name}; it has {listed}")
    return np.asarray(hdu.data[there], np.float64) * unit_factor(hdu, there, path, unit)


def unit_factor(hdu: Any, name: str, path: Path, wanted: str) -> float:
    """Return what turns the values of a column into a unit.

    Raises:
        BadInput: reason ``UnknownUnit``.
    """
    written = str(hdu.columns[name].unit or "").strip()
    if written.casefold() in _NO_UNIT:
        return 1.0
    try:
        return float(_unit(written).to(units.Unit(wanted)))
    except (ValueError, TypeError) as error:
        text = (
            f"{path.name}: column {name} has the unit {written!r}, which is none of {wanted or 'a fraction'}: correct "
            f"its TUNIT"
        )
        raise BadInput("UnknownUnit", text) from error


def has_unit(hdu: Any, name: str, wanted: str) -> bool:
    """Tell whether a column says that it is in a unit of a kind."""
    written = str(hdu.columns[name].unit or "").strip()
    try:
        return written.casefold() not in _NO_UNIT and bool(_unit(written).is_equivalent(units.Unit(wanted)))
    except (ValueError, TypeError):
        return False


def number(header: Any, name: str, path: Path) -> float | None:
    """Return a keyword that is a number, also one in quotes; None where it is absent or has no value.

    Raises:
        BadInput: reason ``UnreadableFile``; it is something else.
    """
    value = header.get(name)
    if value is None or isinstance(value, fits.card.Undefined) or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise BadInput("UnreadableFile", f"{path.name}: {name} is {value!r}, not a number: correct it") from error


def truth(header: Any, name: str) -> bool | None:
    """Return a logical keyword, also one in quotes or as a number; None where it is neither true nor false."""
    return {"T": True, "TRUE": True, "1": True, "F": False, "FALSE": False, "0": False}.get(
        str(header.get(name)).strip().upper()
    )


def word(header: Any, *names: str) -> str:
    """Return the first of some keywords that says something."""
    for name in names:
        value = header.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _kind(hdu: Any) -> Kind | None:
    """Tell what an extension is: by its class, else by its name, else by its columns."""
    if not isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)) or isinstance(hdu, fits.CompImageHDU):
        return None
    first, second = (str(hdu.header.get(f"HDUCLAS{level}", "")).strip().upper() for level in (1, 2))
    if first == "SPECTRUM":
        return "spectrum"
    if first == "RESPONSE" and second in _BY_CLASS:
        return _BY_CLASS[second]
    if hdu.name.strip().upper() in _BY_NAME:
        return _BY_NAME[hdu.name.strip().upper()]
    there = {name.casefold() for name in hdu.columns.names}
    return next((kind for needed, kind in _BY_COLUMNS if needed <= there), None)


def _unit(written: str) -> Any:
    # In headers that are written in capitals throughout, a capital letter stands for the small one.
    plain = written.lower() if written.isupper() and len(written) > 1 else written
    plain = plain.replace("^", "**").replace("{", "(").replace("}", ")").replace("[", "").replace("]", "")
    plain = re.sub(r"\bcps\b", "count/s", plain, flags=re.IGNORECASE)
    plain = re.sub(r"[A-Za-z]+", lambda found: _SPELLINGS.get(found[0].casefold(), found[0]), plain)
    return units.Unit(plain)
