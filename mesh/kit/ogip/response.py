"""Responses: effective area (ARF) and redistribution matrix (RMF) (OGIP CAL/GEN/92-002, 92-002a)."""

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from mesh.kit.ogip.observation import Card, Observation, ogip_cards, table


def arf_hdu(
    energy_kev: ArrayLike,
    area_cm2: ArrayLike,
    *,
    observation: Observation,
    name: str = "SPECRESP",
    extra: tuple[Card, ...] = (),
) -> fits.BinTableHDU:
    """Return an effective area.

    Args:
        energy_kev: edges of the energy bins, one more than areas, ascending, above 0.
        area_cm2: effective area of each bin.
        observation: what was observed.
        name: of the extension.
        extra: further keywords.

    Raises:
        ValueError: edges do not ascend from above 0, or their number does not fit.
    """
    low, high = _bins(energy_kev)
    area = np.asarray(area_cm2, np.float64)
    if area.shape != low.shape:
        msg = f"{low.size} energy bins have {area.size} areas"
        raise ValueError(msg)
    columns = [
        fits.Column("ENERG_LO", "1E", unit="keV", array=low),
        fits.Column("ENERG_HI", "1E", unit="keV", array=high),
        fits.Column("SPECRESP", "1E", unit="cm**2", array=area),
    ]
    return table(name, columns, [*ogip_cards("RESPONSE", "SPECRESP", version="1.1.0"), *observation.cards(), *extra])


def rmf_hdus(
    energy_kev: ArrayLike,
    channel_kev: ArrayLike,
    matrix: ArrayLike,
    *,
    observation: Observation,
    first_channel: int,
    with_area: bool = False,
    extra: tuple[Card, ...] = (),
) -> tuple[fits.BinTableHDU, fits.BinTableHDU]:
    """Return ``SPECRESP MATRIX`` and ``EBOUNDS``.

    Each row is stored from its first to its last value above 0, as one group of channels in an array of variable
    length.

    Args:
        energy_kev: edges of the energy bins of the photons, ascending, above 0.
        channel_kev: edges of the channels.
        matrix: shape (energy bins, channels): probability that a photon is counted in a channel, rows sum to 1 at
            most; in cm**2 when *with_area*.
        observation: what was observed.
        first_channel: number of the first channel, as in the spectrum.
        with_area: whether the effective area is part of the matrix.
        extra: further keywords of the matrix.

    Raises:
        ValueError: shapes do not fit, or edges do not ascend.
    """
    low, high = _bins(energy_kev)
    channel_low, channel_high = _bins(channel_kev)
    values = np.asarray(matrix, np.float32)
    if values.shape != (low.size, channel_low.size):
        msg = f"the matrix has shape {values.shape}, its edges ask for {(low.size, channel_low.size)}"
        raise ValueError(msg)
    spans = [_span(row) for row in values]
    rows = np.empty(low.size, object)
    rows[:] = [row[first:last] for row, (first, last) in zip(values, spans, strict=True)]
    channels = channel_low.size
    counted: list[Card] = [
        ("CHANTYPE", "PI", "channels are corrected for gain"),
        ("DETCHANS", channels, "number of channels of the detector"),
    ]
    columns = [
        fits.Column("ENERG_LO", "1E", unit="keV", array=low),
        fits.Column("ENERG_HI", "1E", unit="keV", array=high),
        fits.Column("N_GRP", "1I", array=np.ones(low.size, np.int16)),
        fits.Column("F_CHAN", "1J", array=[first_channel + first for first, _ in spans]),
        fits.Column("N_CHAN", "1J", array=[last - first for first, last in spans]),
        fits.Column("MATRIX", "PE()", unit="cm**2" if with_area else None, array=rows),
    ]
    matrix_hdu = table(
        "SPECRESP MATRIX",
        columns,
        [
            *ogip_cards("RESPONSE", "RSP_MATRIX", "FULL" if with_area else "REDIST", version="1.3.0"),
            *observation.cards(),
            *counted,
            ("TLMIN4", first_channel, "first channel"),
            ("TLMAX4", first_channel + channels - 1, "last channel"),
            ("NUMGRP", low.size, "number of groups of channels"),
            ("NUMELT", int(sum(last - first for first, last in spans)), "number of stored values"),
            ("LO_THRES", 0.0, "smallest value that is stored"),
            *extra,
        ],
    )
    bounds = table(
        "EBOUNDS",
        [
            fits.Column("CHANNEL", "1I", array=np.arange(first_channel, first_channel + channels)),
            fits.Column("E_MIN", "1E", unit="keV", array=channel_low),
            fits.Column("E_MAX", "1E", unit="keV", array=channel_high),
        ],
        [
            *ogip_cards("RESPONSE", "EBOUNDS", version="1.2.0"),
            *observation.cards(),
            *counted,
            ("TLMIN1", first_channel, "first channel"),
            ("TLMAX1", first_channel + channels - 1, "last channel"),
        ],
    )
    return matrix_hdu, bounds


def _bins(edges_kev: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    edges = np.asarray(edges_kev, np.float64)
    if edges.ndim != 1 or edges.size < 2 or edges[0] <= 0.0 or np.any(np.diff(edges) <= 0.0):
        raise ValueError("energies must be a list of edges that ascends from above 0 keV")
    return edges[:-1], edges[1:]


def _span(row: NDArray[np.float32]) -> tuple[int, int]:
    """Return first and one past the last channel with a value; one channel for a row without any."""
    there = np.flatnonzero(row > 0.0)
    return (int(there[0]), int(there[-1]) + 1) if there.size else (0, 1)
