"""From simulated event slices to light curves and a burst: files, times, spectrum with response, polarisation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.archive.times import ijd_from_utc
from services.polar.simulator.events import PolarisedBurst, write_archive
from services.polar.simulator.polarisation_response import write_polarisation_response
from tests.unit.polar.response_file import write_response
from tests.unit.polar.stage_runs import run_stage

BURST = PolarisedBurst("2017-01-14T22:01:09.500", 12_000, 3.0, degree=0.6, angle_deg=70.0)
INTERVAL = ("2017-01-14T21:55:00", "2017-01-14T22:08:00")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Products of three slices with a polarised burst and its response."""
    root = tmp_path_factory.mktemp("polar")
    response = write_response(root / "response.rmfarf")
    # One file may hold both kinds of responses.
    polarisation = write_polarisation_response(root / "response.prsp", BURST.modulation)
    with fits.open(response, mode="append") as hdus, fits.open(polarisation) as more:
        hdus.extend([hdu.copy() for hdu in more[1:]])
    labels = write_archive(root / "archive", *INTERVAL, [BURST], response=response, rate=150.0)
    products = []
    for label in labels:
        source = root / "archive" / "slices" / "polar" / label[:4] / label / "polar.pevt.gz"
        manifest, out = run_stage(root / label, "events", label, [(label, source)])
        assert [entry["name"] for entry in manifest["files"]] == ["polar_events.fits.gz"], manifest
        products.append((label, out / "polar_events.fits.gz"))
    return products


def test_light_curves_in_bands(events: list[tuple[str, Path]], tmp_path: Path) -> None:
    bands = [[50, 100], [100, 500]]
    manifest, out = run_stage(tmp_path / "u", "light_curve", "job", events, INTERVAL, bands=bands, time_bin=0.5)
    assert {entry["name"] for entry in manifest["files"]} == {"polar_lc.fits", "preview.png"}
    with fits.open(out / "polar_lc.fits", checksum=True) as hdus:
        curves = [hdu for hdu in hdus if hdu.name == "POLAR_LC"]
        assert [curve.columns.names for curve in curves] == [["time", "rate", "rate_err"]] * 2
        assert [(hdu.name, hdu.ver) for hdu in hdus[1:3]] == [("RATE", 1), ("RATE", 2)]
        assert [(curve.header["E_MIN"], curve.header["E_MAX"]) for curve in curves] == [(50, 100), (100, 500)]
        assert [hdu.header["HDUCLAS1"] for hdu in hdus if hdu.name == "RATE"] == ["LIGHTCURVE"] * 2
        time, rate = curves[0].data["time"], curves[0].data["rate"]
        assert len(time) == 780 * 2
        peak = float(time[np.argmax(rate)]) / 86400
        assert (peak - ijd_from_utc(BURST.utc)) * 86400 == pytest.approx(0.25, abs=0.51)
        mean = [float(curve.data["rate"].mean()) for curve in curves]
    assert manifest["summary"]["rates"] == pytest.approx(mean, rel=1e-3)


def test_the_burst_its_spectrum_and_its_polarisation(events: list[tuple[str, Path]], tmp_path: Path) -> None:
    manifest, out = run_stage(tmp_path / "u", "burst", "job", events, INTERVAL, bands=[[20, 700]])
    assert {entry["name"] for entry in manifest["files"]} == {
        "polar_burst.json",
        "polar_spectrum.pha",
        "polar_background.pha",
        "polar_response.rsp",
        "preview.png",
    }, manifest
    report = json.loads((out / "polar_burst.json").read_text())
    burst, polarisation = report["burst"], report["polarisation"]
    assert burst["t90_s"] == pytest.approx(3.0 * np.log(19), abs=4 * burst["t90_error_s"])
    assert burst["counts"] == pytest.approx(BURST.events, rel=0.06)
    assert polarisation["degree"] == pytest.approx(0.6, abs=4 * polarisation["error"])
    assert report["modulation"]["from"] == "the polarisation response"
    assert report["modulation"]["amplitude"] == pytest.approx(BURST.modulation, rel=0.01)
    off = (polarisation["angle_deg"] - BURST.angle_deg + 90) % 180 - 90
    assert abs(off) < 4 * np.degrees(polarisation["error"] / (2 * 0.6))
    with fits.open(out / "polar_spectrum.pha", checksum=True) as hdus:
        spectrum = hdus["SPECTRUM"]
        assert spectrum.header["RESPFILE"] == "polar_response.rsp"
        assert len(spectrum.data) == spectrum.header["DETCHANS"] == 150
        assert (spectrum.header["POISSERR"], spectrum.header["BACKFILE"]) == (True, "polar_background.pha")
        counted, live_s = int(spectrum.data["COUNTS"].sum()), float(spectrum.header["EXPOSURE"])
    with fits.open(out / "polar_background.pha", checksum=True) as hdus:
        background = hdus["SPECTRUM"]
        assert background.header["HDUCLAS2"] == "BKG"
        below = float(background.data["COUNTS"].sum()) * live_s / background.header["EXPOSURE"]
    # What POLAR counts is less by its dead time of 2 %.
    assert counted - below / background.header["BACKSCAL"] == pytest.approx(BURST.events, rel=0.03)
    with fits.open(out / "polar_response.rsp", checksum=True) as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["MATRIX", "EBOUNDS", "SPECRESP"]


