"""Image and catalogue of a mosaic: the first band, cut to where something was exposed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput
from services.oda_export.analysis.collection import BYTES_A_BYTE, Collection
from services.oda_export.analysis.data_unit import data_unit
from services.oda_export.analysis.encoding import plain

_KINDS = ("INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE")
"""Images of a band in the order of the protocol: its plots take the fourth extension for the significance."""
_SAME = {"RECONSTRUCTED": "INTENSITY"}
"""JEM-X's word for it."""
_FRAME = {"cat_frame": "fk5", "cat_coord_units": "deg", "cat_lon_name": "ra", "cat_lat_name": "dec"}
_COLUMNS = ("meta_ID", "src_names", "significance", "ra", "dec", "NEW_SOURCE", "ISGRI_FLAG", "FLAG", "ERR_RAD")
_ISGRI_ONLY = frozenset({"NEW_SOURCE", "ISGRI_FLAG"})
_SHARE_FOR_IMAGES = 0.9
_BYTES_A_PIXEL = 4 * len(_KINDS) * BYTES_A_BYTE


def add_mosaic(collection: Collection, hdus: fits.HDUList) -> bool:
    """Add the four images of the first band; returns whether all of the field found room.

    Raises:
        BadInput: ``MissingImages``; it is no mosaic.
    """
    images = [(hdu.header.get("IMATYPE", ""), hdu) for hdu in hdus if isinstance(hdu, fits.ImageHDU)]
    first = {_SAME.get(kind, kind): hdu for kind, hdu in reversed(images)}
    if not set(_KINDS) <= set(first):
        raise BadInput("MissingImages", f"the product has no mosaic: it lacks {sorted(set(_KINDS) - set(first))}")
    exposed = np.nan_to_num(np.asarray(first["EXPOSURE"].data)) > 0.0
    whole = _bounds(exposed)
    most = int(np.sqrt(_SHARE_FOR_IMAGES * collection.room / _BYTES_A_PIXEL))
    cut = (_middle(whole[0], most), _middle(whole[1], most))
    index = next(hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU))
    units = [data_unit(hdus[0]), data_unit(index), *(data_unit(first[kind], cut=cut) for kind in _KINDS)]
    collection.add("", [("mosaic_image", "mosaic", units)])
    return cut == whole


def catalogue(hdus: fits.HDUList, threshold: float) -> dict[str, Any]:
    """Return the sources above a significance as the client's ``ApiCatalog`` reads them.

    Raises:
        BadInput: ``MissingCatalogue``; there is no such table.
    """
    table = next((hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU) and "src_names" in hdu.columns.names), None)
    if table is None:
        raise BadInput("MissingCatalogue", "the product has no catalogue: ask for an image")
    isgri = not str(table.header.get("INSTRUME", "")).startswith("JMX")
    names = [name for name in _COLUMNS if name in table.columns.names and (isgri or name not in _ISGRI_ONLY)]
    kept = np.flatnonzero(np.asarray(table.data["significance"]) > threshold)
    columns: list[list[Any]] = [[plain(value) for value in table.data[name][kept]] for name in names]
    described = [[name, np.asarray(table.data[name]).dtype.newbyteorder("=").str] for name in names]
    return {**_FRAME, "cat_column_names": names, "cat_column_list": columns, "cat_column_descr": described}


def _bounds(exposed: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns in which something is exposed; all of them where nothing is."""
    if not exposed.any():
        return slice(0, exposed.shape[0]), slice(0, exposed.shape[1])
    rows, columns = (np.flatnonzero(exposed.any(axis=axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _middle(part: slice, most: int) -> slice:
    length = part.stop - part.start
    if length <= most:
        return part
    start = part.start + (length - most) // 2
    return slice(start, start + most)


def listed(rows: Sequence[str], most: int = 5) -> str:
    """Return names for a sentence; of many the first ones and how many more."""
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(rows[:most]) + more
