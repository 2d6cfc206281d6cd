"""ISGRI images through HTTP, broker, container and store: simulated sky, real window, bad windows."""

from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests import real_window
from tests.integration.mesh.windows import ABSENT, EMPTY, GALACTIC_CENTRE, NO_EVENTS, TRUNCATED

BANDS = [(20, 40), (40, 80)]
SGR_1935 = SkyCoord(293.7317, 21.8967, unit="deg")


@pytest.fixture(scope="module")
def image(mesh: Mesh) -> Job:
    return mesh.isgri.image(scws=GALACTIC_CENTRE, bands=BANDS)


def test_the_eight_sources_are_found_and_nothing_else(image: Job, tmp_path: Path) -> None:
    catalogue = next(path for path in image.download(tmp_path) if path.name == "isgri_catalogue.fits")
    rows = fits.getdata(catalogue, 1)
    found = SkyCoord(rows["ra"], rows["dec"], unit="deg")
    truth = SkyCoord([one.ra for one in GALACTIC_CENTRE_SKY], [one.dec for one in GALACTIC_CENTRE_SKY], unit="deg")
    assert len(found) == len(truth)
    assert set(rows["src_names"]) == {one.name for one in GALACTIC_CENTRE_SKY}
    offsets = [position.separation(truth).arcmin.min() for position in found]
    assert max(offsets) < 2.0


def test_the_mosaic_opens_with_a_sky_grid_and_four_images_a_band(image: Job, tmp_path: Path) -> None:
    mosaic = next(path for path in image.download(tmp_path) if path.name == "isgri_mosaic.fits")
    brightest = GALACTIC_CENTRE_SKY[1]
    with fits.open(mosaic, checksum=True) as hdus:
        images = [hdu for hdu in hdus if hdu.name.startswith("ISGR-MOSA") and hdu.is_image]
        kinds = [hdu.header["IMATYPE"] for hdu in images]
        assert kinds == ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"] * len(BANDS)
        significance = images[2]
        x, y = WCS(significance.header).world_to_pixel(SkyCoord(brightest.ra, brightest.dec, unit="deg"))
        spot = significance.data[round(float(y)) - 2 : round(float(y)) + 3, round(float(x)) - 2 : round(float(x)) + 3]
        assert np.nanmax(spot) > 30


def test_every_window_and_step_was_seen(image: Job) -> None:
    rows = image.table()
    assert [row.label[:12] for row in rows if row.stage == "image"] == GALACTIC_CENTRE
    assert all(row.step == "clean" for row in rows if row.stage == "image" and row.state is UnitState.DONE)


def test_the_same_request_again_is_answered_from_the_cache(image: Job, mesh: Mesh) -> None:
    again = mesh.isgri.image(scws=list(reversed(GALACTIC_CENTRE)), bands=BANDS)
    assert again.counts[UnitState.CACHED] == len(GALACTIC_CENTRE) + 1
    assert {row.cached_from for row in again.table()} <= {row.cached_from for row in image.table()} | {
        image.view.run_id
    }
    assert [product.key for product in again.products] == [product.key for product in image.products]


def test_a_subset_computes_only_its_mosaic(image: Job, mesh: Mesh) -> None:
    assert image.state is JobState.COMPLETED
    subset = mesh.isgri.image(scws=GALACTIC_CENTRE[:4], bands=BANDS)
    assert subset.counts[UnitState.CACHED] >= 4
    assert [row.state for row in subset.table() if row.stage == "image"] == [UnitState.CACHED] * 4


def test_bad_windows_say_why_and_the_others_go_on(mesh: Mesh) -> None:
    job = mesh.isgri.image(scws=[*GALACTIC_CENTRE[:2], TRUNCATED, EMPTY, NO_EVENTS, ABSENT], bands=BANDS)
    assert job.state is JobState.COMPLETED
    rows = {row.label[:12]: row for row in job.table() if row.stage == "image"}
    for scw in (TRUNCATED, EMPTY):
        failure = rows[scw].failure
        assert failure is not None
        assert failure.reason == "ScWDataCorrupted"
    told = "\n".join(job.warnings)
    for scw in (TRUNCATED, EMPTY, NO_EVENTS, ABSENT):
        assert scw in told
    assert {rows[scw].state for scw in GALACTIC_CENTRE[:2]} <= {UnitState.DONE, UnitState.CACHED}


def test_a_failed_window_keeps_its_log(mesh: Mesh) -> None:
    job = mesh.isgri.image(scws=[GALACTIC_CENTRE[0], EMPTY], bands=BANDS)
    label = next(row.label for row in job.table() if row.label.startswith(EMPTY))
    assert "ScWDataCorrupted" in job.log(label)


def test_real_window_five_bursts_of_sgr_1935(mesh: Mesh, shared_data: Path, tmp_path: Path) -> None:
    """B-20 through the whole mesh: the five brightest bursts lie within 0.3 arcmin of SGR 1935+2154."""
    assert real_window.parts(shared_data), f"{shared_data} lacks the real window"
    job = mesh.isgri.image(scws=[real_window.SCW], bands=[(28, 80)], burst_search=True)
    paths = {path.name: path for path in job.download(tmp_path, windows=True)}
    assert "isgri_sky.fits" in paths
    with fits.open(paths["isgri_catalogue.fits"], checksum=True) as hdus:
        bursts = hdus["ISGR-BRST-RES"].data
        assert set(bursts["SWID"]) == {f"{real_window.SCW}.001"}
        positions = SkyCoord(bursts["RA"], bursts["DEC"], unit="deg")
        brightest = np.argsort(-np.nan_to_num(bursts["IMAGE_SIGMA"]))[:5]
        offsets = positions[brightest].separation(SGR_1935).arcmin
    print("offsets of the five brightest bursts (arcmin):", np.round(offsets, 3))
    assert len(brightest) == 5
    assert offsets.max() < 0.3
