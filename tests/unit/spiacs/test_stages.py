"""From simulated slices to light curve and search: files, times, gaps, belts, slices merged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.archive.times import ijd_from_utc
from services.spiacs.simulator.archive import write_archive
from services.spiacs.simulator.orbit import BELTS_KM, position_km
from services.spiacs.simulator.rates import Background, Pulse
from tests.unit.spiacs.stage_runs import run_stage

T0 = "2017-08-17T12:41:04.430"
BURST = "2017-08-17T12:55:00.000"
BELTS = ("2017-08-17T20:00:00", "2017-08-18T06:00:00")


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Products of three slices with a burst and a gap."""
    root = tmp_path_factory.mktemp("acs")
    labels = write_archive(
        root / "archive",
        "2017-08-17T11:30:00",
        "2017-08-17T14:00:00",
        seed=3,
        background=Background(rate=1.1e5),
        pulses=[(BURST, Pulse(0.0, 60_000, 1.0, 5.7))],
        gaps=[("2017-08-17T13:30:00", "2017-08-17T13:30:40")],
    )
    products = []
    for label in labels:
        source = root / "archive" / "slices" / "spiacs" / label[:4] / label / "acs_counts.fits.gz"
        manifest, out = run_stage(root / label, "counts", label, [(label, source)])
        assert [entry["name"] for entry in manifest["files"]] == ["spiacs_counts.fits.gz"], manifest
        products.append((label, out / "spiacs_counts.fits.gz"))
    return products


def test_a_light_curve_across_slices(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    interval = ("2017-08-17T12:50:00", "2017-08-17T13:40:00")
    manifest, out = run_stage(tmp_path / "u", "light_curve", "job", counts, interval, time_bin=0.5)

    assert {entry["name"] for entry in manifest["files"]} == {"spi_acs_lc.fits", "spi_acs_lc.json", "preview.png"}
    assert "telemetry gap" in manifest["warnings"][0]
    with fits.open(out / "spi_acs_lc.fits", checksum=True) as hdus:
        rate = hdus["RATE"]
        assert [column.name for column in rate.columns][:3] == ["TIME", "RATE", "ERROR"]
        for key, value in (("MJDREF", 51544.0), ("TIMESYS", "TT"), ("TIMEREF", "LOCAL"), ("INSTRUME", "SPI-ACS")):
            assert rate.header[key] == value
        assert rate.header["UTC-OBS"] == "2017-08-17T12:50:00.000"
        assert rate.header["UTC-END"] == "2017-08-17T13:40:00.000"
        assert rate.header["TSTART"] / 86400 == pytest.approx(ijd_from_utc(interval[0]), abs=1e-9)
        assert len(rate.header["EPHS"].split()) == 6
        times = rate.header["TIMEZERO"] + rate.data["TIME"]
        # Every half second but for the gap, the bins around it live in part.
        steps = np.diff(times)
        assert np.isclose(steps, 0.5, atol=1e-6).sum() == steps.size - 1
        assert steps.max() == pytest.approx(40.0, abs=1.1)
        peak = times[np.argmax(rate.data["RATE"])] / 86400
        assert (peak - ijd_from_utc(BURST)) * 86400 == pytest.approx(2.4, abs=2.0)
        assert np.median(rate.data["RATE"]) == pytest.approx(1.1e5, rel=0.02)
        poisson = np.sqrt(rate.data["RATE"] * 0.5 * rate.data["FRACEXP"]) / (0.5 * rate.data["FRACEXP"])
        assert np.allclose(rate.data["ERROR"], poisson)
        assert hdus["GTI"].header["ONTIME"] == pytest.approx(2960, abs=1)
        assert hdus[0].header["SIMULATD"] == "odamesh simulator, seed 3"
    assert manifest["summary"]["simulated"] == "odamesh simulator, seed 3"
    report = json.loads((out / "spi_acs_lc.json").read_text())
    assert report["simulated"] == "odamesh simulator, seed 3"
    (gap,) = report["missing"]
    assert (gap["begin_utc"][:17], gap["end_utc"][:17]) == ("2017-08-17T13:30:", "2017-08-17T13:30:")
    assert gap["reason"] == "TelemetryGap"
    assert report["completeness"] == pytest.approx(1 - 40 / 3000, abs=0.01)


def test_the_same_unit_gives_the_same_bytes(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    interval = ("2017-08-17T12:50:00", "2017-08-17T12:58:00")
    first, second = (
        run_stage(tmp_path / name, "search", "job", counts, interval)[0]["files"] for name in ("one", "two")
    )
    assert first == second


def test_a_blind_search_finds_and_measures_the_burst(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    interval = ("2017-08-17T12:00:00", "2017-08-17T13:50:00")
    _, out = run_stage(
        tmp_path / "u", "search", "job", counts, interval, position="197.45, -23.38", distance=40.0, threshold=8.0
    )
    report = json.loads((out / "spi_acs_search.json").read_text())
    bursts = [one for one in report["bursts"] if one["peak_utc"].startswith("2017-08-17T12:55")]
    assert len(bursts) == 1
    burst = bursts[0]
    assert burst["counts"] == pytest.approx(60_000, abs=4 * burst["counts_error"])
    assert burst["fluence"] == pytest.approx(burst["counts"] * 1.7e-10 / report["limits"]["relative_response"])
    assert report["limits"]["angle_deg"] == pytest.approx(104.94, abs=0.1)
    assert report["timing"]["light_time_to_geocentre_s"] < 0.6
    assert report["mode"] == "blind"
    with fits.open(out / "spi_acs_search.fits", checksum=True) as hdus:
        assert len(hdus["BURSTS"].data) == len(report["bursts"])
        assert len(hdus["EXCESSES"].data) == len(report["excesses"])
        assert np.isnan(hdus["EXCESSES"].data["FAP_PUBL"]).all()


def test_a_targeted_search_lists_what_is_near_the_trigger(counts: list[tuple[str, Path]], tmp_path: Path) -> None:
    interval = ("2017-08-17T11:40:00", "2017-08-17T13:50:00")
    _, out = run_stage(
        tmp_path / "u",
        "search",
        "job",
        counts,
        interval,
        t0="2017-08-17T12:54:59",
        window=100.0,
        partner="0,0,0,0.1,0.05",
    )
    report = json.loads((out / "spi_acs_search.json").read_text())
    best = report["excesses"][0]
    assert best["t_minus_t0_s"] == pytest.approx(7, abs=6)
    assert best["fap_published"] < 0.003
    # One in the live time of the sidebands is the most that two hours can tell.
    assert best["fap_measured"] < 0.05
    assert best["association"] == "possibly associated"
    assert all(abs(one["t_minus_t0_s"]) <= 100 for one in report["excesses"])
    ring = report["timing"]["annulus"]
    assert ring["baseline_s"] == pytest.approx(report["timing"]["light_time_to_geocentre_s"])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"t0": "yesterday"}, "BadT0"),
        ({"position": "400, 10"}, "BadPosition"),
        ({"position": "12h 10m"}, "BadPosition"),
        ({"partner": "1,2,3"}, "BadPartner"),
        ({"t0": "2017-08-17T05:00:00"}, "NoData"),
    ],
)
def test_what_cannot_be_understood(
    counts: list[tuple[str, Path]], tmp_path: Path, given: dict[str, Any], reason: str
) -> None:
    interval = ("2017-08-17T12:00:00", "2017-08-17T13:00:00")
    failure, _ = run_stage(tmp_path / "u", "search", "job", counts, interval, **given)
    assert failure["reason"] == reason


