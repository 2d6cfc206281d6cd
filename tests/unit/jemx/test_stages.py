"""The stages as the container runs them: a unit directory in, products and a manifest out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jemx_analysis
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from coded_mask.geometry import separation_arcmin

from mesh.kit.analysis import Analysis, run_unit
from services.jemx.simulator.scenarios import write_archive
from tests.bench.unit_directory import unit_directory

_ANALYSIS = Analysis(stages=jemx_analysis.STAGES, warm=jemx_analysis.warm)
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


def _run(directory: Path) -> dict[str, Any]:
    status = run_unit(directory, lambda: _ANALYSIS)
    name = "manifest.json" if status == 0 else "failure.json"
    result: dict[str, Any] = json.loads((directory / "out" / name).read_text(encoding="utf-8"))
    return result


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
    assert list(manifest["summary"]) == ["jmx2"]
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
    assert row["scws"] == 4
    assert row["flux_3_20"] == pytest.approx(117.0, rel=0.02)
    assert row["chi2_3_20"] < 4.0
    assert float(separation_arcmin(row["ra"], row["dec"], *_CRAB)) < 0.03
