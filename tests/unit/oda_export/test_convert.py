"""Products of the analyses to what oda_api's own classes read, and the traps of its reader."""

import base64
import json
import pickle
import pickletools
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from astropy.io import fits
from oda_api.data_products import ApiCatalog, NumpyDataProduct

from mesh.kit import BadInput
from mesh.kit.analysis import Analysis
from services.oda_export.analysis import STAGES
from services.oda_export.analysis.collection import Collection
from services.oda_export.analysis.data_unit import data_unit
from services.oda_export.analysis.encoding import pickled, unbroken
from services.oda_export.analysis.fits_of_spectra import add_fit
from services.oda_export.analysis.images import add_mosaic
from services.oda_export.analysis.spectra import add_spectra
from tests.unit_directory import declared_parameters, outcome, unit_directory

mpl.use("Agg")
from oda_api.api import DataCollection  # draws when it is imported


def _client(content: Any) -> Any:
    """Return what the client makes of an answer: it replaces letters in the text of the parsed object."""
    parsed = json.loads(json.dumps(content, allow_nan=False))
    return eval(str(parsed).replace("null", "None"))  # noqa: S307  # as the client does


def _array_with_null() -> np.ndarray:
    """Return an array whose pickle in base64 has the letters ``null``."""
    letters = base64.b64decode("null" * 3)
    return np.frombuffer(letters * 100, np.uint8).copy()


def test_letters_that_the_client_replaces_do_not_stand_in_an_array() -> None:
    array = _array_with_null()
    assert any("null" in base64.b64encode(b"x" * shift + array.tobytes()).decode() for shift in range(3))
    for shift in range(3):
        sent = np.concatenate([np.zeros(shift, np.uint8), array])
        unit = data_unit(fits.ImageHDU(sent))
        assert "null" not in unit["binarys"]
        back = _client({"data_unit_list": [unit], "name": "x", "meta_data": "{}"})
        assert np.array_equal(NumpyDataProduct.decode(back).data_unit[0].data, sent)


def test_letters_are_parted_everywhere() -> None:
    text = "nullnullnuLLnunull"
    assert "null" not in unbroken(text)
    assert unbroken(text).replace("\n", "") == text


def test_a_pickle_names_what_every_numpy_has() -> None:
    stream = base64.b64decode(pickled(np.arange(5.0)))
    names = {argument for _, argument, _ in pickletools.genops(stream) if isinstance(argument, str)}
    assert stream[:2] == b"\x80\x02"
    assert "numpy.core.multiarray _reconstruct" in names
    assert not any("_core" in name for name in names)
    assert np.array_equal(pickle.loads(stream), np.arange(5.0))  # noqa: S301


def test_only_plain_arrays_are_pickled() -> None:
    with pytest.raises(ValueError, match="no plain array"):
        pickled(fits.BinTableHDU.from_columns([fits.Column("A", "1E", array=[1.0])]).data)
    with pytest.raises(ValueError, match="no plain array"):
        pickled(np.array([[1], [1, 2]], dtype=object))


def test_a_table_comes_back_with_units_texts_and_rows_of_any_length() -> None:
    ragged = np.empty(3, object)
    ragged[:] = [np.array([1.0]), np.array([1.0, 2.0, 3.0]), np.array([], np.float32)]
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "1D", unit="d", array=[1.0, np.nan, 3.0]),
            fits.Column("NAME", "8A", array=["Crab", "GX 1+4", ""]),
            fits.Column("MATRIX", "PE()", array=ragged),
            fits.Column("COUNTS", "1J", bzero=2**31, array=np.array([0, 1, 2**32 - 1], np.uint32)),
        ],
        name="TEST",
    )
    table.header["BAD"] = (1.5, "kept")
    table.header["EMPTY"] = None
    back = NumpyDataProduct.decode(_client({"data_unit_list": [data_unit(table)], "name": "x", "meta_data": "{}"}))
    hdu = back.data_unit[0].to_fits_hdu()
    assert hdu.columns["TIME"].unit == "d"
    assert hdu.header["BAD"] == 1.5
    assert list(hdu.data["NAME"]) == ["Crab", "GX 1+4", ""]
    assert np.array_equal(hdu.data["MATRIX"], [[1, 0, 0], [1, 2, 3], [0, 0, 0]])
    assert list(hdu.data["COUNTS"]) == [0, 1, 2**32 - 1]
    assert np.isnan(hdu.data["TIME"][1])


