"""From one FITS extension to one data unit of the protocol: name, kind, header, and the array as a pickle."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from services.oda_export.analysis.encoding import pickled, plain

DataUnit = dict[str, Any]
HDU: TypeAlias = fits.PrimaryHDU | fits.ImageHDU | fits.BinTableHDU

Cut = tuple[slice, slice]
"""Rows and columns of an image."""

_STRUCTURE = frozenset(
    {"SIMPLE", "XTENSION", "BITPIX", "EXTEND", "PCOUNT", "GCOUNT", "THEAP", "TFIELDS", "CHECKSUM", "DATASUM"}
)
"""What the client's library writes by itself, and what is true of the original bytes only."""
_COLUMN = ("TTYPE", "TFORM", "TDIM", "TNULL", "TSCAL", "TZERO", "TDISP", "TUNIT")
_TEXTS = frozenset({"HISTORY", "COMMENT", ""})


def data_unit(
    hdu: HDU, *, cut: tuple[slice, slice] | None = None, cards: Mapping[str, float] | None = None
) -> DataUnit:
    """Return one extension as the client's ``NumpyDataUnit`` reads it.

    Args:
        hdu: image or table; a table's columns of variable length get that of the longest row.
        cut: the part of an image that is sent, rows and columns; its reference pixel moves along.
        cards: further keywords.
    """
    header = _header(hdu) | dict(cards or {})
    array: NDArray[Any] | None
    if isinstance(hdu, fits.BinTableHDU):
        kind, array = "bintable", _plain_table(hdu)
    else:
        kind = "primary" if isinstance(hdu, fits.PrimaryHDU) else "image"
        array = _image(hdu, cut)
        if cut is not None:
            for axis, part in ((1, cut[1]), (2, cut[0])):
                header[f"CRPIX{axis}"] -= part.start
    return {
        "name": hdu.name,
        "hdu_type": kind,
        "header": header,
        "meta_data": {},
        "units_dict": None if kind != "bintable" else _units(hdu),
        "binarys": None if array is None else pickled(array),
        "data": None,
        "dt": None,
    }


def _header(hdu: HDU) -> dict[str, Any]:
    """Return the keywords that say something of the content; those without a value, NaN among them, are left out."""
    shape = {f"NAXIS{axis}" for axis in range(10)} | {"NAXIS"}
    kept = (
        (key, plain(value))
        for key, value in hdu.header.items()
        if key not in _STRUCTURE and key not in shape and key not in _TEXTS and not key.startswith(_COLUMN)
    )
    return {key: value for key, value in kept if value is not None}


def _image(hdu: fits.PrimaryHDU | fits.ImageHDU, cut: Cut | None) -> NDArray[Any] | None:
    if hdu.data is None:
        return None
    pixels = np.asarray(hdu.data)
    if pixels.dtype.kind == "f":
        pixels = pixels.astype(np.float32)
    return np.array(pixels if cut is None else pixels[cut], dtype=pixels.dtype.newbyteorder("="))


def _plain_table(hdu: fits.BinTableHDU) -> NDArray[Any]:
    """Return a table as a structured array in the byte order of this machine."""
    columns = {name: _column(hdu, name) for name in hdu.columns.names}
    kinds = [(name, values.dtype, values.shape[1:]) for name, values in columns.items()]
    table = np.empty(len(hdu.data), dtype=kinds)
    for name, values in columns.items():
        table[name] = values
    return table


def _column(hdu: fits.BinTableHDU, name: str) -> NDArray[Any]:
    values = np.asarray(hdu.data[name])
    if values.dtype.kind == "O":
        longest = max((len(row) for row in values), default=0)
        first = next((row for row in values if len(row)), np.zeros(0, np.float32))
        padded = np.zeros((len(values), max(longest, 1)), np.asarray(first).dtype.newbyteorder("="))
        for place, row in zip(padded, values, strict=True):
            place[: len(row)] = row
        return padded
    if values.dtype.kind == "U":
        return np.char.encode(values, "ascii", "replace")
    return values.astype(values.dtype.newbyteorder("="))


def _units(hdu: fits.BinTableHDU) -> dict[str, str] | None:
    return {column.name: column.unit for column in hdu.columns if column.unit} or None
