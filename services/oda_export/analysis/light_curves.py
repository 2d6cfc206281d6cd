"""Light curves: one product for each source and unit of an instrument, and the file itself where nobody has sources."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits

from services.oda_export.analysis.collection import Collection
from services.oda_export.analysis.data_unit import DataUnit, data_unit
from services.oda_export.analysis.encoding import binary

_NO_SOURCE = "query"
"""What the client's plots ask for where an instrument sees the whole sky."""
_TABLES = ("-LCR", "POLAR_LC", "RATE")
"""Tables of a light curve, best first: each file has one of the names that the client looks for."""


def add_light_curves(collection: Collection, files: Mapping[str, Path], name: str) -> None:
    """Add the light curves among *files*, the longest first.

    Args:
        collection: takes them.
        files: by name.
        name: of the product, e.g. ``isgri_lc``.
    """
    found = []
    for path in files.values():
        if path.suffix == ".fits":
            with fits.open(path) as hdus:
                table = _table(hdus)
                if table is not None:
                    found.append((-len(table.data), _source(table), _units(hdus, table)))
    for _, source, units in sorted(found, key=lambda one: one[:2]):
        collection.add(source, [(name, name, units)])


def files_as_they_are(files: Mapping[str, Path]) -> list[str]:
    """Return the FITS files as the client hands them out as bytes: its plots leave out bytes, but no named file."""
    return [binary(path.read_bytes()) for path in files.values() if path.suffix == ".fits"]


def _table(hdus: fits.HDUList) -> fits.BinTableHDU | None:
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    return next((hdu for ending in _TABLES for hdu in tables if hdu.name.endswith(ending)), None)


def _source(table: fits.BinTableHDU) -> str:
    return str(table.header.get("NAME") or table.header.get("OBJECT") or _NO_SOURCE)


def _units(hdus: fits.HDUList, table: fits.BinTableHDU) -> list[DataUnit]:
    """Return the data units in the places where the client writes them from: the table first for IBIS, else second."""
    good_times = [data_unit(hdu) for hdu in hdus if hdu.name == "GTI"]
    cards = {}
    if "TIMEDEL" not in table.header and "TIMEDEL" in table.columns.names and len(table.data):
        # The client takes it from the header even where each bin has its own.
        cards["TIMEDEL"] = float(np.median(table.data["TIMEDEL"]))
    curve = data_unit(table, cards=cards)
    if table.header.get("INSTRUME") == "IBIS":
        return [data_unit(hdus[0]), curve, *good_times]
    return [data_unit(hdus[0]), *good_times[:1], curve]
