"""Spectra of a window and their sum: channels, rates, response, files, and windows that give none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import rmf_hdus
from science.coded_mask.figure import file_name
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.response import crab_rate, facts, model_response
from tests.unit.isgri.events_file import TSTART, write_events
from tests.unit.isgri.stage_runs import PLACE, run, source_events, unit_directory

_LISTED = {"catalogue": [{"name": "GX 1+4", "ra": PLACE[0], "dec": PLACE[1]}, {"name": "far", "ra": 10.0, "dec": 40.0}]}


@pytest.fixture(scope="module")
def spectra(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Spectra of one window: unit directory and manifest."""
    root = tmp_path_factory.mktemp("spectra")
    events = source_events(root / "isgri_events.fits")
    directory = unit_directory(root / "unit", "spectrum", [("events", "201600270010.001", events)], _LISTED)
    return directory, run(directory)


@pytest.fixture(scope="module")
def summed(
    spectra: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The sum of that window and itself."""
    path = spectra[0] / "out" / "isgri_spectra.fits"
    inputs = [("spectrum", label, path) for label in ("201600270010.001", "201600280010.001")]
    directory = unit_directory(tmp_path_factory.mktemp("sum") / "unit", "spectrum_sum", inputs, _LISTED)
    return directory, run(directory)


def test_channels_are_those_of_the_standard_software() -> None:
    edges = edges_kev()
    assert edges.size == 257
    blocks = {9: 17.0, 27: 35.0, 46: 63.5, 64: 99.5, 83: 147.0, 101: 201.0, 120: 267.5, 138: 339.5}
    blocks |= {157: 425.0, 175: 515.0, 194: 619.5, 212: 727.5, 231: 851.0, 249: 977.0, 256: 1029.5}
    assert {channel: edges[channel] for channel in blocks} == blocks
    assert ((edges[:-1] >= 20) & (edges[1:] <= 200)).sum() == 88


def test_a_window_gives_the_rates_of_its_sources(spectra: tuple[Path, dict[str, Any]]) -> None:
    _, manifest = spectra
    assert [step["step"] for step in manifest["steps"]] == ["events", "validate", "gti", "dead", "channels", "fit"]
    [source] = manifest["summary"]["sources"]
    assert source["name"] == "GX 1+4"
    with fits.open(spectra[0] / "out" / "isgri_spectra.fits") as hdus:
        [row] = hdus["ISGR-SRC.-SPE"].data
        inside = (edges_kev()[:-1] >= 20) & (edges_kev()[1:] <= 80)
        rate, error = row["RATE"][inside].sum(), np.sqrt((row["STAT_ERR"][inside] ** 2).sum())
    # The rate is what the whole detector would have in open light; half of it is lit, a part of that by this source.
    lit = row["EXPOSURE"] / 2.0 / (380.0 * 0.72)
    span = edges_kev()[1:][inside][-1] - edges_kev()[:-1][inside][0]
    expected = (15_000 * 380.0 / 400.0 + 600) / (380.0 * 0.72) / lit * span / 60.0
    assert rate == pytest.approx(expected, abs=4 * error)
    assert error < 0.05 * rate


def test_the_sum_writes_ogip_files_that_belong_together(summed: tuple[Path, dict[str, Any]]) -> None:
    directory, manifest = summed
    names = {file["name"] for file in manifest["files"]}
    assert names == {
        *("isgri_arf.fits", "isgri_rmf.fits", "preview.png"),
        *("isgri_spectrum_GX_1+4.fits", "isgri_correction_GX_1+4.fits", "isgri_spectrum_GX_1+4.png"),
    }
    [source] = manifest["summary"]["sources"]
    assert (source["name"], source["scws"]) == ("GX 1+4", 2)
    assert source["files"] == [
        "isgri_spectrum_GX_1+4.fits",
        "isgri_correction_GX_1+4.fits",
        "isgri_spectrum_GX_1+4.png",
    ]
    with fits.open(directory / "out" / source["files"][0], checksum=True) as hdus:
        header, data = hdus["ISGR-EVTS-SPE"].header, hdus["ISGR-EVTS-SPE"].data
        assert {header["RESPFILE"], header["ANCRFILE"]} <= names
        assert header["DETCHANS"] == len(data) == 256
        assert header["OBJECT"] == header["NAME"] == "GX 1+4"
        assert header["EXPOSURE"] == pytest.approx(source["exposure_s"], abs=0.1)
        assert list(data["CHANNEL"][[0, -1]]) == [0, 255]
        # No events were taken below 20 keV.
        np.testing.assert_array_equal(data["QUALITY"] == 1, edges_kev()[:-1] < 20.0)
        assert np.all(np.isfinite(data["RATE"]))
        assert np.allclose(data["SYS_ERR"], 0.01)
    with fits.open(directory / "out" / "isgri_rmf.fits") as hdus:
        assert hdus["EBOUNDS"].data["E_MIN"][0] == 12.5
        sums = np.array([row["MATRIX"].sum() for row in hdus["SPECRESP MATRIX"].data])
        assert sums.max() < 1.0001
        assert np.median(sums) > 0.99


def test_a_response_of_the_archive_takes_the_place_of_the_model(
    spectra: tuple[Path, dict[str, Any]], summed: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Written as the standard software does: the area inside the matrix, which is in its own unit of flux."""
    model = model_response()
    whole = Observation("IBIS", 1.0, 2.0, detector="ISGRI")
    matrix = model.matrix * model.area_cm2[:, None] * facts()["official"]["rate_scale"]
    hdus = rmf_hdus(model.energy_kev, edges_kev(), matrix, observation=whole, first_channel=0)
    path = tmp_path / "isgri_rmf.fits.gz"
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    window = spectra[0] / "out" / "isgri_spectra.fits"
    inputs = [("spectrum", "201600270010.001", window), ("response_matrix", "archive", path)]
    directory = unit_directory(tmp_path / "unit", "spectrum_sum", inputs, _LISTED)
    manifest = run(directory)
    assert manifest["summary"]["response"] == "official response of OSA"
    assert not any("response" in text for text in manifest["warnings"])
    areas = []
    for out in (directory, summed[0]):
        with fits.open(out / "out" / "isgri_arf.fits") as found:
            areas.append(np.asarray(found["SPECRESP"].data["SPECRESP"], float))
    # What the threshold takes of photons, and of their escape peaks, is then part of the area.
    counted = model.energy_kev[:-1] > 18.0
    assert areas[0][counted] == pytest.approx(areas[1][counted], rel=0.05)


def test_a_response_of_the_archive_that_does_not_fit_is_refused(
    spectra: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "isgri_rmf.fits"
    fits.HDUList([fits.PrimaryHDU()]).writeto(path)
    window = spectra[0] / "out" / "isgri_spectra.fits"
    inputs = [("spectrum", "201600270010.001", window), ("response_matrix", "archive", path)]
    failure = run(unit_directory(tmp_path / "unit", "spectrum_sum", inputs, {}))
    assert (failure["reason"], failure["kind"]) == ("BadResponse", "usage")


def test_equal_windows_halve_the_variance_and_keep_the_rate(
    spectra: tuple[Path, dict[str, Any]], summed: tuple[Path, dict[str, Any]]
) -> None:
    with fits.open(spectra[0] / "out" / "isgri_spectra.fits") as hdus:
        [one] = hdus["ISGR-SRC.-SPE"].data
    with fits.open(summed[0] / "out" / "isgri_spectrum_GX_1+4.fits") as hdus:
        both = hdus["ISGR-EVTS-SPE"]
        assert np.allclose(both.data["RATE"], np.nan_to_num(one["RATE"]), rtol=1e-5, atol=1e-7)
        assert np.allclose(both.data["STAT_ERR"], np.nan_to_num(one["STAT_ERR"]) / np.sqrt(2.0), rtol=1e-5)
        assert both.header["EXPOSURE"] == pytest.approx(2 * one["EXPOSURE"])


def test_a_window_that_sees_none_of_the_sources_says_so(tmp_path: Path) -> None:
    events = write_events(tmp_path / "isgri_events.fits")
    far = {"catalogue": [{"name": "far", "ra": 10.0, "dec": 40.0}]}
    failure = run(unit_directory(tmp_path / "unit", "spectrum", [("events", "201600270010.001", events)], far))
    assert (failure["reason"], failure["kind"]) == ("EmptyField", "science")


def test_a_window_without_good_time_says_so(tmp_path: Path) -> None:
    # Telemetry in the first and last 9 s only, where times are not good.
    time = np.concatenate([np.linspace(0.0, 9.0, 20_000), np.linspace(391.0, 400.0, 20_000)])
    events = write_events(tmp_path / "isgri_events.fits", columns={"TIME": TSTART + time / 86400.0})
    failure = run(unit_directory(tmp_path / "unit", "spectrum", [("events", "201600270010.001", events)], _LISTED))
    assert failure["reason"] == "NoGTI"


def test_a_sum_of_nothing_says_so(tmp_path: Path) -> None:
    assert run(unit_directory(tmp_path / "unit", "spectrum_sum", [], _LISTED))["reason"] == "EmptyScWList"


def test_the_response_gives_the_crab_its_rates() -> None:
    used = model_response()
    for low, high, rate in ((20.0, 40.0, 142.0), (40.0, 80.0, 86.3)):
        assert crab_rate(used.area_cm2, used.energy_kev, low, high) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(("osa_energies", "shift"), [(False, 0.0), (True, 3.5)])
def test_photons_are_measured_where_they_belong_but_for_lost_charge(osa_energies: bool, shift: float) -> None:
    used = model_response(osa_energies=osa_energies)
    channels, middle = edges_kev(), np.sqrt(used.energy_kev[1:] * used.energy_kev[:-1])
    sums = used.matrix.sum(axis=1)
    assert np.all(used.matrix >= 0.0)
    assert np.all(sums < 1.0 + 1e-9)
    assert np.allclose(
        sums[(middle > 20.0) & (middle < 900.0)], 1.0, atol=0.04
    )  # half of what escapes at 38 keV is below
    forty = used.matrix[np.argmin(np.abs(middle - 40.0))]
    assert channels[np.argmax(forty / np.diff(channels))] == pytest.approx(40.0 + shift, abs=1.5)
    # Half the photons of 300 keV leave energy behind, mostly by scattering: the edge is at 162 keV.
    high = used.matrix[np.argmin(np.abs(middle - 300.0))]
    below = high[channels[1:] < 255.0].sum()
    assert 0.45 < below < 0.65
    edge = (channels[1:] > 140.0) & (channels[1:] < 160.0), (channels[1:] > 170.0) & (channels[1:] < 190.0)
    assert high[edge[0]].sum() > 1.5 * high[edge[1]].sum()


@pytest.mark.parametrize(
    ("source", "name"), [("GX 1+4", "GX_1+4"), ("Swift J1/x", "Swift_J1_x"), ("«»", "source"), ("../a", ".._a")]
)
def test_names_of_sources_make_names_of_files(source: str, name: str) -> None:
    assert file_name(source) == name
