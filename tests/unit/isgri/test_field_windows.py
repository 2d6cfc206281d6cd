"""Windows made after public reports of the field, each with one oddity: what the stages make of them and say."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from tests.unit.isgri.stage_runs import PARAMETERS, run, unit_directory

_SOURCE = "4U 1700-377"
_LISTED = {"catalogue": [{"name": _SOURCE, "ra": 255.98654, "dec": -37.84413}]}
_IMAGE = PARAMETERS | {"bands": [[20, 40]], "burst_search": False, "catalogue": "reference"}
_REFERENCE = "299900010010"


@pytest.fixture(scope="module")
def windows(shared_data: Path) -> Path:
    """The folder of the windows."""
    folder = shared_data / "field" / "windows" / "scw" / "2999"
    if not folder.is_dir():
        pytest.skip("the windows of the field are not there")
    return folder


def _unit(
    folder: Path, events: Path, stage: str, parameters: Mapping[str, Any], scw: str = _REFERENCE
) -> dict[str, Any]:
    manifest = run(unit_directory(folder, stage, [("events", f"{scw}.001", events)], parameters))
    if "summary" in manifest:
        manifest["summary"] |= {"out": folder / "out"}
    return manifest


def _image(folder: Path, windows: Path, scw: str, **parameters: Any) -> dict[str, Any]:
    events = windows / f"{scw}.001" / "isgri_events.fits.gz"
    return _unit(folder, events, "image", _IMAGE | parameters, scw)


def _flux(summary: Mapping[str, Any], band: int = 0) -> tuple[float, float]:
    [source] = [source for source in summary["sources"] if source["name"] == _SOURCE]
    return source["bands"][band]["flux"], source["bands"][band]["flux_error"]


def _mosaic(folder: Path, images: Sequence[Mapping[str, Any]], **parameters: Any) -> dict[str, Any]:
    inputs = [
        ("image", f"2999{number + 1:04d}0010.001", image["summary"]["out"] / "isgri_sky.fits")
        for number, image in enumerate(images)
    ]
    return run(unit_directory(folder, "mosaic", inputs, _IMAGE | parameters))


@pytest.fixture(scope="module")
def reference(windows: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The image of the window without oddities."""
    return _image(tmp_path_factory.mktemp("reference") / "unit", windows, _REFERENCE, **_LISTED)


def test_the_reference_has_nothing_to_warn_of(reference: dict[str, Any]) -> None:
    assert reference["summary"]["ontime_s"] == pytest.approx(39.994, abs=0.001)
    assert _flux(reference["summary"]) == pytest.approx((25.5, 6.0), abs=0.2)
    assert reference["warnings"] == []
    assert "events in" in reference["summary"]["validation"][0]


@pytest.mark.parametrize(
    ("scw", "expected"),
    [
        ("299900020010", (39.994, "good times overlap")),
        ("299900040010", (39.994, "1 event of 38593 without a valid time")),
        ("299900410010", (23.99, "1 event of")),
    ],
)
def test_an_oddity_changes_neither_time_nor_flux_and_is_said(
    windows: Path, tmp_path: Path, reference: dict[str, Any], scw: str, expected: tuple[float, str]
) -> None:
    ontime_s, words = expected
    manifest = _image(tmp_path / "unit", windows, scw, **_LISTED)
    summary = manifest["summary"]
    assert summary["ontime_s"] == pytest.approx(ontime_s, abs=0.01)
    flux, error = _flux(summary)
    wanted, _ = _flux(reference["summary"])
    if ontime_s > 30.0:
        assert flux == pytest.approx(wanted, abs=0.3)
    assert abs(flux - wanted) < 2.0 * error
    assert any(words in text for text in manifest["warnings"])
    assert any(words in text for text in summary["validation"])


def test_missing_telemetry_is_no_live_time(windows: Path, tmp_path: Path) -> None:
    summary = _image(tmp_path / "unit", windows, "299900400010", **_LISTED)["summary"]
    assert summary["ontime_s"] == pytest.approx(23.99, abs=0.01)
    assert any("telemetry is missing for 16.0 s" in text for text in summary["validation"])


