"""Effective area and redistribution matrix of ISGRI spectra.

By default a model from the facts in ``data/response.toml``: effective area through published points, scaled so that the
Crab has its known rate, and the redistribution of ``redistribution``. Where the archive has the official response of
the standard software, ``aux/isgri/isgri_rmf.fits`` (and ``isgri_arf.fits``, if the area is not part of the matrix),
that is used instead.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput, Unit
from science.coded_mask.response_file import read_response
from services.isgri.analysis.channels import FIRST_CHANNEL, edges_kev
from services.isgri.analysis.redistribution import redistribution

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Response:
    """A response.

    ``energy_kev`` are the edges of the photon energies, ``area_cm2`` the area of each bin and ``matrix``, shape (bins,
    256), the probability that a photon is counted in each channel. ``origin`` says in words what it is, ``warning``
    what is wrong with it.
    """

    energy_kev: Array
    area_cm2: Array
    matrix: Array
    origin: str
    warning: str = ""


@cache
def facts() -> dict[str, Any]:
    """Return the numbers of ``data/response.toml``."""
    return tomllib.loads(files("services.isgri.analysis").joinpath("data/response.toml").read_text(encoding="utf-8"))


def response(unit: Unit) -> Response:
    """Return the response for a unit: the official one where the archive has it, else the model.

    Raises:
        BadInput: BadResponse: the archive has an official file that is no ISGRI response of 256 channels.
    """
    matrix, area = (
        next((path for entry in unit.inputs(role) for path in entry.paths), None)
        for role in ("response_matrix", "effective_area")
    )
    if matrix is not None:
        return official_response(matrix, area)
    if area is not None:
        unit.warn(f"{area.name} of the archive is not used: the redistribution matrix that it belongs to is not there")
    return model_response()


@cache
def model_response(*, osa_energies: bool = False) -> Response:
    """Return the model.

    Args:
        osa_energies: for energies as OSA 11 reconstructs them, which lie above those of the photons (table
            ``energy_offset`` of the facts), in place of such that are right on average.
    """
    grid = facts()["grid"]
    edges = np.geomspace(grid["low_kev"], grid["high_kev"], grid["bins"] + 1)
    middle = np.sqrt(edges[1:] * edges[:-1])
    area = _points(middle)
    low, high, rate = facts()["crab"]["rate"]
    area = area * (rate / crab_rate(area, edges, low, high))
    return Response(
        edges,
        area,
        redistribution(facts(), middle, edges_kev(), offset_kev=_offset(middle) if osa_energies else None),
        "model of published points, scaled to the Crab" + (", energies of OSA 11" if osa_energies else ""),
        "the response is a model for energies that are right on average; an error of 2 keV at 40 keV, as files of "
        "late years may have, changes an index by 0.2. Simulated spectra are right; for real ones put energies and "
        "response of one calibration into the archive",
    )


def official_response(path: Path, area_file: Path | None = None) -> Response:
    """Read a redistribution matrix and, if it is there, an area, in the standard software's layout or OGIP's.

    Raises:
        BadInput: BadResponse.
    """
    try:
        found = read_response(path, area_file, FIRST_CHANNEL)
        if found.channel_kev.shape != edges_kev().shape or np.abs(found.channel_kev - edges_kev()).max() > 0.26:
            raise ValueError("its channels are not the 256 of the standard software")
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            "BadResponse",
            f"{path.name} of the archive cannot be used as the response of ISGRI ({error}); its operator takes it out",
        ) from error
    area = np.ones(len(found.matrix)) if found.area_cm2 is None else found.area_cm2
    scale = facts()["official"]["rate_scale"]
    return Response(found.energy_kev, area / scale, found.matrix, "official response of OSA")


# -- the model ------------------------------------------------------------------------------------------------
def crab_rate(area_cm2: Array, edges: Array, low: float, high: float) -> float:
    """Return the rate of the Crab in a band of measured energy, counts/s."""
    crab = facts()["crab"]
    photons = crab["norm"] * -np.diff(edges ** (1.0 - crab["index"])) / (crab["index"] - 1.0)
    share = redistribution(facts(), np.sqrt(edges[1:] * edges[:-1]), np.array([low, high]))[:, 0]
    return float((photons * area_cm2 * share).sum())


def _offset(energy_kev: Array) -> Array:
    given = facts()["energy_offset"]
    offset: Array = np.interp(energy_kev, given["energy_kev"], given["offset_kev"])
    return offset


def _points(energy_kev: Array) -> Array:
    """Return the area through the published points, straight lines in logarithms."""
    given = facts()["area"]
    area: Array = np.exp(np.interp(np.log(energy_kev), np.log(given["energy_kev"]), np.log(given["area_cm2"])))
    return area
