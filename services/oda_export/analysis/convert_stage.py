"""The stage ``convert``: products of earlier jobs in, one JSON object out."""

from pathlib import Path
from typing import Any

from astropy.io import fits

from mesh.kit import BadInput, Unit
from services.oda_export.analysis.collection import Collection
from services.oda_export.analysis.encoding import written
from services.oda_export.analysis.fits_of_spectra import add_fit
from services.oda_export.analysis.images import add_mosaic, catalogue, listed
from services.oda_export.analysis.light_curves import add_light_curves, files_as_they_are
from services.oda_export.analysis.spectra import add_spectra

ODA_FILE = "oda.json"


def convert(unit: Unit) -> None:
    """Write what belongs under the key ``products`` of an answer; what found no room is warned of by name."""
    asked = unit.parameters
    with unit.step("read"):
        files = _files(unit)
        collection = Collection()
        content: dict[str, Any] = {}
        match asked["kind"]:
            case "image":
                content["catalog"] = _image(unit, collection, files, float(asked["detection_threshold"]))
            case "spectrum":
                add_spectra(collection, files, asked["name"])
            case "fit":
                content |= add_fit(collection, files, asked["name"])
            case _:
                add_light_curves(collection, files, asked["name"])
                if asked["name"] == "polar_lc":
                    content["binary_data_product_list"] = files_as_they_are(files)
        if not collection.arrays and not collection.left_out:
            there = listed(sorted(files)) or "no files"
            raise BadInput(
                "NothingToSend", f"the products have no {asked['kind'].replace('_', ' ')}; they have {there}"
            )
    with unit.step("write"):
        content = {"numpy_data_product_list": collection.arrays, **content}
        (unit.out / ODA_FILE).write_bytes(written(content))
    if collection.left_out:
        names = listed(collection.left_out)
        unit.warn(f"the answer has no room for {names}: take the FITS files of the job, or name fewer sources")
    unit.summary(products=len(collection.arrays), left_out=len(collection.left_out))


def _files(unit: Unit) -> dict[str, Path]:
    """Return the files of all products by name.

    Raises:
        BadInput: ``NoProducts``; none was named.
    """
    given = unit.inputs("products")
    if not given:
        raise BadInput("NoProducts", "name at least one job or product (parameter products)")
    return {path.name: path for entry in given for path in entry.paths}


def _image(unit: Unit, collection: Collection, files: dict[str, Path], threshold: float) -> dict[str, Any]:
    mosaics = [path for name, path in files.items() if name.endswith("_mosaic.fits")]
    catalogues = [path for name, path in files.items() if name.endswith("_catalogue.fits")]
    if not mosaics or not catalogues:
        raise BadInput(
            "MissingImages", f"the products have no mosaic with catalogue; they have {listed(sorted(files))}"
        )
    with fits.open(mosaics[0]) as hdus:
        if not add_mosaic(collection, hdus):
            unit.warn("the answer has room for the middle of the mosaic only: the FITS file of the job has all of it")
    with fits.open(catalogues[0]) as hdus:
        return catalogue(hdus, threshold)
