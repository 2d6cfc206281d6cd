"""Known sources: the reference catalogue, that of the package or the archive's, or the caller's list."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from science.coded_mask.camera import LEAST_FITTED, Camera, Instrument
from science.coded_mask.geometry import Attitude

_DETECTED = (1, 2)
"""Values of the flag of an instrument: 1 detected, 2 detected and placed to 3 arcsec; others stand for none."""
_TABLE = "GNRL-REFR-CAT"


@dataclass(frozen=True)
class CatalogueSource:
    """One known source. Positions in degrees (J2000). ``wanted`` sources are fitted however faint they are.

    ``flag`` is that of the instrument in the reference catalogue.
    """

    name: str
    ra: float
    dec: float
    wanted: bool = False
    flag: int = 1


def known_sources(unit: Unit, instrument: Instrument) -> list[CatalogueSource]:
    """Return the known sources that the ``catalogue`` parameter of a unit stands for.

    The word "reference" means the catalogue of the archive, input ``reference_catalogue``, where it has one, else that
    of the package; of both those sources that the instrument has detected. "none" means none.

    Raises:
        BadInput: BadCatalogue: the archive's file is no catalogue, or two sources of a list have one name.
    """
    choice = unit.parameters["catalogue"]
    if not isinstance(choice, str):
        return listed_sources(choice)
    if choice == "none":
        return []
    paths = [path for entry in unit.inputs("reference_catalogue") for path in entry.paths]
    return read_reference_catalogue(paths[0], instrument) if paths else list(package_catalogue(instrument))


@cache
def package_catalogue(instrument: Instrument) -> tuple[CatalogueSource, ...]:
    """Return the sources of the package's reference catalogue that an instrument has detected.

    It has the names and places of version 40 and, of the sources that ISGRI, JEM-X or SPI have detected, places and
    flags of version 42 of the INTEGRAL General Reference Catalogue (Ebisawa et al. 2003, A&A 411, L59).
    """
    text = files("science.coded_mask").joinpath("data/reference_sources.csv").read_text(encoding="utf-8")
    return tuple(
        CatalogueSource(row["name"], float(row["ra_deg"]), float(row["dec_deg"]), flag=flag)
        for row in csv.DictReader(text.splitlines())
        if (flag := int(row[instrument.catalogue_flag.lower()])) in _DETECTED
    )


def read_reference_catalogue(path: Path, instrument: Instrument) -> list[CatalogueSource]:
    """Return the sources of a GNRL-REFR-CAT table that an instrument has detected.

    Raises:
        BadInput: BadCatalogue: the file has no such table.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            return list({source.name: source for source in _detected(hdus[_TABLE].data, instrument)}.values())
    except (OSError, EOFError, KeyError, ValueError, TypeError) as error:
        raise BadInput(
            "BadCatalogue",
            f"{path.name} of the archive cannot be read as an INTEGRAL reference catalogue ({error}); its operator "
            f"puts a FITS file with a {_TABLE} table there",
        ) from error


def _detected(table: fits.FITS_rec, instrument: Instrument) -> Iterator[CatalogueSource]:
    columns = (table[name] for name in ("NAME", "RA_OBJ", "DEC_OBJ", instrument.catalogue_flag))
    for name, ra, dec, flag in zip(*columns, strict=True):
        if int(flag) in _DETECTED and str(name).strip() and np.isfinite(ra) and np.isfinite(dec):
            yield CatalogueSource(str(name).strip(), float(ra), float(dec), flag=int(flag))


def listed_sources(entries: Sequence[Mapping[str, Any]]) -> list[CatalogueSource]:
    """Return the sources of the caller's list of {name, ra, dec}.

    Raises:
        BadInput: BadCatalogue: two of them have one name.
    """
    sources = [
        CatalogueSource(str(entry["name"]), float(entry["ra"]), float(entry["dec"]), wanted=True) for entry in entries
    ]
    for name, times in Counter(source.name for source in sources).items():
        if times > 1:
            raise BadInput("BadCatalogue", f"the catalogue lists {name} more than once; give each source its own name")
    return sources


def in_field(
    sources: Sequence[CatalogueSource], attitude: Attitude, camera: Camera
) -> list[tuple[CatalogueSource, float, float]]:
    """Return sources seen by at least 0.3 % of the detector, each with its tangents (tz, ty)."""
    if not sources:
        return []
    tz, ty = attitude.tangents(
        np.array([source.ra for source in sources]), np.array([source.dec for source in sources])
    )
    seen = camera.coded_fraction(tz, ty) >= LEAST_FITTED
    return [(source, float(z), float(y)) for source, z, y, inside in zip(sources, tz, ty, seen, strict=True) if inside]
