"""Spectra: of each source the spectrum, its effective area and its redistribution matrix, in this order."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits

from services.oda_export.analysis.collection import Collection
from services.oda_export.analysis.data_unit import DataUnit, data_unit

_SIGNAL = ("RATE", "STAT_ERR")


def add_spectra(collection: Collection, files: Mapping[str, Path], name: str) -> None:
    """Add the spectra among *files*, the most significant first; those of finer channels where there are several.

    Args:
        collection: takes them.
        files: by name: spectra, and beside them the response files that their headers name.
        name: of the product, e.g. ``isgri_spectrum``; the two others of a source take its first word.
    """
    instrument = name.partition("_")[0]
    responses: dict[str, list[DataUnit]] = {}
    for spectrum in sorted(_finest(files), key=lambda one: -_significance(one)):
        header = spectrum[1].header
        parts = [(name, name, _units(spectrum))]
        for key, kind in (("ANCRFILE", "arf"), ("RESPFILE", "rmf")):
            file = str(header.get(key, "NONE"))
            if file not in responses and file in files:
                with fits.open(files[file]) as hdus:
                    responses[file] = _units(hdus)
            parts.append((name, f"{instrument}_{kind}", responses.get(file, [])))
        collection.add(str(header.get("NAME") or header.get("OBJECT", "")), parts)


def _finest(files: Mapping[str, Path]) -> Iterator[fits.HDUList]:
    """Yield the spectra; of a source and detector that has them in several sets of channels the finest."""
    found: dict[tuple[str, str], fits.HDUList] = {}
    for path in files.values():
        if path.suffix != ".fits":
            continue
        with fits.open(path, memmap=False, lazy_load_hdus=False) as hdus:
            if not _is_source(hdus):
                continue
            header, rows = hdus[1].header, len(hdus[1].data)
        place = (str(header.get("OBJECT", "")), str(header.get("INSTRUME", "")))
        if place not in found or rows > len(found[place][1].data):
            found[place] = hdus
    yield from found.values()


def _is_source(hdus: fits.HDUList) -> bool:
    """Whether a file is the spectrum of a source, and not its background or correction."""
    header = hdus[1].header if len(hdus) > 1 else {}
    return header.get("HDUCLAS1") == "SPECTRUM" and header.get("HDUCLAS2") != "BKG"


def _units(hdus: fits.HDUList) -> list[DataUnit]:
    return [data_unit(hdu) for hdu in hdus]


def _significance(spectrum: fits.HDUList) -> float:
    rate, error = (np.nan_to_num(np.asarray(spectrum[1].data[column], float)) for column in _SIGNAL)
    used = error > 0.0
    return float(rate[used].sum() / np.sqrt((error[used] ** 2).sum())) if used.any() else 0.0
