"""Writes a fit for machines: ``fit.json``, and the same as tables in ``fit.fits``."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.provenance import write_fits
from services.spectral_fit.analysis.curves import Curve

NAME = "fit"
_TEXT = {
    "name",
    "component",
    "parameter",
    "unit",
    "tie",
    "state",
    "spectrum",
    "source",
    "instrument",
    "file",
    "stopped",
    "factor_stopped",
    "correction_stopped",
    "statistic",
}


def write_results(unit: Unit, content: dict[str, Any], curves: Sequence[Curve]) -> None:
    """Write both files.

    Args:
        unit: whose product they are.
        content: what goes into ``fit.json``; its lists of objects become tables.
        curves: data and model of each spectrum, for the table ``CURVES``.
    """
    path = unit.out / f"{NAME}.json"
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    primary = fits.PrimaryHDU()
    for key, name in (("MODEL", "model"), ("STATNAME", "statistic_name"), ("STATVAL", "statistic"), ("DOF", "dof")):
        primary.header[key] = content[name] if not isinstance(content[name], str) else content[name][:68]
    primary.header["CONFLEV"] = (content["confidence"], "[%] level of the intervals")
    hdus = [primary]
    for name in ("parameters", "spectra", "fluxes"):
        hdus.append(_table(name.upper(), content[name]))
    hdus.append(_curves(curves))
    if content["covariance"] is not None:
        matrix = fits.ImageHDU(np.array(content["covariance"]), name="COVARIANCE")
        for number, free in enumerate(content["free"], 1):
            matrix.header[f"PAR{number}"] = free
        hdus.append(matrix)
    write_fits(unit, f"{NAME}.fits", fits.HDUList(hdus))


def _table(name: str, rows: Sequence[dict[str, Any]]) -> fits.BinTableHDU:
    columns = []
    for key in rows[0]:
        values = [row[key] for row in rows]
        if key in _TEXT:
            texts = ["" if value is None else str(value) for value in values]
            columns.append(fits.Column(key.upper(), f"{max(1, *map(len, texts))}A", array=texts))
        elif key == "free":
            columns.append(fits.Column("FREE", "L", array=values))
        else:
            numbers = [np.nan if value is None else float(value) for value in values]
            columns.append(fits.Column(key.upper(), "D", array=numbers))
    return fits.BinTableHDU.from_columns(columns, name=name)


def _curves(curves: Sequence[Curve]) -> fits.BinTableHDU:
    number = np.concatenate([np.full(curve.rate.size, index, np.int16) for index, curve in enumerate(curves, 1)])
    columns = [fits.Column("SPECTRUM", "I", array=number)]
    for name, unit in (
        ("low_kev", "keV"),
        ("high_kev", "keV"),
        ("rate", "count/s"),
        ("error", "count/s"),
        ("model", "count/s"),
    ):
        values = np.concatenate([getattr(curve, name) for curve in curves])
        columns.append(fits.Column(name.removesuffix("_kev").upper(), "D", unit=unit, array=values))
    return fits.BinTableHDU.from_columns(columns, name="CURVES")
