"""The stages as the container runs them: a unit directory in, products and a manifest out."""

import json
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from mesh.kit.analysis import Analysis
from science.coded_mask.geometry import separation_arcmin
from services.jemx import analysis
from services.jemx.analysis.channels import standard_edges, standard_edges_kev
from services.jemx.analysis.response import crab_rate
from services.jemx.simulator.scenarios import write_archive
from tests.unit_directory import outcome, unit_directory

_run = partial(outcome, analysis=Analysis(stages=analysis.STAGES, warm=analysis.warm))
_CRAB = (83.6332, 22.0145)
_PARAMETERS: dict[str, Any] = {
    "jemx_num": "both",
    "bands": [[3, 20]],
    "detection_threshold": 6.5,
    "catalogue": "reference",
}
_WINDOWS = ("201600270010.001", "201600280010.001")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("jemx-archive")
    write_archive(root, "jemx-crab", scws=2, exposure_s=500.0)
    return root / "scw" / "2016"


def _image(directory: Path, archive: Path, label: str, units: Sequence[int] = (1, 2), **parameters: Any) -> Path:
    inputs = [("events", label, archive / label / f"jmx{unit}_events.fits.gz") for unit in units]
    return unit_directory(directory, "image", label, _PARAMETERS | parameters, inputs)