def test_no_header_has_what_json_lacks() -> None:
    image = fits.ImageHDU(np.zeros((2, 2), np.float32))
    image.header["HISTORY"] = "long"
    image.header["BLANKED"] = fits.card.Undefined()
    json.dumps(data_unit(image), allow_nan=False)
    assert "HISTORY" not in data_unit(image)["header"]


def _mosaic(rows: int, columns: int, exposed: tuple[slice, slice]) -> fits.HDUList:
    index = fits.BinTableHDU.from_columns([fits.Column("MEMBER_NAME", "8A", array=["x"])], name="GROUPING")
    hdus = fits.HDUList([fits.PrimaryHDU(), index])
    for kind in ("INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"):
        pixels = np.full((rows, columns), np.nan, np.float32)
        pixels[exposed] = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)[exposed] + 1.0
        image = fits.ImageHDU(pixels, name="ISGR-MOSA-IMA")
        image.header["IMATYPE"] = kind
        image.header["CRPIX1"], image.header["CRPIX2"] = 10.0, 20.0
        hdus.append(image)
    return hdus


def test_a_mosaic_is_cut_to_what_was_exposed_and_its_grid_moves_along() -> None:
    collection = Collection()
    assert add_mosaic(collection, _mosaic(40, 50, (slice(5, 25), slice(7, 47))))
    units = NumpyDataProduct.decode(_client(collection.arrays[0])).data_unit
    assert [unit.data.shape for unit in units[2:]] == [(20, 40)] * 4
    assert (units[4].header["CRPIX1"], units[4].header["CRPIX2"]) == (3.0, 15.0)
    assert units[4].data[0, 0] == 5 * 50 + 7 + 1


def test_of_a_mosaic_without_room_the_middle_is_sent() -> None:
    collection = Collection(room=200_000)
    assert not add_mosaic(collection, _mosaic(300, 300, (slice(0, 300), slice(0, 300))))
    assert len(json.dumps(collection.arrays)) < 200_000
    assert collection.arrays
    shape = NumpyDataProduct.decode(collection.arrays[0]).data_unit[4].data.shape
    assert shape[0] == shape[1] > 50


def test_sources_without_room_are_named() -> None:
    collection = Collection(room=30_000)
    for name in ("bright", "faint"):
        unit = data_unit(fits.ImageHDU(np.random.default_rng(1).random(4000)))
        collection.add(name, [("isgri_lc", "isgri_lc", [unit])])
    assert [json.loads(one["meta_data"])["src_name"] for one in collection.arrays] == ["bright"]
    assert collection.left_out == ["faint"]


def test_a_catalogue_is_the_clients(tmp_path: Path) -> None:
    catalogue = fits.BinTableHDU.from_columns(
        [
            fits.Column("meta_ID", "1J", array=[0, 1]),
            fits.Column("src_names", "64A", array=["GX 1+4", "NEW_1"]),
            fits.Column("significance", "1D", array=[12.0, 5.5]),
            fits.Column("ra", "1D", unit="deg", array=[263.0, 264.0]),
            fits.Column("dec", "1D", unit="deg", array=[-24.7, -25.0]),
            fits.Column("ERR_RAD", "1D", array=[0.01, np.nan]),
        ],
        name="CATALOG",
    )
    mosaic = tmp_path / "isgri_mosaic.fits"
    _mosaic(20, 20, (slice(0, 20), slice(0, 20))).writeto(mosaic)
    listed = tmp_path / "isgri_catalogue.fits"
    fits.HDUList([fits.PrimaryHDU(), catalogue]).writeto(listed)
    parameters = declared_parameters(
        "oda_export", "convert", given={"kind": "image", "name": "isgri_image", "detection_threshold": 5.0}
    )
    inputs = [("products", "0" * 16, mosaic), ("products", "0" * 16, listed)]
    manifest = outcome(unit_directory(tmp_path / "unit", "convert", "job", parameters, inputs), Analysis(STAGES))
    assert [file["name"] for file in manifest["files"]] == ["oda.json"]
    content = _client(json.loads((tmp_path / "unit" / "out" / "oda.json").read_text()))
    table = ApiCatalog(content["catalog"]).table
    assert list(table["src_names"]) == ["GX 1+4", "NEW_1"]
    assert ApiCatalog(content["catalog"]).get_api_dictionary()


