"""The response of JEM-X: effective area on axis and redistribution into channels.

By default from the model of the instrument. Where the archive has the official response of a unit,
``aux/jemx/jmx1_rmf.fits`` with ``jmx1_arf.fits``, that is used instead: its area for all spectra, its matrix for those
in its channels, which are the 16 standard ones or all 256. Rates are in the unit of the standard software, so that
nothing is scaled.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mesh.kit import BadInput, Unit
from science.coded_mask.response_file import OfficialResponse, read_response
from services.jemx.analysis.channels import FIRST_CHANNEL, edges_kev, standard_edges_kev
from services.jemx.analysis.model import model

CRAB_INDEX, CRAB_NORM = 2.1, 9.7
"""Photons/cm2/s/keV at 1 keV of the Crab."""
SYSTEMATIC = 0.03
_LEAST_SHARE = 1e-6
_SAME_KEV = 0.1
"""Edges of channels of the standard software lie within this of ours."""
_BINS = 340

Array = NDArray[np.float64]


@cache
def energy_kev() -> Array:
    """Return the edges of the energy bins of photons: 340 of 1 % from 2 keV on."""
    edges = np.geomspace(2.0, 60.0, _BINS + 1)
    edges.setflags(write=False)
    return edges


def area_cm2() -> Array:
    """Effective area of each energy bin, behind mask and collimator."""
    edges = energy_kev()
    return model().area_cm2(np.sqrt(edges[1:] * edges[:-1]))


def redistribution(channel_kev: Array, edges: Array | None = None) -> Array:
    """Share of the photons of each energy bin that is measured between adjoining edges, shape (bins, channels).

    Args:
        channel_kev: edges of the channels.
        edges: of the energy bins; those of the model where none are given.
    """
    edges = energy_kev() if edges is None else edges
    energy = np.sqrt(edges[1:] * edges[:-1])
    sigma = model().energy_fwhm_kev(energy) / np.sqrt(8.0 * np.log(2.0))
    shares: Array = np.diff(ndtr((channel_kev[None, :] - energy[:, None]) / sigma[:, None]), axis=1)
    # Shares too small to be stored would make every row as long as all channels.
    return np.where(shares > _LEAST_SHARE, shares, 0.0)


@dataclass(frozen=True)
class Response:
    """The response of one unit: edges of photon energies, area of each bin, matrices of all and of standard channels.

    ``origin`` says in words what it is.
    """

    energy_kev: Array
    area_cm2: Array
    fine: Array
    standard: Array
    origin: str = "model of published points"


def response(unit: Unit, number: int) -> Response:
    """Return the response of JEM-X 1 or 2: the official one where the archive has it, else the model.

    Raises:
        BadInput: BadResponse: the archive has an official file that cannot be used.
    """
    matrix, area = (
        next((path for entry in unit.inputs(f"{kind}_{number}") for path in entry.paths), None)
        for kind in ("response_matrix", "effective_area")
    )
    if matrix is None:
        if area is not None:
            lack = f"the redistribution matrix jmx{number}_rmf.fits is not there"
            unit.warn(f"{area.name} of the archive is not used: {lack}")
        return Response(energy_kev(), area_cm2(), redistribution(edges_kev()), redistribution(standard_edges_kev()))
    try:
        found = read_response(matrix, area, FIRST_CHANNEL)
        if found.area_cm2 is None:
            raise ValueError(f"it holds no area, and jmx{number}_arf.fits is not there")
        return _with_official(found, found.area_cm2)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            "BadResponse",
            f"{matrix.name} of the archive cannot be used as the response of JEM-X {number} ({error}); its operator "
            "takes it out",
        ) from error


def _with_official(found: OfficialResponse, area: Array) -> Response:
    """Return a response with an official matrix in its channels and that of the model in the others."""
    grids = edges_kev(), standard_edges_kev()
    alike = [
        found.channel_kev.shape == grid.shape and np.abs(found.channel_kev - grid).max() < _SAME_KEV for grid in grids
    ]
    if not any(alike):
        raise ValueError("its channels are neither the 256 of the instrument nor the 16 standard ones")
    fine, standard = (
        found.matrix if same else redistribution(grid, found.energy_kev)
        for same, grid in zip(alike, grids, strict=True)
    )
    told = "all" if alike[0] else "the 16 standard"
    return Response(found.energy_kev, area, fine, standard, f"official response of OSA in {told} channels")


def crab_rate(channel_kev: Array) -> Array:
    """Counts/s of the Crab in channels."""
    edges = energy_kev()
    photons = CRAB_NORM * -np.diff(edges ** (1.0 - CRAB_INDEX)) / (CRAB_INDEX - 1.0)
    rate: Array = (photons * area_cm2()) @ redistribution(channel_kev)
    return rate