def test_a_start_that_is_no_number_ends_with_the_reason(windows: Path, tmp_path: Path) -> None:
    failure = _image(tmp_path / "unit", windows, "299900060010")
    assert failure["reason"] == "ScWDataCorrupted"
    assert "TSTART" in failure["text"]


def test_a_window_without_events_in_the_only_band_is_left_out(windows: Path, tmp_path: Path) -> None:
    failure = _image(tmp_path / "unit", windows, "299900310010")
    assert (failure["reason"], failure["kind"]) == ("NoCounts", "usage")


@pytest.fixture(scope="module")
def deaf(windows: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The window without events below 42 keV in two bands."""
    bands = [[20, 40], [45, 80]]
    return _image(tmp_path_factory.mktemp("deaf") / "unit", windows, "299900310010", bands=bands, **_LISTED)


def test_a_band_without_counts_has_no_flux_and_says_so(deaf: dict[str, Any]) -> None:
    [source] = deaf["summary"]["sources"]
    assert source["bands"][0]["flux"] is None
    assert source["bands"][1]["flux"] is not None
    assert any("20-40 keV has no flux" in text for text in deaf["warnings"])
    with fits.open(deaf["summary"]["out"] / "isgri_sky.fits") as hdus:
        assert np.isnan(hdus["ISGR-SKY.-RES"].data["FLUX"][0])
        assert np.isnan(hdus["ISGR-SKY.-IMA", 2].data).all(), "the variance of 20-40 keV"
        assert np.isfinite(hdus["ISGR-SKY.-IMA", 7].data).any()


@pytest.mark.parametrize("left", [0.0, 0.05, 0.2])
def test_a_window_that_lost_events_does_not_pull_a_mosaic_down(
    windows: Path, tmp_path: Path, deaf: dict[str, Any], left: float
) -> None:
    bands = [[20, 40], [45, 80]]
    good = _image(tmp_path / "good", windows, _REFERENCE, bands=bands, **_LISTED)
    poor = (
        deaf
        if not left
        else _unit(
            tmp_path / "poor",
            _thinned(tmp_path, windows, left),
            "image",
            _IMAGE | _LISTED | {"bands": bands},
            "299900020010",
        )
    )
    manifest = _mosaic(tmp_path / "mosaic", [good, poor], bands=bands, **_LISTED)
    flux, error = _flux(good["summary"])
    assert _flux(manifest["summary"]) == pytest.approx((flux, error), abs=0.01)
    # In the other band both windows count. They hold the same events, and two say no more than one.
    assert _flux(manifest["summary"], 1)[1] == pytest.approx(_flux(good["summary"], 1)[1], rel=0.08)
    assert any("left out of 20-40 keV" in text and "299900020010.001" in text for text in manifest["warnings"])


def _thinned(folder: Path, windows: Path, left: float) -> Path:
    """Copy the reference without most of its events below 42 keV."""
    with fits.open(windows / f"{_REFERENCE}.001" / "isgri_events.fits.gz") as hdus:
        table = hdus["ISGR-EVTS-ALL"]
        kept = (table.data["ISGRI_ENERGY"] > 42.0) | (np.random.default_rng(3).random(len(table.data)) < left)
        table.data = table.data[kept]
        path = folder / "isgri_events.fits"
        hdus.writeto(path)
    return path


def _changed(folder: Path, windows: Path, **columns: Any) -> Path:
    """Copy the reference with columns made anew from its rows."""
    with fits.open(windows / f"{_REFERENCE}.001" / "isgri_events.fits.gz") as hdus:
        data = hdus["ISGR-EVTS-ALL"].data
        for name, made in columns.items():
            data[name] = made(data)
        path = folder / "isgri_events.fits"
        hdus.writeto(path)
    return path


def test_spectra_of_a_deaf_window_have_no_weight_below_its_threshold(windows: Path, tmp_path: Path) -> None:
    spectra = []
    for scw in (_REFERENCE, "299900310010"):
        events = windows / f"{scw}.001" / "isgri_events.fits.gz"
        spectra.append(_unit(tmp_path / scw, events, "spectrum", _LISTED, scw))
    assert any("no events below 4" in text for text in spectra[1]["warnings"])
    paths = [made["summary"]["out"] / "isgri_spectra.fits" for made in spectra]
    inputs = [("spectrum", f"{n}.001", path) for n, path in enumerate(paths)]
    run(unit_directory(tmp_path / "sum", "spectrum_sum", inputs, _LISTED))
    with fits.open(tmp_path / "sum" / "out" / f"isgri_spectrum_{_SOURCE.replace(' ', '_')}.fits") as hdus:
        rate = hdus["ISGR-EVTS-SPE"].data["RATE"]
    with fits.open(paths[0]) as hdus:
        [alone] = hdus["ISGR-SRC.-SPE"].data["RATE"]
    below = slice(10, 30)  # 18 to 39.5 keV
    np.testing.assert_allclose(rate[below], alone[below], rtol=1e-5)
    assert not np.allclose(rate[60:100], alone[60:100], rtol=1e-3)


def test_light_curves_have_no_points_where_a_window_is_deaf(windows: Path, tmp_path: Path) -> None:
    events = windows / "299900310010.001" / "isgri_events.fits.gz"
    parameters = _LISTED | {"bands": [[20, 40], [45, 80]], "time_bin": 10.0, "background": []}
    manifest = _unit(tmp_path / "unit", events, "lc", parameters, "299900310010")
    with fits.open(manifest["summary"]["out"] / "isgri_curves.fits") as hdus:
        assert np.isnan(hdus["ISGR-SRC.-LCR", 1].data["RATE"]).all()
        assert np.isfinite(hdus["ISGR-SRC.-LCR", 2].data["RATE"]).any()
    assert any("20-40 keV has no flux" in text for text in manifest["warnings"])


def test_a_module_whose_threshold_rose_takes_no_part(windows: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    def risen(data: Any) -> Any:
        bad = (data["DETZ"] < 32) & (data["ISGRI_ENERGY"] < 42.0)  # modules 0 and 1
        return np.where(bad, 0.0, data["ISGRI_ENERGY"])

    manifest = _unit(tmp_path / "unit", _changed(tmp_path, windows, ISGRI_ENERGY=risen), "image", _IMAGE | _LISTED)
    assert any("modules that lack events in 20-40 keV" in text and "0 (" in text for text in manifest["warnings"])
    flux, error = _flux(manifest["summary"])
    wanted, _ = _flux(reference["summary"])
    assert error > 1.05 * _flux(reference["summary"])[1]
    assert abs(flux - wanted) < error
    with fits.open(manifest["summary"]["out"] / "isgri_sky.fits") as hdus:
        assert not hdus["ISGR-PIXL-USE"].data[:32].any()


def test_a_window_without_energies_is_no_part_of_anything(windows: Path, tmp_path: Path) -> None:
    events = _changed(tmp_path, windows, ISGRI_ENERGY=lambda data: np.full(len(data), np.nan))
    for stage, parameters in (("image", _IMAGE), ("spectrum", _LISTED)):
        failure = _unit(tmp_path / stage, events, stage, parameters)
        assert failure["reason"] == "ScWDataCorrupted"
        assert "energy" in failure["text"]


def test_an_uncompressed_file_called_gz_is_analysed(windows: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    packed = windows / f"{_REFERENCE}.001" / "isgri_events.fits.gz"
    plain = tmp_path / "isgri_events.fits.gz"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    manifest = _unit(tmp_path / "unit", plain, "image", _IMAGE | _LISTED)
    assert _flux(manifest["summary"]) == _flux(reference["summary"])


def test_a_listed_source_that_no_window_shows_is_named(tmp_path: Path, reference: dict[str, Any]) -> None:
    listed = [*_LISTED["catalogue"], {"name": "Crab", "ra": 83.633, "dec": 22.014}]
    manifest = _mosaic(tmp_path / "mosaic", [reference], catalogue=listed)
    assert any("no window shows Crab (RA 83.633 Dec +22.014)" in text for text in manifest["warnings"])
    assert not any(_SOURCE in text for text in manifest["warnings"])
