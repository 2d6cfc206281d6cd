"""Fits of spectra of an earlier job, and of files of the archive, through HTTP, broker, container and store."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import rmf_hdus
from mesh.kit.ogip.spectrum import spectrum_hdu
from mesh.states import UnitState
from odamesh import Job, JobFailed, Mesh, RequestRefused
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.jemx_windows import JEMX_SKY, JOINT, JOINT_INDEX
from tests.integration.mesh.windows import GALACTIC_CENTRE

BRIGHTEST = max(GALACTIC_CENTRE_SKY, key=lambda one: one.mcrab_20_40)


@pytest.fixture(scope="module", name="spectra")
def _spectra(mesh: Mesh) -> Job:
    return mesh.isgri.spectrum(scws=GALACTIC_CENTRE[:2])


def _report(job: Job, folder: Path) -> dict[str, Any]:
    path = next(path for path in job.download(folder) if path.name == "fit.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_spectrum_of_a_named_source_of_an_earlier_job(mesh: Mesh, spectra: Job, tmp_path: Path) -> None:
    job = mesh.spectral_fit(spectra=spectra, source=BRIGHTEST.name, model="powerlaw")
    report = _report(job, tmp_path)
    assert [(row["source"], row["instrument"]) for row in report["spectra"]] == [(BRIGHTEST.name, "ISGRI")]
    assert report["dof"] > 10
    index = next(row for row in report["parameters"] if row["name"] == "powerlaw.PhoIndex")
    assert index["lower"] < index["value"] < index["upper"]
    again = mesh.spectral_fit(spectra=[spectra.id], source=BRIGHTEST.name, model="powerlaw")
    assert again.view.request_key == job.view.request_key
    assert again.counts[UnitState.CACHED] == 1
    # The request names the products, not the job: it stays valid when the job is gone.
    manifest = mesh.manifest(job.products[0].key)
    assert [entry["key"] for entry in manifest["inputs"]] == [product.key for product in spectra.products]


def test_two_instruments_jointly(mesh: Mesh, spectra: Job, tmp_path: Path) -> None:
    listed = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in JEMX_SKY]
    jemx = mesh.jemx.spectrum(scws=GALACTIC_CENTRE[:2], catalogue=listed)
    job = mesh.spectral_fit(spectra=[spectra, jemx], source=JOINT.name, model="powerlaw")
    report = _report(job, tmp_path)
    # JEM-X gives the same counts in coarse channels too: they are not taken twice.
    assert [row["instrument"] for row in report["spectra"]] == ["ISGRI", "JMX1", "JMX2"]
    index = next(row for row in report["parameters"] if row["name"] == "powerlaw.PhoIndex")
    error = index["error_lower"] if index["value"] > JOINT_INDEX else index["error_upper"]
    assert index["value"] == pytest.approx(JOINT_INDEX, abs=4 * error)
    assert error < 0.1


def test_what_cannot_be_an_input_is_said_at_once(mesh: Mesh, spectra: Job) -> None:
    for given, hint in (("0" * 32, "no job"), ("f" * 64, "does not exist"), ("latest", "neither the id of a job")):
        with pytest.raises(RequestRefused, match=hint):
            mesh.spectral_fit(spectra=[given])
    with pytest.raises(RequestRefused, match="leave the selection out"):
        mesh.spectral_fit(spectra=spectra, scws=GALACTIC_CENTRE[:1])
    with pytest.raises(RequestRefused, match="no path below the archive"):
        mesh.spectral_fit(files=["../credentials.toml"])


def test_a_source_that_is_not_there_is_said_with_those_that_are(mesh: Mesh, spectra: Job) -> None:
    with pytest.raises(JobFailed, match=f"NoSuchSource: .*{re.escape(BRIGHTEST.name)}"):
        mesh.spectral_fit(spectra=spectra, source="Vela X-1")


def test_files_of_the_archive(mesh: Mesh, archive: Path, tmp_path: Path) -> None:
    energy, channels = np.geomspace(15.0, 300.0, 200), np.geomspace(20.0, 200.0, 31)
    matrix = 100.0 * np.diff((energy[:-1, None] < channels) * 1.0, axis=1)
    seen = Observation("IBIS", 1000.0, 1000.1, "Truth", detector="ISGRI")
    rate = (10.0 * -np.diff(energy**-1.0)) @ matrix
    spectrum = spectrum_hdu(
        rate, 0.01 * rate, exposure_s=1000.0, observation=seen, first_channel=0, response="given_rmf.fits"
    )
    folder = archive / "given"
    folder.mkdir(exist_ok=True)
    response = rmf_hdus(energy, channels, matrix, observation=seen, first_channel=0, with_area=True)
    for name, hdus in (("pha", [spectrum]), ("rmf", response)):
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(folder / f"given_{name}.fits", overwrite=True)
    job = mesh.spectral_fit(files=["given/given_pha.fits, given/given_rmf.fits"], isgri_range=[(20, 200)])
    index = next(row for row in _report(job, tmp_path)["parameters"] if row["name"] == "powerlaw.PhoIndex")
    assert index["value"] == pytest.approx(2.0, abs=0.01)
    # The truth has no cut-off: the fit ends at the limit of the parameter, and so does the interval.
    files, limits = ["given/given_pha.fits, given/given_rmf.fits"], "HighECut = 200 [1, 500]"
    job = mesh.spectral_fit(files=files, isgri_range=[(20, 200)], model="cutoffpl", settings=limits)
    found = _report(job, tmp_path / "cut")["parameters"]
    row = next(row for row in found if row["name"] == "cutoffpl.HighECut")
    assert (row["upper"], row["stopped"]) == (pytest.approx(500.0), "upper")
    assert any("HighECut = 500 ends at a limit" in text for text in job.warnings)
    with pytest.raises(JobFailed, match=r"NoSuchFile: .*given/absent\.fits"):
        mesh.spectral_fit(files=["given/absent.fits"])
