"""The two stages as the container runs them: a unit directory in, products and a manifest out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from mesh.instruments import instrument
from science.coded_mask.geometry import separation_arcmin
from services.isgri import analysis
from tests.unit.isgri.events_file import TSTART, write_events
from tests.unit.isgri.stage_runs import PARAMETERS, PLACE, run, source_events, unit_directory


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One window analysed: its unit directory and manifest."""
    root = tmp_path_factory.mktemp("image")
    events = source_events(root / "isgri_events.fits")
    directory = unit_directory(root / "unit", "image", [("events", "201600270010.001", events)])
    return directory, run(directory)


def test_image_reports_its_steps_products_and_sources(image: tuple[Path, dict[str, Any]]) -> None:
    _, manifest = image
    assert [step["step"] for step in manifest["steps"]] == [
        *("events", "validate", "gti", "dead", "shadowgram", "image", "clean")
    ]
    assert [file["name"] for file in manifest["files"]] == [
        *("isgri_sky.fits", "isgri_sky_without_bursts.fits", "preview.png"),
    ]
    summary = manifest["summary"]
    assert summary["exposure_s"] == pytest.approx(380.0 * 0.72, abs=0.1)
    [source] = summary["sources"]
    assert source["name"] == "NEW_1"
    assert source["new"]
    assert float(separation_arcmin(source["ra"], source["dec"], *PLACE)) < 1.0
    assert [band["e_min"] for band in source["bands"]] == [20.0, 40.0]
    assert source["bands"][1]["significance"] > 20.0
    [burst] = summary["bursts"]
    assert burst["counts"] == pytest.approx(600.0, rel=0.15)
    assert (burst["t_start_ijd"] - TSTART) * 86400.0 == pytest.approx(200.0, abs=0.11)
    assert float(separation_arcmin(burst["ra"], burst["dec"], *PLACE)) < 2.0 * burst["error_arcmin"]


def test_the_image_without_bursts_has_the_steady_flux_and_less_time(image: tuple[Path, dict[str, Any]]) -> None:
    directory, manifest = image
    steady, whole = manifest["summary"]["without_bursts"][0], manifest["summary"]["sources"][0]
    for band in (0, 1):
        assert steady["bands"][band]["flux"] < whole["bands"][band]["flux"]
    with fits.open(directory / "out" / "isgri_sky_without_bursts.fits", checksum=True) as hdus:
        assert hdus[0].header["ONTIME"] == pytest.approx(380.0 - 0.5, abs=0.25)
        assert "ISGR-BRST-RES" not in hdus
        assert hdus[3].header["IMATYPE"] == "VARIANCE"


def test_sky_file_has_the_archive_layout_and_a_readable_projection(image: tuple[Path, dict[str, Any]]) -> None:
    directory, _ = image
    with fits.open(directory / "out" / "isgri_sky.fits") as hdus:
        names = [hdu.name for hdu in hdus]
        assert names[:2] == ["PRIMARY", "GROUPING"]
        assert names.count("ISGR-SKY.-IMA") == 10
        assert names.count("ISGR-DETE-SHD") == names.count("ISGR-PIXL-USE") == 2
        index = hdus["GROUPING"].data
        assert list(index["IMATYPE"][:5]) == ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "RESIDUAL", "EXPOSURE"]
        for row in index:
            member = hdus[int(row["MEMBER_POSITION"]) - 1]
            assert member.name == row["MEMBER_NAME"]
            assert member.header["IMATYPE"] == row["IMATYPE"]
            assert member.header["E_MIN"] == row["E_MIN"]
        significance = hdus[9]
        assert significance.header["IMATYPE"] == "SIGNIFICANCE"
        row, column = np.unravel_index(int(np.nanargmax(significance.data)), significance.data.shape)
        frame = WCS(significance.header)
        ra, dec = frame.wcs_pix2world(column, row, 0)
        assert float(separation_arcmin(ra, dec, *PLACE)) < 3.0
        assert np.linalg.det(frame.pixel_scale_matrix) < 0.0, "east is to the left"
        table = hdus["ISGR-SKY.-RES"].data
        assert len(table) == 2
        assert float(separation_arcmin(table["RA_FIN"][0], table["DEC_FIN"][0], *PLACE)) < 1.0
        assert len(hdus["ISGR-BRST-RES"].data) == 1
        for hdu in hdus[1:]:
            assert hdu.verify_checksum() == 1
            assert hdu.verify_datasum() == 1


