"""The sky: catalogues are saved and loaded again; without WebGL the preview stands in its place."""

import io
from pathlib import Path

import pytest
from astropy.io import fits
from playwright.sync_api import Browser, Page, Playwright, expect

from mesh.source_table import read_sources
from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.web.conftest import Watched

_BRIGHT = GALACTIC_CENTRE_SKY[1]


@pytest.fixture(scope="module")
def image(mesh: Mesh) -> Job:
    return mesh.isgri.image(scws=GALACTIC_CENTRE, bands=[(20, 40), (40, 80)])


def _open(watched: Watched, image: Job) -> Page:
    page = watched.open(f"/jobs/{image.id}/sky")
    expect(page.locator(".sky-place canvas").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("rowheader", name=_BRIGHT.name, exact=True)).to_be_visible()
    return page


def test_a_catalogue_that_was_saved_is_loaded_again(watched: Watched, image: Job) -> None:
    page = _open(watched, image)
    table = page.get_by_role("region", name="Catalogue")
    bright = page.get_by_role("rowheader", name=_BRIGHT.name, exact=True)
    table.get_by_text("Load or save as a file", exact=True).click()
    for form in ("fits", "csv", "ecsv", "reg"):
        table.get_by_label("Save as").select_option(form)
        with page.expect_download() as saved:
            table.get_by_role("button", name="Save", exact=True).click()
        content = Path(saved.value.path()).read_bytes()
        names = {one.name for one in read_sources(content)}
        assert names == {source.name for source in GALACTIC_CENTRE_SKY}, form
        if form == "fits":
            assert fits.getdata(io.BytesIO(content), 1)["src_names"].size == len(names)
        page.get_by_label(f"Take out {_BRIGHT.name}", exact=True).click()
        expect(bright).to_have_count(0)
        table.get_by_label("Load").set_input_files(
            files={"name": f"c.{form}", "mimeType": "application/octet-stream", "buffer": content}
        )
        expect(bright).to_be_visible()
    # What is no catalogue is refused in words.
    table.get_by_label("Load").set_input_files(
        files={"name": "c.txt", "mimeType": "text/plain", "buffer": b"nothing of it\n"}
    )
    expect(table.get_by_role("alert")).to_contain_text("cannot be read")
    watched.forgive("422")


def test_without_webgl_the_preview_stands_in_its_place(
    playwright: Playwright, program: str, base: str, own: frozenset[str], image: Job
) -> None:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    plain: Browser = playwright.chromium.launch(executable_path=program, args=flags)
    try:
        watched = Watched(plain.new_page(), base, own)
        page = watched.open(f"/jobs/{image.id}/sky")
        expect(page.get_by_text("no WebGL")).to_be_visible(timeout=60_000)
        expect(page.locator("img.preview").first).to_be_visible()
        expect(page.get_by_role("rowheader", name=_BRIGHT.name, exact=True)).to_be_visible()
    finally:
        plain.close()
