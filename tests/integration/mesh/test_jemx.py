"""JEM-X images through HTTP, broker, container and store: both units of two windows, one of them half blind."""

from pathlib import Path

import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from tests.integration.mesh.jemx_windows import JEMX_SKY
from tests.integration.mesh.windows import GALACTIC_CENTRE

_SCWS = GALACTIC_CENTRE[:2]


@pytest.fixture(scope="module")
def image(mesh: Mesh) -> Job:
    return mesh.jemx.image(scws=_SCWS, bands=[(3, 20)])


def test_sources_of_the_field_are_found(image: Job, tmp_path: Path) -> None:
    assert image.state is JobState.COMPLETED
    catalogue = next(path for path in image.download(tmp_path) if path.name == "jemx_catalogue.fits")
    rows = fits.getdata(catalogue, 1)
    (row,) = rows[rows["src_names"] == "GX 354-0"]
    truth = SkyCoord(JEMX_SKY[1].ra, JEMX_SKY[1].dec, unit="deg")
    assert SkyCoord(row["ra"], row["dec"], unit="deg").separation(truth).arcmin < 0.5
    assert row["scws"] == 2  # science windows: the first with both units, the second with one


def test_the_same_request_again_is_answered_from_the_cache(image: Job, mesh: Mesh) -> None:
    again = mesh.jemx.image(scws=_SCWS, bands=[(3, 20)])
    assert again.counts[UnitState.CACHED] == len(_SCWS) + 1
    assert [product.key for product in again.products] == [product.key for product in image.products]


def test_spectra_and_light_curves_of_a_listed_source(mesh: Mesh, tmp_path: Path) -> None:
    listed = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in JEMX_SKY]
    job = mesh.jemx.jemx_spectrum(scws=_SCWS, catalogue=listed)
    paths = {path.name: path for path in job.download(tmp_path / "spectra", source="GX 354-0")}
    header = fits.getheader(paths["jmx2_spectrum_GX_354-0.fits"], "JMX2-PHA1-SPE")
    assert {header["RESPFILE"], header["ANCRFILE"]} <= set(paths)
    curves = mesh.jemx.jemx_lc(scws=_SCWS, catalogue=listed, bands=[(3, 10)], time_bin=100)
    assert [row.stage for row in curves.table()] == ["lc", "lc", "lc_merge"]
    (path,) = [
        p
        for p in curves.download(tmp_path / "lc", source="GX 354-0")
        if p.name.startswith("jmx1") and p.suffix == ".fits"
    ]
    assert len(fits.getdata(path, "RATE")) >= 10
