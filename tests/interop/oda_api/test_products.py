"""oda_api 1.3.5 asks for each product of each instrument, draws it and writes it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.io import fits
from oda_api.api import DataCollection
from oda_api.plot_tools import OdaImage, OdaLightCurve, OdaSpectrum

from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.interop.oda_api.conftest import Client

pytestmark = [
    # The client's own: what it uses of matplotlib will go, and of itself.
    pytest.mark.filterwarnings("ignore:The set_under function:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:BinaryData class is deprecated:DeprecationWarning"),
]

BRIGHT = "4U 1700-377"
WINDOWS = [f"{scw}.001" for scw in GALACTIC_CENTRE]


@pytest.fixture(autouse=True)
def _figures() -> None:
    plt.close("all")


@pytest.fixture(scope="module")
def in_bands() -> dict[str, object]:
    return {"scw_list": WINDOWS, "E1_keV": 20.0, "E2_keV": 40.0}


@pytest.fixture
def image(client: Client, in_bands: dict[str, object]) -> DataCollection:
    return client().get_product(instrument="isgri", product="isgri_image", silent=True, **in_bands)


def test_an_image_has_the_mosaic_first_and_the_catalogue_second(image: DataCollection) -> None:
    assert image._n_list == ["mosaic_image_0_mosaic", "dispatcher_catalog_1"]
    units = image.mosaic_image_0_mosaic.data_unit
    assert [unit.name for unit in units] == ["PRIMARY", "GROUPING", *["ISGR-MOSA-IMA"] * 4]
    assert [unit.header["IMATYPE"] for unit in units[2:]] == ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"]
    assert BRIGHT in set(image.dispatcher_catalog_1.table["src_names"])


def test_an_image_is_drawn_and_written(image: DataCollection, tmp_path: Path) -> None:
    OdaImage(image).build_fig()
    written = OdaImage(image).write_fits(output_dir=str(tmp_path))
    with fits.open(written) as hdus:
        significance = hdus[4]
        assert significance.header["IMATYPE"] == "SIGNIFICANCE"
        assert significance.header["CTYPE1"].startswith("RA---")
        assert np.nanmax(significance.data) > 30.0


def test_the_returned_catalogue_chooses_the_sources_of_the_next_request(
    client: Client, image: DataCollection, in_bands: dict[str, object]
) -> None:
    catalogue = image.dispatcher_catalog_1
    catalogue.table = catalogue.table[catalogue.table["src_names"] == BRIGHT]
    spectra = client().get_product(
        instrument="isgri",
        product="isgri_spectrum",
        selected_catalog=catalogue.get_api_dictionary(),
        silent=True,
        **in_bands,
    )
    assert {one.meta_data["src_name"] for one in spectra._p_list} == {BRIGHT}


def test_spectra_come_with_their_response_and_are_written(
    client: Client, in_bands: dict[str, object], tmp_path: Path
) -> None:
    spectra = client().get_product(instrument="isgri", product="isgri_spectrum", silent=True, **in_bands)
    mine = [one for one in spectra._p_list if one.meta_data["src_name"] == BRIGHT]
    assert [one.meta_data["product"] for one in mine] == ["isgri_spectrum", "isgri_arf", "isgri_rmf"]
    x, _, rate, error = OdaSpectrum(spectra).get_values(BRIGHT)
    assert len(x) == 256
    inside = (x > 20) & (x < 40) & (error > 0)
    assert rate[inside].sum() / np.sqrt((error[inside] ** 2).sum()) > 30.0
    OdaSpectrum(spectra).build_fig(BRIGHT)
    name, *_ = OdaSpectrum(spectra).write_fits(BRIGHT, grouping=[20, 100, -10], output_dir=str(tmp_path))
    with fits.open(name) as hdus:
        assert hdus[1].header["EXPOSURE"] > 0.0
        response = Path(hdus[1].header["RESPFILE"])
    with fits.open(response) as hdus:
        assert {"SPECRESP MATRIX", "EBOUNDS"} <= {hdu.name for hdu in hdus}


@pytest.mark.long
def test_a_fit_comes_with_its_parameters_plot_and_summary(
    client: Client, in_bands: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = client()
    asked = {"src_name": BRIGHT, "xspec_model": "powerlaw", "silent": True, **in_bands}
    fit = one.get_product(instrument="isgri", product="spectral_fit", **asked)
    tables, parameters, plot, summary = fit._p_list
    rows = {row["par name"]: row for row in parameters.table}
    assert set(rows) == {"PhoIndex", "norm"}
    assert 0.0 < rows["PhoIndex"]["value"] < 6.0
    assert rows["PhoIndex"]["range-"] < rows["PhoIndex"]["value"] < rows["PhoIndex"]["range+"]
    curves = next(unit for unit in tables.data_unit if unit.name == "CURVES").data
    assert curves["LOW"].min() >= 29.0
    assert curves["HIGH"].max() <= 301.0
    assert plot.img_type == "png"
    assert summary.value.startswith("model: powerlaw\n")
    assert one.response_json["products"]["input_prod_list"] == WINDOWS
    monkeypatch.chdir(tmp_path)
    fit.save_all_data()
    assert len(list(tmp_path.iterdir())) == 4


def test_light_curves_of_all_sources(client: Client, in_bands: dict[str, object], tmp_path: Path) -> None:
    curves = client().get_product(instrument="isgri", product="isgri_lc", time_bin=100.0, silent=True, **in_bands)
    assert any(name.startswith("isgri_lc_") and "4U1700m377" in name for name in curves._n_list)
    time, width, rate, error, low, high = OdaLightCurve(curves).get_lc(BRIGHT)
    assert (low, high) == (20.0, 40.0)
    assert len(time) > 10
    assert width == pytest.approx(50.0 / 86400.0)
    assert (rate / error).mean() > 3.0
    OdaLightCurve(curves).build_fig(BRIGHT)
    name, start, stop, _ = OdaLightCurve(curves).write_fits(BRIGHT, output_dir=str(tmp_path))
    assert Path(name).exists()
    assert start < stop


def test_jem_x(client: Client, tmp_path: Path) -> None:
    asked = {"scw_list": WINDOWS[:2], "jemx_num": 2, "E1_keV": 3.0, "E2_keV": 20.0}
    image = client().get_product(instrument="jemx", product="jemx_image", silent=True, **asked)
    OdaImage(image).build_fig()
    assert "NEW_SOURCE" not in image.dispatcher_catalog_1.table.colnames
    spectra = client().get_product(instrument="jemx", product="jemx_spectrum", silent=True, **asked)
    source = spectra._p_list[0].meta_data["src_name"]
    assert len(OdaSpectrum(spectra).get_values(source)[0]) == 256
    curves = client().get_product(instrument="jemx", product="jemx_lc", time_bin=50.0, silent=True, **asked)
    assert len(OdaLightCurve(curves).get_lc(source)[0]) > 5
    name, *_ = OdaLightCurve(curves).write_fits(source, output_dir=str(tmp_path))
    assert Path(name).exists()


@pytest.mark.usefixtures("bursts")
def test_spi_acs(client: Client) -> None:
    curve = client().get_product(
        instrument="spi_acs",
        product="spi_acs_lc",
        T1="2017-08-17T12:50:00",
        T2="2017-08-17T12:55:00",
        time_bin=0.5,
        silent=True,
    )
    product = OdaLightCurve(curve)
    time, width, rate, *_ = product.get_lc("query")
    assert len(time) == 600
    assert width[1:-1] == pytest.approx(0.25)
    assert rate.mean() == pytest.approx(1.1e5, rel=0.05)
    assert product.timezero_utc.startswith("2017-08-17 12:52:30")
    product.build_fig("query")


@pytest.mark.usefixtures("bursts")
def test_polar_comes_with_the_file_itself(client: Client, tmp_path: Path) -> None:
    curve = client().get_product(
        instrument="polar",
        product="polar_lc",
        T1="2017-01-14T21:58:00",
        T2="2017-01-14T22:04:00",
        time_bin=0.5,
        silent=True,
    )
    time, _, rate, *_ = OdaLightCurve(curve).get_lc("query")
    assert len(time) == 720
    assert rate.max() > 500.0
    OdaLightCurve(curve).build_fig("query")
    (tmp_path / "polar_lc.fits").write_bytes(curve._p_list[1])
    with fits.open(tmp_path / "polar_lc.fits", checksum=True) as hdus:
        assert "POLAR_LC" in hdus
