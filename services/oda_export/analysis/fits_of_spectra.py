"""The fit of a spectrum: its tables as arrays, its parameters as a table, its plot, and a summary in words."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from astropy.io import fits
from astropy.table import Table

from mesh.kit import BadInput
from services.oda_export.analysis.collection import Collection
from services.oda_export.analysis.data_unit import data_unit
from services.oda_export.analysis.encoding import binary
from services.oda_export.analysis.images import listed

_REPORT, _TABLES, _PLOT = "fit.json", "fit.fits", "preview.png"


def add_fit(collection: Collection, files: Mapping[str, Path], name: str) -> dict[str, Any]:
    """Add the tables of a fit, and return the further entries of an answer that has one.

    Args:
        collection: takes the tables.
        files: by name.
        name: of the product.

    Raises:
        BadInput: ``MissingFit``; there is none among the files.
    """
    if missing := [one for one in (_REPORT, _TABLES, _PLOT) if one not in files]:
        raise BadInput("MissingFit", f"the products have no {listed(missing)}; they have {listed(sorted(files))}")
    report = json.loads(files[_REPORT].read_text(encoding="utf-8"))
    source = str(report["spectra"][0]["source"])
    with fits.open(files[_TABLES]) as hdus:
        collection.add(source, [(name, name, [data_unit(hdu) for hdu in hdus])], model=report["model"])
    # An object, where the tables of arrays have a text: the client reads each in its own way.
    meta = {"src_name": source, "product": name, "model": report["model"]}
    return {
        "astropy_table_product_ascii_list": [
            {"name": "fit_parameters", "meta_data": meta, "ascii": _ecsv(_parameters(report)), "binary": None}
        ],
        "binary_image_product_list": [
            {"name": "fit_plot", "img_type": "png", "metadata": meta, "b64data": binary(files[_PLOT].read_bytes())}
        ],
        "text_product_list": [{"name": "fit_summary", "meta_data": meta, "value": "\n".join([*_summary(report), ""])}],
    }


def _parameters(report: Mapping[str, Any]) -> Table:
    """Return the parameters in the columns that the protocol has for them; NaN: no value, or no limit."""
    rows = report["parameters"]
    table = Table()
    table["component"] = [row["component"] for row in rows]
    table["par name"] = [row["parameter"] for row in rows]
    table["value"] = [float(row["value"]) for row in rows]
    table["units"] = [row["unit"] or "" for row in rows]
    table["error"] = [_half(row["error_lower"], row["error_upper"]) for row in rows]
    table["range-"] = [_number(row["lower"]) for row in rows]
    table["range+"] = [_number(row["upper"]) for row in rows]
    table["free"] = [bool(row["free"]) for row in rows]
    return table


def _ecsv(table: Table) -> str:
    stream = StringIO()
    table.write(stream, format="ascii.ecsv")
    return stream.getvalue()


def _summary(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"model: {report['model']}"
    yield f"{report['statistic_name']} / dof: {report['statistic']:.2f} / {report['dof']} = {report['reduced']:.3f}"
    yield f"confidence of errors: {report['confidence']:g} %"
    for flux in report["fluxes"]:
        low, high = flux["erg_lower"], flux["erg_upper"]
        limits = f" ({low:.4g} to {high:.4g})" if low is not None and high is not None else ""
        yield f"flux {flux['low_kev']:g}-{flux['high_kev']:g} keV: {flux['erg_cm2_s']:.4g}{limits} erg/cm2/s"


def _half(lower: float | None, upper: float | None) -> float:
    return float("nan") if lower is None or upper is None else (lower + upper) / 2


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
