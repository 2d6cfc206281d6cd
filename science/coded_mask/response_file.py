"""Official responses as archives have them: redistribution matrices and areas, in OGIP's layout or that of OSA."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

Array = NDArray[np.float64]

_AN_AREA = 1.5
"""Rows of a matrix that add up to more hold an area, cm2: probabilities do not."""


@dataclass(frozen=True)
class OfficialResponse:
    """A response that was read.

    ``energy_kev`` are the edges of photon energies, ``channel_kev`` those of channels; ``area_cm2`` has the area of
    each bin of energy, None where no file tells it; ``matrix``, shape (bins, channels), the probability that a photon
    is counted in each channel.
    """

    energy_kev: Array
    channel_kev: Array
    area_cm2: Array | None
    matrix: Array


def read_response(path: Path, area_file: Path | None, first_channel: int) -> OfficialResponse:
    """Read a redistribution matrix and, where it is not part of it, an area.

    Args:
        path: file of the matrix.
        area_file: file of the area, if there is one.
        first_channel: number of the first channel where the matrix does not tell it (TLMIN of F_CHAN).

    Raises:
        OSError, KeyError, ValueError, TypeError, IndexError: the files are no response.
    """
    with fits.open(path, memmap=False) as hdus:
        table = _table(hdus, "RSP_MATRIX", "MATRIX", "RMF")
        edges = np.append(table.data["ENERG_LO"], table.data["ENERG_HI"][-1]).astype(np.float64)
        bounds = _table(hdus, "EBOUNDS", "EBOUNDS", "EBDS").data
        channels = np.append(bounds["E_MIN"], bounds["E_MAX"][-1]).astype(np.float64)
        column = table.columns.names.index("F_CHAN") + 1
        first = int(table.header.get(f"TLMIN{column}", first_channel))
        matrix = _expanded(table.data, channels.size - 1, first)
    area: Array | None = None
    if area_file is not None:
        with fits.open(area_file, memmap=False) as hdus:
            area = np.asarray(_table(hdus, "SPECRESP", "SPECRESP", "ARF").data["SPECRESP"], np.float64)
        if area.shape != (len(matrix),):
            raise ValueError(f"{area_file.name} has {area.size} energies, the matrix {len(matrix)}")
    rows = matrix.sum(axis=1)
    if rows.max() > _AN_AREA:
        area = rows if area is None else area * rows
        matrix = matrix / np.where(rows > 0.0, rows, 1.0)[:, None]
    return OfficialResponse(edges, channels, area, matrix)


def _table(hdus: fits.HDUList, kind: str, *names: str) -> Any:
    """Return the extension of an OGIP class, or one whose name has a word in it."""
    for hdu in hdus[1:]:
        classes = {hdu.header.get("HDUCLAS1"), hdu.header.get("HDUCLAS2")}
        if hdu.header.get("EXTNAME") != "GROUPING" and (kind in classes or any(name in hdu.name for name in names)):
            return hdu
    raise ValueError(f"there is no {kind} table")


def _expanded(table: Any, channels: int, first_channel: int) -> Array:
    """Return the matrix in full."""
    matrix = np.zeros((len(table), channels))
    for row, line in zip(matrix, table, strict=True):
        values = np.asarray(line["MATRIX"], np.float64)
        place = 0
        for begin, count in zip(np.atleast_1d(line["F_CHAN"]), np.atleast_1d(line["N_CHAN"]), strict=True):
            start = int(begin) - first_channel
            if count and not 0 <= start <= channels - count:
                raise ValueError(f"a row of the matrix leaves its {channels} channels")
            row[start : start + count] = values[place : place + count]
            place += count
    return matrix
