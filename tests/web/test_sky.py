"""The sky: the image lies where the catalogue says, sources are added, changed, taken out, and used again."""

import io
import json
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
    expect(page.get_by_label(f"Name of {_BRIGHT.name}", exact=True)).to_be_visible()
    return page


def test_the_value_at_a_source_is_that_of_the_file(watched: Watched, image: Job, tmp_path: Path) -> None:
    page = _open(watched, image)
    page.get_by_label(f"Name of {_BRIGHT.name}", exact=True).click()
    readout = page.locator(".readout")
    expect(readout).to_contain_text(f"{_BRIGHT.name} is 0.0′ away")
    told = float(readout.locator("strong").inner_text())
    mosaic = next(path for path in image.download(tmp_path) if path.name == "isgri_mosaic.fits")
    with fits.open(mosaic) as hdus:
        significance = next(hdu.data for hdu in hdus if hdu.header.get("IMATYPE") == "SIGNIFICANCE")
    assert told > 30
    assert told in [pytest.approx(value, rel=1e-3) for value in significance.ravel()[significance.ravel() > 30]]
    watched.check_access()


def test_sources_are_added_changed_taken_out_and_used(watched: Watched, image: Job) -> None:
    page = _open(watched, image)
    table = page.get_by_role("region", name="Catalogue")
    rows = table.locator("tbody tr")
    before = rows.count()
    page.get_by_role("button", name="Add on the sky", exact=True).click()
    page.locator(".sky-place").click(position={"x": 200, "y": 150})
    expect(rows).to_have_count(before + 1)
    table.get_by_label("Name", exact=True).fill("MY SOURCE")
    table.get_by_label("RA", exact=True).fill("17:45:40")
    table.get_by_label("Dec", exact=True).fill("-29:00:28")
    table.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("RA of MY SOURCE", exact=True)).to_have_value("266.4167")
    page.get_by_label(f"Take out {_BRIGHT.name}", exact=True).click()
    expect(rows).to_have_count(before + 1)
    table.get_by_role("button", name="Undo", exact=True).click()
    expect(rows).to_have_count(before + 2)
    page.get_by_label("Take out ADDED_1", exact=True).click()
    with page.expect_request("**/api/v1/selections") as asked:
        page.get_by_role("group", name="Use this catalogue").get_by_role("button", name="Spectra").click()
    expect(page.get_by_label("Catalogue", exact=True)).to_have_value("list")
    sent = json.loads(asked.value.post_data or "{}")
    assert sent["product"] == "isgri_spectrum"
    assert {one["name"] for one in sent["parameters"]["catalogue"]} == {
        *(s.name for s in GALACTIC_CENTRE_SKY),
        "MY SOURCE",
    }


@pytest.mark.parametrize("form", ["fits", "csv", "ecsv", "reg"])
def test_a_catalogue_that_was_saved_is_loaded_again(watched: Watched, image: Job, form: str) -> None:
    page = _open(watched, image)
    table = page.get_by_role("region", name="Catalogue")
    table.get_by_label("Save as").select_option(form)
    with page.expect_download() as saved:
        table.get_by_role("button", name="Save", exact=True).click()
    content = Path(saved.value.path()).read_bytes()
    names = {one.name for one in read_sources(content)}
    assert names == {source.name for source in GALACTIC_CENTRE_SKY}
    page.get_by_label(f"Take out {_BRIGHT.name}", exact=True).click()
    table.get_by_label("Load").set_input_files(
        files={"name": f"c.{form}", "mimeType": "application/octet-stream", "buffer": content}
    )
    expect(page.get_by_label(f"Name of {_BRIGHT.name}", exact=True)).to_be_visible()
    if form == "fits":
        assert fits.getdata(io.BytesIO(content), 1)["src_names"].size == len(names)


def test_a_file_that_is_no_catalogue_is_refused_in_words(watched: Watched, image: Job) -> None:
    page = _open(watched, image)
    table = page.get_by_role("region", name="Catalogue")
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
        expect(page.get_by_label(f"Name of {_BRIGHT.name}", exact=True)).to_be_visible()
    finally:
        plain.close()