def test_products_of_another_kind_say_what_they_have(tmp_path: Path) -> None:
    other = tmp_path / "x.fits"
    fits.HDUList([fits.PrimaryHDU()]).writeto(other)
    for kind in ("image", "spectrum", "light_curve"):
        parameters = declared_parameters("oda_export", "convert", given={"kind": kind, "name": "isgri_lc"})
        unit = unit_directory(tmp_path / kind, "convert", "job", parameters, [("products", "0" * 16, other)])
        assert "x.fits" in outcome(unit, Analysis(STAGES))["text"]


def test_a_correction_is_no_spectrum_of_its_source(tmp_path: Path) -> None:
    def spectrum(name: str, kind: str, channels: int) -> Path:
        columns = [fits.Column(key, "1E", array=np.full(channels, 2.0)) for key in ("RATE", "STAT_ERR")]
        table = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
        table.header["HDUCLAS1"], table.header["HDUCLAS2"] = "SPECTRUM", kind
        table.header["OBJECT"], table.header["INSTRUME"] = "Crab", "JMX1"
        path = tmp_path / name
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
        return path

    paths = [spectrum("a.fits", "BKG", 256), spectrum("b.fits", "NET", 16), spectrum("c.fits", "NET", 256)]
    collection = Collection()
    add_spectra(collection, {path.name: path for path in paths}, "jemx_spectrum")
    assert [json.loads(one["meta_data"])["product"] for one in collection.arrays] == [
        "jemx_spectrum",
        "jemx_arf",
        "jemx_rmf",
    ]
    sent = NumpyDataProduct.decode(_client(collection.arrays[0])).data_unit[1]
    assert (len(sent.data), sent.header["HDUCLAS2"]) == (256, "NET")


_REPORT: dict[str, Any] = {
    "model": "powerlaw",
    "statistic_name": "chi2",
    "statistic": 10.5,
    "dof": 9,
    "reduced": 1.1667,
    "null_probability": 0.31,
    "confidence": 68.27,
    "parameters": [
        {"component": "powerlaw", "parameter": "PhoIndex", "unit": "", "value": 2.1, "error_lower": 0.1}
        | {"error_upper": 0.3, "lower": 2.0, "upper": 2.4, "free": True},
        {"component": "powerlaw", "parameter": "norm", "unit": "1/cm2/s/keV", "value": 9.5, "error_lower": None}
        | {"error_upper": None, "lower": None, "upper": None, "free": False},
    ],
    "spectra": [{"source": "Crab"}],
    "fluxes": [{"low_kev": 20.0, "high_kev": 40.0, "erg_cm2_s": 1e-8, "erg_lower": None, "erg_upper": None}],
}


def _fit_product(folder: Path) -> dict[str, Path]:
    letters = base64.b64decode("null" * 30)
    content = {
        "fit.json": json.dumps(_REPORT).encode(),
        "preview.png": b"\x89PNG\r\n\x1a\n" + letters,
    }
    for name, text in content.items():
        (folder / name).write_bytes(text)
    parameters = fits.BinTableHDU.from_columns([fits.Column("VALUE", "D", array=[2.1, 9.5])], name="PARAMETERS")
    fits.HDUList([fits.PrimaryHDU(), parameters]).writeto(folder / "fit.fits")
    return {path.name: path for path in folder.iterdir()}


def test_a_fit_comes_back_as_arrays_a_table_a_picture_and_text(tmp_path: Path) -> None:
    files, collection = _fit_product(tmp_path), Collection()
    products = add_fit(collection, files, "spectral_fit")
    told = {"numpy_data_product_list": collection.arrays, **products}
    answer = _client({"products": told, "job_monitor": {"job_id": "0"}})
    found = DataCollection.from_response_json(answer, "isgri", "spectral_fit")
    arrays, table, plot, summary = found._p_list
    assert found._n_list[:2] == ["spectral_fit_0_Crab_spectral_fit", "fit_parameters_1_Crab_spectral_fit"]
    assert list(arrays.data_unit[1].data["VALUE"]) == [2.1, 9.5]
    assert table.table.colnames == ["component", "par name", "value", "units", "error", "range-", "range+", "free"]
    assert list(table.table["error"][:1]) == [pytest.approx(0.2)]
    assert np.isnan(table.table["range+"][1])
    assert plot.binary_data == files["preview.png"].read_bytes()
    assert "chi2 / dof: 10.50 / 9 = 1.167" in summary.value


def test_what_is_no_fit_says_what_is_missing(tmp_path: Path) -> None:
    files = _fit_product(tmp_path)
    del files["fit.json"]
    with pytest.raises(BadInput, match=r"no fit\.json"):
        add_fit(Collection(), files, "spectral_fit")
