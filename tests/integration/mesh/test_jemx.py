"""JEM-X images through HTTP, broker, container and store: both units of two windows, one of them half blind."""

from pathlib import Path

import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import dither
from services.jemx.simulator import SkySource, simulate_window
from tests.integration.mesh.windows import GALACTIC_CENTRE

_SKY = (SkySource("4U 1700-377", 255.9865, -37.8441, 400.0), SkySource("GX 354-0", 262.9892, -33.8347, 300.0))
_SCWS = GALACTIC_CENTRE[:2]


@pytest.fixture(scope="module")
def image(archive: Path, mesh: Mesh) -> Job:
    """A job on the windows that ISGRI has too; the second lacks the events of unit 2."""
    for pointing, units in zip(dither(2), ((1, 2), (1,)), strict=True):
        folder = archive / "scw" / pointing.swid[:4] / pointing.scw
        simulate_window(folder, pointing, _SKY, seed=1, exposure_s=500.0, units=units)
    return mesh.jemx.image(scws=_SCWS, bands=[(3, 20)])


def test_sources_of_the_field_are_found(image: Job, tmp_path: Path) -> None:
    assert image.state is JobState.COMPLETED
    catalogue = next(path for path in image.download(tmp_path) if path.name == "jemx_catalogue.fits")
    rows = fits.getdata(catalogue, 1)
    (row,) = rows[rows["src_names"] == "GX 354-0"]
    truth = SkyCoord(_SKY[1].ra, _SKY[1].dec, unit="deg")
    assert SkyCoord(row["ra"], row["dec"], unit="deg").separation(truth).arcmin < 0.5
    assert row["scws"] == 3


def test_the_missing_unit_is_told(image: Job) -> None:
    assert any("JEM-X 2" in warning for warning in image.warnings)


def test_the_same_request_again_is_answered_from_the_cache(image: Job, mesh: Mesh) -> None:
    again = mesh.jemx.image(scws=_SCWS, bands=[(3, 20)])
    assert again.counts[UnitState.CACHED] == len(_SCWS) + 1
    assert [product.key for product in again.products] == [product.key for product in image.products]
