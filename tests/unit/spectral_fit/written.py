"""OGIP files as other people's programs write them: a small spectrum of 12 channels, changed in one thing at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

CHANNELS = 12
EDGES = np.geomspace(20.0, 200.0, CHANNELS + 1)
ENERGIES = np.geomspace(15.0, 300.0, 41)
MATRIX = np.abs(np.random.default_rng(3).normal(size=(40, CHANNELS)))
MATRIX *= np.arange(CHANNELS) <= np.arange(40)[:, None] / 3
MATRIX /= MATRIX.sum(axis=1, keepdims=True)
AREA = np.linspace(80.0, 120.0, 40)
RATE = np.linspace(3.0, 1.0, CHANNELS)

Columns = Mapping[str, Any]


def write(path: Path, *tables: fits.BinTableHDU) -> Path:
    """Write tables behind an empty primary HDU."""
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(path, overwrite=True)
    return path


def table(columns: Columns, name: str, units: Mapping[str, str] | None = None, **cards: Any) -> fits.BinTableHDU:
    """Return a table; arrays of two dimensions become vectors, integers and floats what they are."""
    made = []
    for key, values in columns.items():
        array = np.asarray(values)
        kind = "A" if array.dtype.kind == "U" else "J" if array.dtype.kind in "iu" else "D"
        size = array.dtype.itemsize // 4 if kind == "A" else (array.shape[1] if array.ndim > 1 else 1)
        made.append(fits.Column(key, f"{size}{kind}", unit=(units or {}).get(key), array=array))
    hdu = fits.BinTableHDU.from_columns(made, name=name)
    hdu.header.update(cards)
    return hdu


def spectrum(
    path: Path,
    columns: Columns | None = None,
    *,
    units: Mapping[str, str] | None = None,
    name: str = "SPECTRUM",
    without: tuple[str, ...] = (),
    **cards: Any,
) -> Path:
    """Write a spectrum of rates with Gaussian errors; *columns* and *cards* replace and add to what is not left out."""
    content: dict[str, Any] = {
        "CHANNEL": np.arange(1, CHANNELS + 1),
        "RATE": RATE,
        "STAT_ERR": np.full(CHANNELS, 0.1),
    }
    header: dict[str, Any] = {
        "HDUCLASS": "OGIP",
        "HDUCLAS1": "SPECTRUM",
        "HDUCLAS2": "NET",
        "EXPOSURE": 1000.0,
        "POISSERR": False,
        "DETCHANS": CHANNELS,
        "RESPFILE": "t.rmf",
        "ANCRFILE": "t.arf",
        "OBJECT": "Crab",
    }
    for key in without:
        content.pop(key, None)
        header.pop(key, None)
    content |= dict(columns or {})
    header |= cards
    return write(path, table(content, name, units, **header))


def counted(path: Path, counts: NDArray[Any], **cards: Any) -> Path:
    """Write counts of photons."""
    return spectrum(
        path, {"COUNTS": counts}, without=("RATE", "STAT_ERR"), **{"HDUCLAS2": "TOTAL", "POISSERR": True, **cards}
    )


def response(
    folder: Path,
    *,
    matrix: NDArray[Any] = MATRIX,
    first: int = 1,
    energy: float = 1.0,
    area: float = 1.0,
    units: tuple[str, str] = ("keV", "cm**2"),
    **cards: Any,
) -> list[Path]:
    """Write ``t.rmf`` and ``t.arf``.

    Args:
        folder: where to.
        matrix: what is stored.
        first: number of the first channel.
        energy: factor of the energies as they are written.
        area: factor of the areas as they are written.
        units: of energies and areas.
        cards: of the matrix.
    """
    kev, cm2 = units
    energies = {"ENERG_LO": ENERGIES[:-1] * energy, "ENERG_HI": ENERGIES[1:] * energy}
    chosen = {"ENERG_LO": kev, "ENERG_HI": kev, "E_MIN": kev, "E_MAX": kev, "SPECRESP": cm2}
    groups = {"N_GRP": np.ones(40, int), "F_CHAN": np.full(40, first), "N_CHAN": np.full(40, CHANNELS)}
    classes = {"HDUCLASS": "OGIP", "HDUCLAS1": "RESPONSE"}
    stored = table(
        {**energies, **groups, "MATRIX": matrix},
        "MATRIX",
        chosen,
        **{**classes, "HDUCLAS2": "RSP_MATRIX", "HDUCLAS3": "REDIST", "TLMIN4": first, **cards},
    )
    bounds = table(
        {
            "CHANNEL": np.arange(first, first + CHANNELS),
            "E_MIN": EDGES[:-1] * energy,
            "E_MAX": EDGES[1:] * energy,
        },
        "EBOUNDS",
        chosen,
        **classes,
        HDUCLAS2="EBOUNDS",
    )
    arf = table({**energies, "SPECRESP": AREA * area}, "SPECRESP", chosen, **classes, HDUCLAS2="SPECRESP")
    return [write(folder / "t.rmf", stored, bounds), write(folder / "t.arf", arf)]