def test_the_belts_are_said_to_be_the_reason(tmp_path: Path) -> None:
    labels = write_archive(tmp_path / "archive", *BELTS, seed=5)
    distance = np.linalg.norm(position_km(np.linspace(ijd_from_utc(BELTS[0]), ijd_from_utc(BELTS[1]), 200)), axis=1)
    assert (distance < BELTS_KM).any()
    assert (distance > BELTS_KM).any()
    outcomes, products = {}, []
    for label in labels:
        source = tmp_path / "archive" / "slices" / "spiacs" / label[:4] / label / "acs_counts.fits.gz"
        told, out = run_stage(tmp_path / label, "counts", label, [(label, source)])
        outcomes[label] = told.get("reason", "good")
        if "reason" in told:
            assert "BELTS from 2017-08-1" in told["text"]
        else:
            products.append((label, out / "spiacs_counts.fits.gz"))
    assert set(outcomes.values()) == {"good", "InstrumentOff"}
    edge = next(path for label, path in products if _off(path))
    with fits.open(edge) as hdus:
        off = [float(value) for value in hdus["OFF"].data[0][:2]]
    from science.bursts.instants import utc_of_seconds  # noqa: PLC0415

    dark = (utc_of_seconds(off[0] + 1), utc_of_seconds(min(off[0] + 60, off[1])))
    failure, _ = run_stage(tmp_path / "lc", "light_curve", "job", products, dark)
    assert failure["reason"] == "NoData"
    assert "the shield was off: BELTS" in failure["text"]


def _off(path: Path) -> bool:
    with fits.open(path) as hdus:
        return len(hdus["OFF"].data) > 0


def test_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "acs_counts.fits").write_bytes(b"SIMPLE  = nonsense")
    failure, _ = run_stage(tmp_path / "u", "counts", "6438-12", [("6438-12", tmp_path / "acs_counts.fits")])
    assert failure["reason"] == "SliceCorrupted"
