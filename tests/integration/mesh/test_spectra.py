"""Spectra and light curves through HTTP, broker, container and store, by the name of a source."""

import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.windows import EMPTY, GALACTIC_CENTRE

_SCWS = GALACTIC_CENTRE[:2]
_NAME = "4U 1700-377"
_LISTED = [
    {"name": source.name, "ra": source.ra, "dec": source.dec} for source in GALACTIC_CENTRE_SKY if source.name == _NAME
]
_RATE_20_40 = 142.0 * 0.2


@pytest.fixture(scope="module")
def spectra(mesh: Mesh) -> Job:
    return mesh.isgri.isgri_spectrum(scws=_SCWS)


def test_sources_of_the_mosaic_have_spectra_with_their_response(spectra: Job, tmp_path: Path) -> None:
    assert spectra.state is JobState.COMPLETED
    assert _NAME in spectra.sources
    assert len(spectra.sources) >= 6
    paths = {path.name: path for path in spectra.download(tmp_path, source="4u1700-377")}
    assert set(paths) == {
        *("isgri_spectrum_4U_1700-377.fits", "isgri_correction_4U_1700-377.fits"),
        "isgri_spectrum_4U_1700-377.png",
        *("isgri_arf.fits", "isgri_rmf.fits", "preview.png"),
    }
    with fits.open(paths["isgri_spectrum_4U_1700-377.fits"], checksum=True) as hdus:
        data, header = hdus["ISGR-EVTS-SPE"].data, hdus["ISGR-EVTS-SPE"].header
        assert (paths["isgri_rmf.fits"].name, paths["isgri_arf.fits"].name) == (header["RESPFILE"], header["ANCRFILE"])
    with fits.open(paths["isgri_rmf.fits"]) as hdus:
        bounds = hdus["EBOUNDS"].data
        inside = (bounds["E_MIN"] >= 20.0) & (bounds["E_MAX"] <= 40.0)
    error = float(np.sqrt((data["STAT_ERR"][inside] ** 2).sum()))
    # The channels end at 39.5 keV: a few per cent of the band are missing.
    assert float(data["RATE"][inside].sum()) == pytest.approx(0.985 * _RATE_20_40, abs=4 * error)


def test_light_curves_take_images_and_mosaic_from_the_cache(spectra: Job, mesh: Mesh, tmp_path: Path) -> None:
    assert spectra.state is JobState.COMPLETED
    # A length of bins that nobody has asked for: the light curves are new, however often the tests ran here.
    job = mesh.isgri.isgri_lc(scws=_SCWS, time_bin=100 + time.time_ns() % 10**6 / 10**6)
    states = {row.stage: row.state for row in job.table()}
    assert states["image"] == states["mosaic"] == UnitState.CACHED
    assert states["lc"] == states["lc_merge"] == UnitState.DONE
    [path] = [p for p in job.download(tmp_path, source=_NAME) if p.name.endswith("_20-40.fits")]
    with fits.open(path, checksum=True) as hdus:
        rate = hdus["RATE"].data
        assert rate["EXPOSURE"].sum() == pytest.approx(4000.0, abs=10.0)
        mean = float(np.average(rate["RATE"], weights=rate["EXPOSURE"]))
        error = float(np.sqrt(((rate["ERROR"] * rate["EXPOSURE"]) ** 2).sum()) / rate["EXPOSURE"].sum())
    assert mean == pytest.approx(_RATE_20_40, abs=4 * error)


def test_a_list_of_sources_needs_no_image(mesh: Mesh) -> None:
    job = mesh.isgri.isgri_spectrum(scws=[*_SCWS, EMPTY], catalogue=_LISTED)
    assert job.state is JobState.COMPLETED
    assert {row.stage for row in job.table()} == {"spectrum", "spectrum_sum"}
    assert job.sources == (_NAME,)
    assert any(EMPTY in warning for warning in job.warnings)


def test_a_window_that_does_not_see_the_source_says_so(mesh: Mesh) -> None:
    far = [{"name": "Crab", "ra": 83.633, "dec": 22.0145}]
    job = mesh.isgri.isgri_lc(scws=_SCWS[:1], catalogue=far, wait=False)
    for _ in job.watch():
        pass
    assert job.state is JobState.ERROR
    failure = next(row.failure for row in job.table() if row.stage == "lc")
    assert failure is not None
    assert failure.reason == "EmptyField"
