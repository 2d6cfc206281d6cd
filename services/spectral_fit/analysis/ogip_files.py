"""Opens OGIP files by the class of their extensions, whatever those are called, those of the official software too.

What readers of others stumble over in files of OSA is met here: extensions named ``ISGR-RMF.-RSP`` or
``ISGR-EBDS-MOD``, a GROUPING table that stands first, keywords without a value, columns without a unit, arrays of
variable length, channels of the matrix that count from another number than those of its bounds.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from mesh.kit import BadInput

Array = NDArray[np.float64]
FileClass = Literal["spectrum", "background", "matrix", "area"]
_BY_CLASS: dict[str, FileClass] = {"RSP_MATRIX": "matrix", "SPECRESP": "area"}


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


def classify(path: Path) -> FileClass | None:
    """Tell what a FITS file is; None for a file of another class.

    Raises:
        BadInput: it is no FITS file.
    """
    with opened(path) as hdus:
        for hdu in hdus[1:]:
            first, second = hdu.header.get("HDUCLAS1"), hdu.header.get("HDUCLAS2")
            if first == "SPECTRUM":
                return "background" if second == "BKG" else "spectrum"
            if first == "RESPONSE" and second == "RSP_MATRIX":
                return "matrix"  # wherever it stands: JEM-X keeps areas of other directions behind it
        for hdu in hdus[1:]:
            if hdu.header.get("HDUCLAS1") == "RESPONSE" and hdu.header.get("HDUCLAS2") in _BY_CLASS:
                return _BY_CLASS[hdu.header["HDUCLAS2"]]
    return None


def table_of(hdus: fits.HDUList, path: Path, first: str, second: Sequence[str] = ()) -> Any:
    """Return the extension of a class, e.g. ``RESPONSE``, ``EBOUNDS``.

    Raises:
        BadInput: reason ``UnreadableFile``; there is none.
    """
    for hdu in hdus[1:]:
        if hdu.header.get("HDUCLAS1") == first and (not second or hdu.header.get("HDUCLAS2") in second):
            return hdu
    wanted = " ".join([first, *second])
    raise BadInput("UnreadableFile", f"{path.name} has no extension of class {wanted}")


def column(hdu: Any, name: str, default: float | None = None) -> Array:
    """Return a column as 64-bit numbers; with *default*, a keyword or that value for all rows where there is none."""
    if name in hdu.columns.names:
        return np.asarray(hdu.data[name], np.float64)
    if default is None:
        there = ", ".join(hdu.columns.names)
        raise BadInput("UnreadableFile", f"extension {hdu.name} has no column {name}; it has {there}")
    value = hdu.header.get(name)
    return np.full(len(hdu.data), value if isinstance(value, (int, float)) else default, np.float64)


def word(header: Any, *names: str) -> str:
    """Return the first of some keywords that says something."""
    for name in names:
        value = header.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
