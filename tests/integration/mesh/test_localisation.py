"""From a sky map that is sent to its localisation summary, through HTTP, broker, container and store."""

import io
import json
from pathlib import Path

import pytest
from astropy.io import fits
from mocpy import MOC

from mesh.states import JobState
from odamesh import JobFailed, Mesh, RequestRefused
from science.sky_maps.circle import circle
from science.sky_maps.files import sky_map_hdus
from science.sky_maps.sky_map import SPHERE_DEG2

AT2017GFO = (197.45037, -23.38148)


@pytest.fixture(scope="module")
def sky_map() -> bytes:
    """A map of five degrees around the source, with its distance."""
    stream = io.BytesIO()
    hdus = sky_map_hdus(circle(*AT2017GFO, 5.0, 0.9))
    hdus[1].header["DISTMEAN"], hdus[1].header["DISTSTD"] = 40.0, 8.0
    hdus.writeto(stream)
    return stream.getvalue()


def test_a_map_that_is_sent_comes_back_as_a_localisation(
    mesh: Mesh, rates: str, sky_map: bytes, tmp_path: Path
) -> None:
    search = mesh.spiacs.spi_acs_search(t1="2017-08-17T11:40:00", t2="2017-08-17T14:00:00", t0=rates, lane="alert")
    digest = mesh.upload(sky_map)
    job = mesh.localisation.localisation(sky_map=digest, search=search, lane="alert")
    paths = {path.name: path for path in job.download(tmp_path)}
    regions = {"region_50.moc.fits", "region_90.moc.fits"}
    assert {"localisation.json", "localisation.fits", "preview.png", *regions} <= set(paths)
    report = json.loads(paths["localisation.json"].read_text(encoding="utf-8"))
    assert report["source"]["sha256"] == digest
    assert report["distance_mpc"] == 40.0
    assert report["spacecraft"]["peak_to_axis_deg"] == pytest.approx(104.94, abs=0.5)
    shield = report["instruments"]["spi_acs"]
    assert shield["status"] == "observed"
    assert abs(shield["excesses"][0]["t_minus_t0_s"]) < 20
    # Two hours beside the trigger cannot tell that chance does as well more seldom than once in two hours.
    assert shield["excesses"][0]["association"] == "possibly associated"
    assert report["t0"].startswith(rates)
    assert [one["scale_s"] for one in shield["limits"]] == [1.0, 1.0, 8.0]
    assert 1e-7 < shield["limits"][0]["region_50"]["median"] < 1e-6
    # The archive of the test has science windows of other years alone.
    assert report["instruments"]["isgri"]["prompt"]["status"] == "no data"
    assert "the archive has no science window from 2017-08-17" in report["instruments"]["isgri"]["prompt"]["reason"]
    with fits.open(paths["localisation.fits"], checksum=True) as hdus:
        assert "HARD_1S" in hdus[1].columns.names

    # The region of the map was made on the way: asked for alone it is there already.
    region = mesh.localisation.sky_map(sky_map=digest)
    assert {row.state.value for row in region.table()} == {"cached"}
    files = {path.name: path for path in region.download(tmp_path / "region")}
    moc = MOC.from_fits(str(files["region_90.moc.fits"]))
    assert moc.sky_fraction * SPHERE_DEG2 == pytest.approx(78.5, rel=0.05)


def test_a_position_alone_is_told_what_is_known_of_it(mesh: Mesh) -> None:
    job = mesh.localisation.localisation(position="83.6, 22.0", error_radius=3.0, t0="2026-04-09T17:32:45.67")
    assert job.state is JobState.COMPLETED
    summary = mesh.manifest(job.products[-1].key)["summary"]
    assert summary["answer"].startswith("SPI-ACS: not asked, no search of it was given; IBIS/ISGRI: no data at T0")


def test_a_file_that_is_no_map_is_told(mesh: Mesh) -> None:
    with pytest.raises(JobFailed, match="is no sky map that can be read"):
        mesh.localisation.sky_map(sky_map=b"<html>404 not found</html>" * 200)


def test_a_map_that_was_never_sent_is_refused(mesh: Mesh) -> None:
    with pytest.raises(RequestRefused, match="no file"):
        mesh.localisation.sky_map(sky_map="0" * 64)