def test_same_input_gives_the_same_bytes(image: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    directory, manifest = image
    events = (directory / "in" / "events" / "201600270010.001" / "isgri_events.fits").resolve()
    again = run(unit_directory(tmp_path / "unit", "image", [("events", "201600270010.001", events)]))
    assert again["files"] == manifest["files"]


def test_a_catalogue_of_the_caller_is_fitted_however_faint(tmp_path: Path) -> None:
    events = source_events(tmp_path / "isgri_events.fits")
    catalogue = [
        {"name": "the bright one", "ra": PLACE[0], "dec": PLACE[1]},
        {"name": "nothing there", "ra": 267.0, "dec": -31.0},
        {"name": "outside", "ra": 10.0, "dec": 40.0},
    ]
    parameters = {**PARAMETERS, "catalogue": catalogue, "burst_search": False}
    manifest = run(unit_directory(tmp_path / "unit", "image", [("events", "201600270010.001", events)], parameters))
    sources = {source["name"]: source for source in manifest["summary"]["sources"]}
    assert set(sources) == {"the bright one", "nothing there"}
    assert abs(sources["nothing there"]["bands"][0]["significance"]) < 4.0
    assert not sources["the bright one"]["new"]


@pytest.mark.parametrize(("rows", "kept", "reason"), [(0, 1.0, "NoISGRIEvents"), (5000, 0.6, "ScWDataCorrupted")])
def test_bad_windows_fail_with_their_reason(tmp_path: Path, rows: int, kept: float, reason: str) -> None:
    path = write_events(tmp_path / "isgri_events.fits", rows=rows)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    failure = run(unit_directory(tmp_path / "unit", "image", [("events", "201600270010.001", path)]))
    assert failure["reason"] == reason
    assert failure["kind"] == "usage"


def test_a_window_wholly_outside_its_good_times_has_no_events(tmp_path: Path) -> None:
    late = TSTART + (396.0 + np.linspace(0.0, 3.0, 500)) / 86400.0
    path = write_events(tmp_path / "isgri_events.fits", rows=500, columns={"TIME": late})
    failure = run(unit_directory(tmp_path / "unit", "image", [("events", "201600270010.001", path)]))
    assert failure["reason"] == "NoISGRIEvents"
    assert "good time" in failure["text"]


@pytest.fixture(scope="module")
def mosaic(image: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Two windows combined: unit directory and manifest."""
    root = tmp_path_factory.mktemp("mosaic")
    turned = {"RA_SCX": 268.0, "DEC_SCX": -28.0, "RA_SCZ": 268.0, "DEC_SCZ": 62.0}
    events = source_events(root / "isgri_events.fits", turned)
    second = unit_directory(root / "second", "image", [("events", "201600280010.001", events)])
    run(second)
    inputs = [
        ("image", "201600280010.001", second / "out" / "isgri_sky.fits"),
        ("image", "201600270010.001", image[0] / "out" / "isgri_sky.fits"),
    ]
    parameters = {key: value for key, value in PARAMETERS.items() if key != "burst_search"}
    directory = unit_directory(root / "unit", "mosaic", inputs, parameters)
    return directory, run(directory)


def test_mosaic_combines_windows_to_one_source(mosaic: tuple[Path, dict[str, Any]]) -> None:
    _, manifest = mosaic
    assert [step["step"] for step in manifest["steps"]] == ["mosaic", "search", "catalogue"]
    names = [file["name"] for file in manifest["files"]]
    assert names == ["isgri_catalogue.fits", "isgri_catalogue.reg", "isgri_mosaic.fits", "preview.png"]
    summary = manifest["summary"]
    assert summary["scws"] == ["201600270010.001", "201600280010.001"]
    [source] = summary["sources"]
    assert source["name"] == "NEW_1"
    assert source["scws"] == 2
    assert float(separation_arcmin(source["ra"], source["dec"], *PLACE)) < source["error_arcmin"] * 2.0


def test_mosaic_images_and_catalogue_have_the_expected_layout(mosaic: tuple[Path, dict[str, Any]]) -> None:
    directory, _ = mosaic
    with fits.open(directory / "out" / "isgri_mosaic.fits") as hdus:
        images = [hdu for hdu in hdus if hdu.name == "ISGR-MOSA-IMA"]
        kinds = ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"]
        assert [hdu.header["IMATYPE"] for hdu in images] == kinds * 2
        assert [hdu.header["E_MIN"] for hdu in images] == [20.0] * 4 + [40.0] * 4
        intensity, significance, exposure = images[0], images[2], images[3]
        row, column = np.unravel_index(int(np.nanargmax(significance.data)), significance.data.shape)
        ra, dec = WCS(significance.header).wcs_pix2world(column, row, 0)
        assert float(separation_arcmin(ra, dec, *PLACE)) < 3.0
        peak = float(intensity.data[row, column])
        assert np.nanmax(exposure.data) == pytest.approx(2 * 380.0 * 0.72, rel=0.02)
    with fits.open(directory / "out" / "isgri_catalogue.fits") as hdus:
        table = hdus[1].data
        assert list(table.names[:9]) == [
            *("meta_ID", "src_names", "significance", "ra", "dec"),
            *("NEW_SOURCE", "ISGRI_FLAG", "FLAG", "ERR_RAD"),
        ]
        assert table["NEW_SOURCE"][0] == -32767
        assert peak == pytest.approx(table["flux_20_40"][0], rel=0.15)
        assert table["chi2_20_40"][0] < 10.0
    region = (directory / "out" / "isgri_catalogue.reg").read_text(encoding="ascii")
    assert "fk5" in region
    assert "NEW_1" in region


def test_a_mosaic_of_nothing_says_so(tmp_path: Path) -> None:
    directory = unit_directory(
        tmp_path / "unit", "mosaic", [], {"bands": [], "detection_threshold": 6, "catalogue": "none"}
    )
    assert run(directory)["reason"] == "EmptyImageList"


def test_a_window_product_of_another_kind_is_named(tmp_path: Path) -> None:
    path = write_events(tmp_path / "isgri_sky.fits")
    directory = unit_directory(tmp_path / "unit", "mosaic", [("image", "201600270010.001", path)])
    failure = run(directory)
    assert failure["reason"] == "BadWindowProduct"
    assert "201600270010.001" in failure["text"]


def test_warm_up_works_without_any_input() -> None:
    analysis.warm()


def test_a_background_map_is_made_used_and_refused_for_its_own_window(
    image: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    directory, _ = image
    label, other = "201600270010.001", "201600280010.001"
    sky = directory / "out" / "isgri_sky.fits"
    (tmp_path / label).mkdir()
    events = source_events(tmp_path / label / "isgri_events.fits", scatter=0.2)
    subtracted = unit_directory(
        tmp_path / "one", "pixel_background", [("image", label, sky), ("events", label, events)]
    )
    counts = run(subtracted)["summary"]["background_counts"]
    assert sum(counts) == pytest.approx(60_000 * 380.0 / 400.0, rel=0.02), "the source is subtracted"

    made = ("pixel_background", label, subtracted / "out/isgri_background.fits")
    mapped = unit_directory(tmp_path / "map", "background_map", [made])
    manifest = run(mapped)
    assert manifest["summary"]["windows"] == 1
    assert any("add further windows" in text for text in manifest["warnings"])

    given = PARAMETERS | {"background": ["b" * 64]}
    background = ("background", "b" * 16, mapped / "out/isgri_background.fits")
    again = run(unit_directory(tmp_path / "again", "background_map", [made, background], given))
    assert again["reason"] == "EmptyBackground", "its only window is in the earlier map"
    itself = run(unit_directory(tmp_path / "itself", "image", [("events", label, events), background], given))
    assert itself["reason"] == "BackgroundMapOfItself"

    later = source_events(tmp_path / "isgri_events.fits", {"SWID": other.split(".", maxsplit=1)[0]}, scatter=0.2)
    used = unit_directory(tmp_path / "later", "image", [("events", other, later), background], given)
    manifest = run(used)
    assert any("knows the pixels" in text for text in manifest["warnings"])
    assert [source["name"] for source in manifest["summary"]["sources"]] == ["NEW_1"]
    with fits.open(used / "out" / "isgri_sky.fits") as hdus:
        assert [hdu.name for hdu in hdus].count("ISGR-BACK-PAT") == 2
    mosaic = unit_directory(tmp_path / "mosaic", "mosaic", [("image", other, used / "out" / "isgri_sky.fits")], given)
    assert len(run(mosaic)["summary"]["sources"]) == 1


def test_an_epoch_map_is_used_without_windows_of_the_same_pointing(tmp_path: Path) -> None:
    fixed = instrument("isgri").stage_parameters("epoch_background", {})
    events, parts = {}, {}
    for number, dec in ((27, -28.5), (28, -29.5)):
        label = f"20160{number:03d}0010.001"
        keywords = {"SWID": label[:12], "DEC_SCX": dec, "DEC_SCZ": dec + 90.0}
        (tmp_path / label).mkdir()
        events[label] = ("events", label, source_events(tmp_path / label / "isgri_events.fits", keywords, 0.2))
        directory = unit_directory(tmp_path / f"part-{number}", "epoch_background", [events[label]], fixed)
        manifest = run(directory)
        # The source is new in the window and no background of it.
        assert sum(manifest["summary"]["background_counts"]) == pytest.approx(60_000 * 380.0 / 400.0, rel=0.02)
        parts[label] = ("epoch_background", label, directory / "out/isgri_background.fits")
    directory = unit_directory(tmp_path / "map", "epoch_map", list(parts.values()), {})
    manifest = run(directory)
    assert (manifest["summary"]["windows"], manifest["warnings"]) == (2, [])
    whole = ("epoch_map", "epoch-2000-2019", directory / "out/isgri_background.fits")

    given = PARAMETERS | {"background": "epoch", "burst_search": False, "bands": [[20, 40]]}
    label = "201600280010.001"
    manifest = run(unit_directory(tmp_path / "used", "image", [events[label], whole, parts[label]], given))
    assert manifest["summary"]["background"]["windows"] == 1
    assert not any("background map" in text for text in manifest["warnings"])
    lacking = run(unit_directory(tmp_path / "lacking", "image", [events[label]], given))
    assert lacking["summary"]["background"] is None
    assert any("no background map: the archive has too few" in text for text in lacking["warnings"])

    listed = given | {"catalogue": [{"name": "it", "ra": PLACE[0], "dec": PLACE[1]}], "time_bin": 100}
    for stage in ("spectrum", "lc", "weights"):
        with_map = run(unit_directory(tmp_path / stage, stage, [events[label], whole, parts[label]], listed))
        assert not any("background map" in text for text in with_map["warnings"])
        off = run(unit_directory(tmp_path / f"{stage}-off", stage, [events[label]], listed | {"background": "none"}))
        assert not any("background map" in text for text in off["warnings"])
        assert with_map["summary"]["sources"] != off["summary"]["sources"]
