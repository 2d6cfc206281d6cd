"""SPI-ACS through HTTP, broker, container and store: light curve and search across slices, cache by slice, no data."""

import json
from pathlib import Path

import pytest
from astropy.io import fits

from mesh.states import JobState, UnitState
from odamesh import JobFailed, Mesh, RequestRefused

T0 = "2017-08-17T12:41:04.430"


@pytest.mark.usefixtures("rates")
def test_a_light_curve_over_slices_and_the_next_one_from_the_cache(mesh: Mesh, tmp_path: Path) -> None:
    job = mesh.spiacs.spi_acs_lc(t1="2017-08-17T12:30:00", t2="2017-08-17T13:30:00", time_bin=1.0)
    paths = {path.name: path for path in job.download(tmp_path)}
    assert {"spi_acs_lc.fits", "spi_acs_lc.json", "preview.png"} <= set(paths)
    with fits.open(paths["spi_acs_lc.fits"], checksum=True) as hdus:
        assert len(hdus["RATE"].data) == 3600
        assert hdus["RATE"].header["UTC-OBS"].startswith("2017-08-17T12:30:00")
    assert [row.label for row in job.table() if row.stage == "counts"] == ["6438-12", "6438-13"]

    other = mesh.spiacs.spi_acs_lc(t1="2017-08-17T12:40:00", t2="2017-08-17T13:59:00", time_bin=0.1)
    states = {row.label: row.state for row in other.table() if row.stage == "counts"}
    assert {states["6438-12"], states["6438-13"]} == {UnitState.CACHED}
    assert "6438-14" in states


@pytest.mark.usefixtures("rates")
def test_a_search_finds_the_burst(mesh: Mesh, tmp_path: Path) -> None:
    job = mesh.spiacs.spi_acs_search(
        t1="2017-08-17T11:40:00", t2="2017-08-17T14:00:00", t0=T0, window=1000, position="197.45, -23.38", distance=40
    )
    report = json.loads(next(path for path in job.download(tmp_path) if path.suffix == ".json").read_text())
    peaks = [one["peak_utc"] for one in report["bursts"]]
    assert any(peak.startswith("2017-08-17T12:55:0") for peak in peaks)
    assert report["limits"]["angle_deg"] == pytest.approx(104.94, abs=0.1)


@pytest.mark.usefixtures("rates")
def test_the_light_curve_of_an_earlier_job_gives_a_delay_and_an_annulus(mesh: Mesh, tmp_path: Path) -> None:
    # The craft is compared with itself, as if it stood at the geocentre: no delay.
    curve = mesh.spiacs.spi_acs_lc(t1="2017-08-17T12:50:00", t2="2017-08-17T13:00:00", time_bin=0.1)
    job = mesh.spiacs.spi_acs_search(
        t1="2017-08-17T12:40:00", t2="2017-08-17T13:10:00", threshold=8.0, partner="0, 0, 0", partner_curve=curve
    )
    timing = json.loads(next(path for path in job.download(tmp_path) if path.suffix == ".json").read_text())["timing"]
    assert timing["delay"]["from"] == "light curve of SPI-ACS"
    assert timing["delay"]["seconds"] == pytest.approx(0.0, abs=0.02)
    assert timing["annulus"]["radius_deg"] == pytest.approx(90.0, abs=5.0)


@pytest.mark.usefixtures("rates")
def test_a_time_without_data_says_so(mesh: Mesh) -> None:
    job = mesh.spiacs.spi_acs_lc(t1="2017-08-17T14:00:00", t2="2017-08-17T16:30:00")
    assert job.state is JobState.COMPLETED
    assert any("has no INTEGRAL SPI-ACS data from 2017-08-17T15:" in text for text in job.warnings)
    with pytest.raises(RequestRefused, match="took data from 2002-10-17 to 2025-02-28"):
        mesh.spiacs.spi_acs_lc(t1="2025-06-01T00:00:00", t2="2025-06-01T01:00:00")
    with pytest.raises(JobFailed, match="the archive has no INTEGRAL SPI-ACS data"):
        mesh.spiacs.spi_acs_lc(t1="2012-06-01T00:00:00", t2="2012-06-01T01:00:00")
    with pytest.raises(RequestRefused, match="no multiple"):
        mesh.spiacs.spi_acs_lc(t1="2017-08-17T12:00:00", t2="2017-08-17T13:00:00", time_bin=0.12)
    with pytest.raises(RequestRefused, match="sees the whole sky"):
        mesh.submit("spiacs", "spi_acs_lc", {"scws": ["201600270010"]})
