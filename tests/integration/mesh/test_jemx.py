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
    assert row["scws"] == 3  # images: of both units in the first window, of one in the second


def test_the_same_request_again_is_answered_from_the_cache(image: Job, mesh: Mesh) -> None:
    again = mesh.jemx.image(scws=_SCWS, bands=[(3, 20)])
    assert again.counts[UnitState.CACHED] == len(_SCWS) + 1
    assert [product.key for product in again.products] == [product.key for product in image.products]