@pytest.fixture(scope="module")
def images(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = []
    for label in _WINDOWS:
        directory = _image(tmp_path_factory.mktemp("image") / "unit", archive, label)
        assert "summary" in _run(directory)
        made.append(directory)
    return made


def test_both_units_find_the_crab(images: list[Path]) -> None:
    manifest = json.loads((images[0] / "out" / "manifest.json").read_text())
    for unit in ("jmx1", "jmx2"):
        summary = manifest["summary"][unit]
        (source,) = summary["sources"]
        assert source["name"] == "Crab"
        assert float(separation_arcmin(source["ra"], source["dec"], *_CRAB)) < 0.05
        assert summary["exposure_s"] == pytest.approx(410.0, abs=0.1)
    assert {path.name for path in (images[0] / "out").iterdir()} >= {"jmx1_sky.fits", "jmx2_sky.fits"}


def test_the_same_unit_gives_the_same_bytes(images: list[Path], archive: Path, tmp_path: Path) -> None:
    again = _image(tmp_path / "again", archive, _WINDOWS[0])
    _run(again)
    for name in ("jmx1_sky.fits", "preview_jmx2.png"):
        assert (again / "out" / name).read_bytes() == (images[0] / "out" / name).read_bytes()


def test_one_unit_is_enough_and_the_other_is_missed(archive: Path, tmp_path: Path) -> None:
    manifest = _run(_image(tmp_path / "one", archive, _WINDOWS[0], units=[2]))
    assert manifest["summary"].keys() - {"simulated"} == {"jmx2"}
    assert any("JEM-X 1" in warning for warning in manifest["warnings"])


def test_no_unit_is_a_failure_that_says_so(archive: Path, tmp_path: Path) -> None:
    failure = _run(_image(tmp_path / "none", archive, _WINDOWS[0], units=[2], jemx_num="1"))
    assert failure["reason"] == "NoJEMXEvents"


@pytest.fixture(scope="module")
def mosaic(images: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    inputs = [
        ("image", label, directory / "out" / f"jmx{unit}_sky.fits")
        for label, directory in zip(_WINDOWS, images, strict=True)
        for unit in (1, 2)
    ]
    parameters = {key: value for key, value in _PARAMETERS.items() if key != "jemx_num"}
    directory = unit_directory(tmp_path_factory.mktemp("mosaic") / "unit", "mosaic", "job", parameters, inputs)
    assert "summary" in _run(directory)
    return directory / "out"


def test_mosaic_of_both_units_shows_the_crab_in_its_place(mosaic: Path) -> None:
    with fits.open(mosaic / "jemx_mosaic.fits") as hdus:
        assert [hdu.header["IMATYPE"] for hdu in hdus[2:]] == ["RECONSTRUCTED", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"]
        assert hdus[4].name == "JMX1-MOSA-IMA"  # tools open the significance as the fourth extension
        x, y = WCS(hdus[4].header).world_to_pixel(SkyCoord(*_CRAB, unit="deg"))
        row, column = np.unravel_index(np.nanargmax(hdus[4].data), hdus[4].data.shape)
        assert np.hypot(row - float(y), column - float(x)) < 1.0
        assert hdus[5].data.max() == pytest.approx(2 * 2 * 410.0, rel=0.35)  # two windows and two units


def test_mosaic_joins_the_four_images_of_a_source(mosaic: Path) -> None:
    (row,) = fits.getdata(mosaic / "jemx_catalogue.fits", 1)
    assert row["src_names"] == "Crab"
    assert row["scws"] == 2  # of two units each
    assert row["flux_3_20"] == pytest.approx(117.0, rel=0.02)
    assert row["chi2_3_20"] < 4.0
    assert float(separation_arcmin(row["ra"], row["dec"], *_CRAB)) < 0.03


def _extract(directory: Path, archive: Path, stage: str, label: str, mosaic: Path, **parameters: Any) -> Path:
    inputs = [("events", label, archive / label / f"jmx{unit}_events.fits.gz") for unit in (1, 2)]
    inputs.append(("mosaic", "job", mosaic / "jemx_catalogue.fits"))
    told = {"jemx_num": "both", "catalogue": "reference"} | parameters
    made = unit_directory(directory, stage, label, told, inputs)
    assert "summary" in _run(made)
    return made / "out"


def _joined(directory: Path, stage: str, role: str, parts: Sequence[Path], file: str) -> Path:
    inputs = [
        (role, label, part / file.format(unit)) for label, part in zip(_WINDOWS, parts, strict=True) for unit in (1, 2)
    ]
    made = unit_directory(directory, stage, "job", {"catalogue": "reference"}, inputs)
    assert "summary" in _run(made)
    return made / "out"


@pytest.fixture(scope="module")
def spectra(archive: Path, mosaic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("spectra")
    parts = [_extract(root / label, archive, "spectrum", label, mosaic) for label in _WINDOWS]
    return _joined(root / "sum", "spectrum_sum", "spectrum", parts, "jmx{}_spectra.fits")


def test_standard_channels_are_the_sum_of_their_own(spectra: Path) -> None:
    fine, coarse = (fits.getdata(spectra / f"jmx2_spectrum_Crab{ending}.fits", 1) for ending in ("", "_16"))
    assert (len(fine), len(coarse)) == (256, 16)
    assert fine["CHANNEL"][0] == coarse["CHANNEL"][0] == 1
    edges = standard_edges()
    for row, (first, last) in enumerate(pairwise(edges)):
        assert fine["RATE"][first:last].sum() == pytest.approx(coarse["RATE"][row], rel=1e-4)
    assert not np.any(coarse["QUALITY"])
    np.testing.assert_array_equal(np.flatnonzero(fine["QUALITY"] == 0), np.arange(edges[0], edges[-1]))


@pytest.mark.parametrize("unit", [1, 2])
def test_the_crab_has_the_rates_of_the_crab(spectra: Path, unit: int) -> None:
    table = fits.getdata(spectra / f"jmx{unit}_spectrum_Crab_16.fits", 1)
    expected = crab_rate(standard_edges_kev())
    pull = (table["RATE"] - expected) / np.hypot(table["STAT_ERR"], 0.005 * expected)
    assert abs(table["RATE"].sum() / expected.sum() - 1.0) < 0.01
    assert np.mean(pull**2) < 2.0
    assert table["RATE"].sum() == pytest.approx(121.0, rel=0.02)  # what the response of the standard software gives


def test_files_are_listed_under_the_name_of_their_source(spectra: Path, curves: Path) -> None:
    for out in (spectra, curves):
        (source,) = json.loads((out / "manifest.json").read_text())["summary"]["sources"]
        assert source["name"] == "Crab"
        assert {name[:4] for name in source["files"]} == {"jmx1", "jmx2"}
        assert all((out / name).is_file() for name in source["files"])


def test_spectra_name_their_response(spectra: Path) -> None:
    header = fits.getheader(spectra / "jmx1_spectrum_Crab.fits", 1)
    assert header["HDUCLAS1"] == "SPECTRUM"
    assert (spectra / header["RESPFILE"]).is_file()
    assert (spectra / header["ANCRFILE"]).is_file()
    bounds = fits.getdata(spectra / "jmx1_rmf_16.fits", "EBOUNDS")
    assert bounds["E_MIN"][0] == pytest.approx(3.04, abs=0.01)
    assert bounds["E_MAX"][-1] == pytest.approx(34.88, abs=0.01)


@pytest.fixture(scope="module")
def curves(archive: Path, mosaic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("curves")
    told = {"bands": [[3, 10], [10, 20]], "time_bin": 10.0}
    parts = [_extract(root / label, archive, "lc", label, mosaic, **told) for label in _WINDOWS]
    return _joined(root / "merge", "lc_merge", "lc", parts, "jmx{}_curves.fits")


def test_the_crab_is_constant(curves: Path) -> None:
    table = fits.getdata(curves / "jmx1_lc_Crab_3-10.fits", "RATE")
    assert len(table) >= 100
    weight = table["EXPOSURE"] / (table["EXPOSURE"].sum())
    mean = float((table["RATE"] * weight).sum())
    chi2 = float((((table["RATE"] - mean) / table["ERROR"]) ** 2).mean())
    assert 0.6 < chi2 < 1.5
    expected = crab_rate(np.array([3.0, 10.0])).sum()
    assert mean == pytest.approx(expected, rel=0.01)


def test_curves_have_the_names_that_other_tools_know(curves: Path) -> None:
    with fits.open(curves / "jmx2_lc_Crab_10-20.fits") as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["RATE", "GTI", "JMX2-SRC.-LCR"]
