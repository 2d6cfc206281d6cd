"""POLAR through HTTP, broker, container and store: light curves, and a burst with spectrum and polarisation."""

import json
from pathlib import Path

import pytest
from astropy.io import fits

from odamesh import Mesh, RequestRefused
from tests.integration.mesh.bursts import POLAR_RESPONSE, POLAR_TIME, observe_with_polar

T1, T2 = POLAR_TIME


@pytest.fixture(scope="module")
def events(archive: Path) -> None:
    """Two slices of simulated events with a polarised burst, in the archive of the mesh under test."""
    observe_with_polar(archive)


@pytest.mark.usefixtures("events")
def test_light_curves_in_two_bands(mesh: Mesh, tmp_path: Path) -> None:
    job = mesh.polar.lc(t1=T1, t2=T2, bands=[(50, 100), (100, 500)], time_bin=0.5)
    paths = {path.name: path for path in job.download(tmp_path)}
    with fits.open(paths["polar_lc.fits"], checksum=True) as hdus:
        assert [len(hdu.data) for hdu in hdus if hdu.name == "POLAR_LC"] == [1080, 1080]


@pytest.mark.usefixtures("events")
def test_a_polarised_burst(mesh: Mesh, tmp_path: Path) -> None:
    job = mesh.polar.burst(t1=T1, t2=T2, bands=[(20, 700)], responses=[POLAR_RESPONSE])
    paths = {path.name: path for path in job.download(tmp_path)}
    report = json.loads(paths["polar_burst.json"].read_text())
    assert report["burst"]["peak_utc"].startswith("2017-01-14T22:01:")
    assert report["polarisation"]["degree"] == pytest.approx(0.6, abs=4 * report["polarisation"]["error"])
    assert "polar_spectrum.pha" in paths


@pytest.mark.usefixtures("events")
def test_a_time_before_the_launch(mesh: Mesh) -> None:
    with pytest.raises(RequestRefused, match="POLAR took data from 2016-09-15 to 2017-04-01"):
        mesh.polar.lc(t1="2015-09-14T09:50:00", t2="2015-09-14T09:51:00")
