"""Reads the response of a burst (.rmfarf): redistribution times area in one matrix, area alone, channel edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.curve import Floats

_CLASSES = {"MATRIX": "RSP_MATRIX", "EBOUNDS": "EBOUNDS", "SPECRESP": "SPECRESP"}


@dataclass(frozen=True)
class Response:
    """A response.

    Args:
        energy_kev: edges of the photon energies, shape (n, 2).
        channel_kev: edges of the channels, shape (m, 2).
        matrix: cm2, shape (n, m); a row summed is the effective area.
        first_channel: number of the first channel.
    """

    energy_kev: Floats
    channel_kev: Floats
    matrix: Floats
    first_channel: int

    @property
    def area_cm2(self) -> Floats:
        """Effective area at each photon energy, cm2, shape (n,)."""
        return np.asarray(self.matrix.sum(axis=1), dtype=np.float64)

    def fold(self, photons: Floats) -> Floats:
        """Return counts/s per channel of photons/cm2/s per energy bin."""
        return np.asarray(photons @ self.matrix, dtype=np.float64)


def read_response(hdus: Sequence[fits.BinTableHDU | fits.ImageHDU]) -> Response:
    """Read MATRIX, EBOUNDS and SPECRESP.

    The matrix is redistribution alone or already multiplied with the area: the area table tells which.

    Raises:
        BadInput: reason ``BadResponse``.
    """
    named = {hdu.name: hdu for hdu in hdus}
    try:
        table, bounds = named["MATRIX"].data, named["EBOUNDS"].data
        channels = np.column_stack((bounds["E_MIN"], bounds["E_MAX"])).astype(np.float64)
        energies = np.column_stack((table["ENERG_LO"], table["ENERG_HI"])).astype(np.float64)
        matrix = _full(table, channels.shape[0], int(named["MATRIX"].header.get("TLMIN4", 1)))
        area = np.asarray(named["SPECRESP"].data["SPECRESP"], dtype=np.float64) if "SPECRESP" in named else None
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise BadInput("BadResponse", f"the response cannot be read: {error}") from error
    if area is not None and _lacks_area(matrix, area):
        matrix = matrix * area[:, None]
    return Response(energies, channels, matrix, int(bounds["CHANNEL"][0]))


def _lacks_area(matrix: Floats, area: Floats) -> bool:
    """Tell whether a matrix is redistribution alone: its rows are probabilities."""
    sums = matrix.sum(axis=1)
    return area.size == sums.size and bool(sums.max() <= 1.5)


def for_fits(hdus: Sequence[fits.BinTableHDU | fits.ImageHDU]) -> list[fits.BinTableHDU]:
    """Return the same tables as fitting tools need them: area in the matrix, its first channel and its class named."""
    copies = [fits.BinTableHDU(hdu.data.copy(), hdu.header.copy()) for hdu in hdus]
    named = {hdu.name: hdu for hdu in copies}
    matrix = named["MATRIX"]
    first = min(int(matrix.header.get("TLMIN4", 1)), int(np.min(matrix.data["F_CHAN"])))
    matrix.header["TLMIN4"] = (first, "number of the first channel")
    if "SPECRESP" in named:
        area = np.asarray(named["SPECRESP"].data["SPECRESP"], dtype=np.float64)
        if _lacks_area(_full(matrix.data, len(named["EBOUNDS"].data), first), area):
            for row, value in enumerate(area):
                matrix.data["MATRIX"][row] = matrix.data["MATRIX"][row] * value
    for name, word in _CLASSES.items():
        if name in named:
            named[name].header["HDUCLASS"] = "OGIP"
            named[name].header["HDUCLAS1"] = "RESPONSE"
            named[name].header["HDUCLAS2"] = word
    return copies


def _full(table: fits.FITS_rec, channels: int, first: int) -> Floats:
    """Return the matrix with its groups put in their places."""
    matrix = np.zeros((len(table), channels))
    # Published files say TLMIN 1 and count from 0.
    first = min(first, int(np.min(table["F_CHAN"])))
    for row, (groups, starts, lengths, values) in enumerate(
        zip(table["N_GRP"], table["F_CHAN"], table["N_CHAN"], table["MATRIX"], strict=True)
    ):
        at = 0
        for start, length in list(zip(np.atleast_1d(starts), np.atleast_1d(lengths), strict=True))[: int(groups)]:
            matrix[row, int(start) - first : int(start) - first + int(length)] = values[at : at + int(length)]
            at += int(length)
    return matrix
