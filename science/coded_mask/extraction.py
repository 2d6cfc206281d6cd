"""Which sources spectra and light curves are made of: those of a mosaic's catalogue, or the caller's own list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput, ScienceFailure
from science.coded_mask.camera import LEAST_FITTED, Camera
from science.coded_mask.catalogue import CatalogueSource, listed_sources
from science.coded_mask.geometry import Attitude

LEAST_SIGNIFICANCE = 3.0
"""Sources of a mosaic from which spectra and light curves are made, sigma in its best band."""
_NAMED = 20
"""Names in one warning."""


@dataclass(frozen=True)
class Target:
    """A source at a place (degrees, J2000); ``significance`` is that of the mosaic, NaN for a source of the caller."""

    name: str
    ra: float
    dec: float
    significance: float = np.nan


def places_of(targets: Sequence[Target]) -> list[CatalogueSource]:
    """Return the targets as sources whose place is known."""
    return [CatalogueSource(target.name, target.ra, target.dec) for target in targets]


def targets_of(choice: str | Sequence[Mapping[str, Any]], catalogue: Path | None) -> list[Target]:
    """Return the sources for the ``catalogue`` parameter.

    Args:
        choice: the caller's list of {name, ra, dec}, or a word.
        catalogue: the mosaic's catalogue, which serves when *choice* is a word.

    Raises:
        BadInput: BadCatalogue: the caller's names are not unique, or there is no catalogue.
        ScienceFailure: EmptyCatalogue: the mosaic has no source.
    """
    if not isinstance(choice, str):
        return [Target(entry.name, entry.ra, entry.dec) for entry in listed_sources(choice)]
    if catalogue is None:
        raise BadInput("BadCatalogue", "there is neither a list of sources nor the catalogue of a mosaic")
    with fits.open(catalogue, memmap=False) as hdus:
        rows = hdus["CATALOG"].data
        found = [
            Target(str(row["src_names"]), float(row["ra"]), float(row["dec"]), float(row["significance"]))
            for row in rows
            if row["significance"] >= LEAST_SIGNIFICANCE
        ]
    if not found:
        raise ScienceFailure(
            "EmptyCatalogue",
            "the mosaic shows no source; name the sources that you want with the parameter catalogue",
        )
    return found


def absent_sources(
    choice: str | Sequence[Mapping[str, Any]], present: Iterable[str], subject: str = "no window shows"
) -> list[str]:
    """Return a warning that names the sources of the caller's list that are not there; empty when all are.

    Args:
        choice: the ``catalogue`` parameter.
        present: names of the sources that are.
        subject: how the sentence begins.
    """
    if isinstance(choice, str):
        return []
    there = set(present)
    absent = [
        f"{entry.name} (RA {entry.ra:.3f} Dec {entry.dec:+.3f})"
        for entry in listed_sources(choice)
        if entry.name not in there
    ]
    if not absent:
        return []
    more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
    return [
        f"{subject} {', '.join(absent[:_NAMED])}{more}: outside every field of view, or too close to another "
        "source of the list"
    ]


def bystanders(
    bright: Sequence[tuple[float, float]], targets: Sequence[Target], attitude: Attitude, camera: Camera
) -> tuple[tuple[tuple[float, float], ...], list[str]]:
    """Return the places of very bright sources that are none of the targets, and a warning that names them.

    They are fitted along: without them their light would be taken for that of the targets, or lit pixels for hot ones.

    Args:
        bright: places (tz, ty) of the very bright sources of a window.
        targets: sources that the window sees.
        attitude: of the window.
        camera: that saw it.
    """
    places = [attitude.tangents(target.ra, target.dec) for target in targets]
    others = tuple((tz, ty) for tz, ty in bright if all(np.hypot(tz - z, ty - y) >= camera.closest for z, y in places))
    if not others:
        return (), []
    listed = ", ".join(f"RA {ra:.2f} Dec {dec:+.2f}" for ra, dec in (attitude.sky(*place) for place in others))
    return others, [
        f"very bright and not in the list of sources: {listed}; fitted along, so that the others have no part of it"
    ]


def targets_in_field(
    targets: Sequence[Target], attitude: Attitude, camera: Camera
) -> tuple[list[tuple[Target, NDArray[np.float64]]], list[str]]:
    """Return the sources that a window sees, each with its PIF, and warnings; of two too close the first.

    Raises:
        ScienceFailure: EmptyField: the window sees none of them.
    """
    seen: list[tuple[Target, NDArray[np.float64]]] = []
    places: list[tuple[float, float]] = []
    warnings = []
    for target in targets:
        tz, ty = (float(tangent) for tangent in attitude.tangents(target.ra, target.dec))
        if float(camera.coded_fraction(np.array(tz), np.array(ty))) < LEAST_FITTED:
            continue
        near = [
            other.name
            for (other, _), (z, y) in zip(seen, places, strict=True)
            if np.hypot(tz - z, ty - y) < camera.closest
        ]
        if near:
            warnings.append(f"{target.name} cannot be told apart from {near[0]}, which has the counts of both")
            continue
        places.append((tz, ty))
        seen.append((target, camera.illumination(tz, ty)))
    if not seen:
        raise ScienceFailure("EmptyField", "this window sees none of the sources; ask for windows that point at them")
    return seen, warnings
