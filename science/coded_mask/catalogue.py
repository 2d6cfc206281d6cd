"""Known sources: the reference list that comes with the package, a full reference catalogue, or the caller's list."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from science.coded_mask.camera import LEAST_FITTED, Camera
from science.coded_mask.geometry import Attitude

_FLAG_ISGRI_DETECTED = 1


@dataclass(frozen=True)
class CatalogueSource:
    """One known source. Positions in degrees (J2000). ``wanted`` sources are fitted however faint they are."""

    name: str
    ra: float
    dec: float
    wanted: bool = False
    isgri_flag: int = 1


def reference_list() -> list[CatalogueSource]:
    """Return the 100 brightest hard X-ray sources (Swift/BAT 105-month fluxes, INTEGRAL catalogue v43 positions)."""
    text = files("science.coded_mask").joinpath("data/reference_sources.csv").read_text(encoding="utf-8")
    return [
        CatalogueSource(row["name"], float(row["ra_deg"]), float(row["dec_deg"]))
        for row in csv.DictReader(text.splitlines())
    ]


def read_reference_catalogue(path: Path) -> list[CatalogueSource]:
    """Return sources of a GNRL-REFR-CAT table that ISGRI has detected (ISGRI_FLAG > 0).

    Raises:
        BadInput: the file has no such table.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            table = hdus["GNRL-REFR-CAT"].data
            return [
                CatalogueSource(str(name).strip(), float(ra), float(dec), isgri_flag=int(flag))
                for name, ra, dec, flag in zip(
                    table["NAME"], table["RA_OBJ"], table["DEC_OBJ"], table["ISGRI_FLAG"], strict=True
                )
                if flag >= _FLAG_ISGRI_DETECTED
            ]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(
            "BadCatalogue",
            f"{path.name} cannot be read as an INTEGRAL reference catalogue ({error}); "
            "give a FITS file with a GNRL-REFR-CAT table",
        ) from error


def requested_catalogue(
    choice: str | Sequence[Mapping[str, Any]], mounted: Path | None = None
) -> list[CatalogueSource]:
    """Known sources for the ``catalogue`` parameter: "reference", "none", or a list of {name, ra, dec}.

    ``mounted`` is a full reference catalogue that takes the place of the list in the package.

    Raises:
        BadInput: the mounted file is no catalogue, or two sources of the list have one name.
    """
    if isinstance(choice, str):
        if choice == "none":
            return []
        return read_reference_catalogue(mounted) if mounted is not None else reference_list()
    return _listed(choice)


def mounted_catalogue(unit: Unit) -> Path | None:
    """Return a full reference catalogue, when the operator gives one as input ``reference_catalogue``."""
    paths = [path for entry in unit.inputs("reference_catalogue") for path in entry.paths]
    return paths[0] if paths else None


def _listed(entries: Sequence[Mapping[str, Any]]) -> list[CatalogueSource]:
    """Return the caller's sources; names are made fit for FITS tables and must differ."""
    sources = [
        CatalogueSource(_table_text(str(entry["name"])), float(entry["ra"]), float(entry["dec"]), wanted=True)
        for entry in entries
    ]
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("BadCatalogue", f"the catalogue lists {name} more than once; give each source its own name")
    return sources


def _table_text(name: str) -> str:
    """Return a name as a FITS table can hold it: up to 64 printable ASCII characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in name)[:64]


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
