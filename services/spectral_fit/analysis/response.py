"""Responses: energies of photons, effective area times redistribution, energies and numbers of channels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import (
    Array,
    column,
    column_name,
    has_unit,
    number,
    opened,
    tables_of,
    unit_factor,
    word,
)

Channels = NDArray[np.int64]
_MATRIX = ("N_GRP", "F_CHAN", "N_CHAN", "MATRIX")
_SLACK = 1e-4  # energies are written in single precision


@dataclass(frozen=True)
class Response:
    """What turns photons into counts; channels in the order of their energies.

    Args:
        energy_kev: edges of the energy bins, ascending; one more than bins.
        matrix: cm2, shape (energy bins, channels).
        channel_kev: lower and upper edges of the channels, shape (2, channels).
        channel: their numbers, from the first of the detector to the last without a gap, ascending or descending.
        with_area: whether the effective area is in it.
    """

    energy_kev: Array
    matrix: Array
    channel_kev: Array
    channel: Channels
    with_area: bool


def read_response(path: Path, wanted: int = 0) -> Response:
    """Read a redistribution matrix with the energies of its channels.

    Args:
        path: its file.
        wanted: which matrix of the file, from 1; 0 for the only one.

    Raises:
        BadInput: ``UnreadableFile``, ``UnknownUnit``, ``NotSupported``, or ``SeveralMatrices`` where none is named.
    """
    with opened(path) as hdus:
        table = _one_of(tables_of(hdus, path, "matrix"), path, wanted)
        edges, order = _energies(table, path)
        bounds = tables_of(hdus, path, "bounds")
        channel, channel_kev = _channels(bounds[min(max(wanted, 1), len(bounds)) - 1], path)
        values = _dense(table, channel, path)[order]
        said = _says_area(table)
    upwards = np.argsort(channel_kev.sum(axis=0), kind="stable")
    # Official matrices in cm2 do not always say so; probabilities add up to 1 at most.
    known = said or bool(values.sum(axis=1).max() > 1.5)
    return Response(edges, values[:, upwards], channel_kev[:, upwards], channel[upwards], known)


def with_area(response: Response, path: Path, wanted: int, matrix: str) -> Response:
    """Multiply a response with an effective area.

    Args:
        response: that it is for.
        path: file with the area.
        wanted: which area of the file, from 1; 0 for the first.
        matrix: name of the response's file, for errors.

    Raises:
        BadInput: ``UnreadableFile``, ``UnknownUnit``, or ``ResponseMismatch`` where the two have other energies.
    """
    with opened(path) as hdus:
        tables = tables_of(hdus, path, "area")
        table = tables[min(max(wanted, 1), len(tables)) - 1]
        known, order = _energies(table, path)
        area = np.nan_to_num(column(table, "SPECRESP", path, "cm2")[order])
    edges = response.energy_kev
    if known.shape != edges.shape or np.any(np.abs(known - edges) > _SLACK * edges):
        text = f"{path.name} and {matrix} have different energies: give the two that belong together"
        raise BadInput("ResponseMismatch", text)
    return replace(response, matrix=response.matrix * area[:, None], with_area=True)


def _one_of(tables: Sequence[Any], path: Path, wanted: int) -> Any:
    if wanted > len(tables):
        raise BadInput("UnreadableFile", f"{path.name} has {len(tables)} matrices; number {wanted} is named")
    if not wanted and len(tables) > 1:
        text = (
            f"{path.name} holds {len(tables)} matrices: write into the spectrum which is its own, e.g. RESPFILE = "
            f"'{path.name}{{2}}'"
        )
        raise BadInput("SeveralMatrices", text)
    return tables[max(wanted, 1) - 1]


def _says_area(table: Any) -> bool:
    """Tell whether a matrix is in cm2 already: by its class or its unit."""
    name = column_name(table, "MATRIX")
    return word(table.header, "HDUCLAS3").upper() == "FULL" or (name is not None and has_unit(table, name, "cm2"))


def _energies(table: Any, path: Path) -> tuple[Array, NDArray[np.int64]]:
    """Return the edges of the energy bins, ascending, and the order of the rows that makes them so."""
    low, high = column(table, "ENERG_LO", path, "keV"), column(table, "ENERG_HI", path, "keV")
    order = np.argsort(low, kind="stable")
    low, high = low[order], high[order]
    edges = np.append(low, high[-1:])
    joined = np.all(np.abs(low[1:] - high[:-1]) <= _SLACK * high[:-1])
    if low.size == 0 or not joined or not np.all(np.diff(edges) > 0.0):
        raise BadInput("UnreadableFile", f"{path.name}: its energy bins do not follow on each other")
    # The model library wants energies above 0.
    return np.maximum(edges, min(1e-6, 1e-3 * edges[1])), order


def _channels(table: Any, path: Path) -> tuple[Channels, Array]:
    """Return numbers and edges of the channels in the order of the numbers."""
    edges = np.sort([column(table, "E_MIN", path, "keV"), column(table, "E_MAX", path, "keV")], axis=0)
    if column_name(table, "CHANNEL") is None:
        return np.arange(1, edges.shape[1] + 1), edges
    given = column(table, "CHANNEL", path)
    channel = np.round(given).astype(np.int64)
    order = np.argsort(channel, kind="stable")
    if not np.all(np.isfinite(edges)) or np.any(np.diff(channel[order]) != 1):
        raise BadInput("UnreadableFile", f"{path.name}: the channels of EBOUNDS do not follow on each other")
    return channel[order], edges[:, order]


def _dense(table: Any, channel: Channels, path: Path) -> Array:
    """Unpack the groups of channels of each energy (OGIP CAL/GEN/92-002), in cm2 where they have an area."""
    area_scale = number(table.header, "EFFAREA", path)
    if area_scale not in {None, 1.0}:
        text = f"{path.name}: EFFAREA {area_scale:g} of the matrix is not applied: multiply the matrix and set it to 1"
        raise BadInput("NotSupported", text)
    names = [name for wanted in _MATRIX if (name := column_name(table, wanted)) is not None]
    if len(names) < len(_MATRIX):
        there = ", ".join(table.columns.names)
        raise BadInput("UnreadableFile", f"{path.name}: its matrix needs {', '.join(_MATRIX)}; it has {there}")
    groups = np.asarray(table.data[names[0]], np.int64)
    parts = [
        (np.atleast_1d(starts)[:count], np.atleast_1d(lengths)[:count], np.atleast_1d(stored))
        for count, starts, lengths, stored in zip(groups, *(table.data[name] for name in names[1:]), strict=True)
    ]
    first = _first_channel(table, names[1], parts, channel, path)
    matrix = np.zeros((len(parts), channel.size))
    for row, (starts, lengths, stored) in enumerate(parts):
        used = 0
        for start, length in zip(starts, lengths, strict=True):
            begin, count = int(start) - first, int(length)
            if used + count > stored.size:
                text = f"{path.name}: row {row + 1} of the matrix has {stored.size} values, its groups need more"
                raise BadInput("UnreadableFile", text)
            matrix[row, begin : begin + count] += stored[used : used + count]
            used += count
    factor = unit_factor(table, names[3], path, "cm2") if _says_area(table) else 1.0
    return np.asarray(factor * np.nan_to_num(matrix), np.float64)


def _first_channel(table: Any, name: str, parts: Sequence[tuple[Any, Any, Any]], channel: Channels, path: Path) -> int:
    """Return the number that F_CHAN gives the first channel: TLMIN; else that of EBOUNDS, else 1, else 0.

    A number that the groups contradict is none: published files say TLMIN 1 and count from 0.
    """
    starts = np.concatenate([one[0][one[1] > 0] for one in parts]).astype(np.int64)
    ends = np.concatenate([(one[0] + one[1])[one[1] > 0] for one in parts]).astype(np.int64)
    if starts.size == 0:
        raise BadInput("UnreadableFile", f"{path.name}: its matrix has no values")
    declared = number(table.header, f"TLMIN{table.columns.names.index(name) + 1}", path)
    for first in (*([int(declared)] if declared is not None else []), int(channel[0]), 1, 0):
        if starts.min() >= first and ends.max() <= first + channel.size:
            return first
    text = (
        f"{path.name}: the groups of its matrix reach from channel {starts.min()} to {ends.max() - 1}, which leaves "
        f"the {channel.size} channels of EBOUNDS"
    )
    raise BadInput("UnreadableFile", text)
