"""Responses: energies of photons, effective area times redistribution, energies of channels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import Array, column, opened, table_of

_SLACK = 1e-4  # energies are written in single precision


@dataclass(frozen=True)
class Response:
    """What turns photons into counts.

    Args:
        energy_kev: edges of the energy bins, ascending; one more than bins.
        matrix: cm2, shape (energy bins, channels).
        channel_kev: lower and upper edges of the channels, shape (2, channels).
    """

    energy_kev: Array
    matrix: Array
    channel_kev: Array


def read_response(matrix: Path, area: Path | None) -> Response:
    """Read a redistribution matrix and, where the matrix has none in it, an effective area.

    Raises:
        BadInput: ``UnreadableFile``, or ``ResponseMismatch`` where the two have other energies.
    """
    with opened(matrix) as hdus:
        table = table_of(hdus, matrix, "RESPONSE", ("RSP_MATRIX",))
        edges = _edges(column(table, "ENERG_LO"), column(table, "ENERG_HI"), matrix)
        bounds = table_of(hdus, matrix, "RESPONSE", ("EBOUNDS",))
        channels = np.array([column(bounds, "E_MIN"), column(bounds, "E_MAX")])
        values = _dense(table, channels.shape[1], matrix)
    if area is not None:
        with opened(area) as hdus:
            table = table_of(hdus, area, "RESPONSE", ("SPECRESP",))
            known, width = _edges(column(table, "ENERG_LO"), column(table, "ENERG_HI"), area), column(table, "SPECRESP")
        if known.shape != edges.shape or np.any(np.abs(known - edges) > _SLACK * edges):
            text = f"{area.name} and {matrix.name} have different energies: give the two that belong together"
            raise BadInput("ResponseMismatch", text)
        values = values * np.nan_to_num(width)[:, None]
    return Response(edges, np.nan_to_num(values), channels)


def _edges(low: Array, high: Array, path: Path) -> Array:
    edges = np.append(low, high[-1:])
    joined = np.all(np.abs(low[1:] - high[:-1]) <= _SLACK * high[:-1])
    if low.size == 0 or not joined or np.any(np.diff(edges) <= 0.0):
        raise BadInput("UnreadableFile", f"{path.name}: its energy bins do not follow on each other")
    # The model library wants energies above 0.
    return np.maximum(edges, 1e-6)


def _dense(table: object, channels: int, path: Path) -> Array:
    """Unpack the groups of channels of each energy (OGIP CAL/GEN/92-002)."""
    data, header = table.data, table.header  # type: ignore[attr-defined]
    number = table.columns.names.index("F_CHAN") + 1  # type: ignore[attr-defined]
    first = int(header.get(f"TLMIN{number}", 1))
    groups, columns = np.asarray(data["N_GRP"], np.int64), (data["F_CHAN"], data["N_CHAN"], data["MATRIX"])
    matrix = np.zeros((len(data), channels))
    for row, entries in enumerate(zip(*columns, strict=True)):
        starts, lengths, stored = map(np.atleast_1d, entries)
        used = 0
        for start, length in zip(starts[: groups[row]], lengths[: groups[row]], strict=True):
            begin, count = int(start) - first, int(length)
            if begin < 0 or begin + count > channels or used + count > stored.size:
                raise BadInput(
                    "UnreadableFile", f"{path.name}: row {row + 1} of the matrix leaves the {channels} channels"
                )
            matrix[row, begin : begin + count] += stored[used : used + count]
            used += count
    return matrix