def test_responses_that_the_request_names_take_the_place_of_those_of_the_slice(
    events: list[tuple[str, Path]], tmp_path: Path
) -> None:
    named = write_polarisation_response(tmp_path / "named.prsp", 0.6, turn_deg=20.0)
    _, out = run_stage(tmp_path / "u", "burst", "job", events, INTERVAL, responses=[named], bands=[[20, 700]])
    _, before = run_stage(tmp_path / "v", "burst", "job", events, INTERVAL, bands=[[20, 700]])
    report, other = (json.loads((folder / "polar_burst.json").read_text()) for folder in (out, before))
    assert report["modulation"]["amplitude"] == pytest.approx(0.6, rel=0.01)
    assert report["modulation"]["turn_deg"] == pytest.approx(20.0, abs=0.1)
    assert report["polarisation"]["degree"] == pytest.approx(other["polarisation"]["degree"] / 2, rel=0.01)
    turn = (other["polarisation"]["angle_deg"] - report["polarisation"]["angle_deg"]) % 180
    assert turn == pytest.approx(20.0, abs=0.1)
    # The spectral one of the slice is still used.
    assert report["response"] == "polar_response.rsp"


def test_a_response_of_another_slice_is_refused(events: list[tuple[str, Path]], tmp_path: Path) -> None:
    """A response is that of one burst: of another time it would be another direction's."""
    moved = []
    with fits.open(events[0][1]) as other, fits.open(events[1][1]) as own:
        names = {hdu.name for hdu in other}
        responses = [hdu.copy() for hdu in own if hdu.name not in names]
        assert responses
        for (label, _), hdus in zip(events, (other, own), strict=True):
            kept = [hdu.copy() for hdu in hdus if hdu.name in names]
            path = tmp_path / label / "polar_events.fits.gz"
            path.parent.mkdir()
            fits.HDUList([*kept, *(responses if hdus is other else [])]).writeto(path)
            moved.append((label, path))
    manifest, out = run_stage(tmp_path / "u", "burst", "job", moved, INTERVAL, bands=[[20, 700]])
    report = json.loads((out / "polar_burst.json").read_text())
    assert report["response"] is None
    assert not (out / "polar_response.rsp").exists()
    told = [text for text in manifest["warnings"] if "of another time and not used" in text]
    assert {word for text in told for word in ("spectral", "polarisation") if word in text} == {
        "spectral",
        "polarisation",
    }


def test_an_uneven_detector_through_its_response(tmp_path: Path) -> None:
    labels = write_archive(tmp_path / "archive", *INTERVAL, [BURST], rate=150.0, uneven=0.4)
    slices = []
    for label in labels:
        source = tmp_path / "archive" / "slices" / "polar" / label[:4] / label / "polar.pevt.gz"
        _, out = run_stage(tmp_path / label, "events", label, [(label, source)])
        slices.append((label, out / "polar_events.fits.gz"))

    def measured(name: str, **given: Any) -> dict[str, Any]:
        _, out = run_stage(tmp_path / name, "burst", "job", slices, INTERVAL, bands=[[20, 700]], **given)
        found: dict[str, Any] = json.loads((out / "polar_burst.json").read_text())
        return found

    response = write_polarisation_response(tmp_path / "uneven.prsp", BURST.modulation, uneven=0.4)
    even = measured("even", responses=[response])["polarisation"]
    assert even["degree"] == pytest.approx(0.6, abs=4 * even["error"])
    raw = measured("raw", modulation=BURST.modulation)["polarisation"]
    assert abs(raw["degree"] - 0.6) > 4 * raw["error"]
    none = measured("none")
    assert none["polarisation"] is None
    assert "no polarisation response for the time of the burst" in none["polarisation_missing"]


def test_the_same_unit_gives_the_same_bytes(events: list[tuple[str, Path]], tmp_path: Path) -> None:
    first, second = (run_stage(tmp_path / name, "burst", "job", events, INTERVAL)[0]["files"] for name in "ab")
    assert first == second


@pytest.mark.parametrize(
    ("interval", "reason"),
    [
        (("2017-01-14T21:40:00", "2017-01-14T21:45:00"), "NoData"),
        (("2017-01-14T21:51:00", "2017-01-14T21:58:00"), "NoBurst"),
    ],
)
def test_no_data_and_no_burst(
    events: list[tuple[str, Path]], tmp_path: Path, interval: tuple[str, str], reason: str
) -> None:
    failure, _ = run_stage(tmp_path / "u", "burst", "job", events, interval)
    assert failure["reason"] == reason


def test_empty_and_damaged_slices(tmp_path: Path) -> None:
    write_archive(tmp_path / "archive", *INTERVAL, rate=0.0)
    source = next((tmp_path / "archive").rglob("polar.pevt.gz"))
    failure, _ = run_stage(tmp_path / "empty", "events", "x", [("x", source)])
    assert failure["reason"] == "NoPOLAREvents"
    (tmp_path / "polar.pevt").write_bytes(source.read_bytes()[:200])
    failure, _ = run_stage(tmp_path / "damaged", "events", "x", [("x", tmp_path / "polar.pevt")])
    assert failure["reason"] == "EventsCorrupted"
