"""The whole way of a user: a name, six windows, an image, a catalogue of one's own, spectra, a fit, a light curve."""

import io
import re
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from playwright.sync_api import Browser, Page, expect

from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.web.conftest import Watched

_SOURCE, _LEFT_OUT, _OWN = "4U 1700-377", "GX 5-1", "MY SOURCE"
_NAMES = {one.name for one in GALACTIC_CENTRE_SKY} - {_LEFT_OUT} | {_OWN}
_JOB_MS = 300_000


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("mesh")
def test_from_a_name_to_a_fit_a_curve_and_a_link(
    watched: Watched, browser: Browser, base: str, own: frozenset[str]
) -> None:
    page = watched.open("/new")
    _ask_for_six_windows(page)
    # What several tests of this run look at; whoever comes first has it made.
    _run(page, 6)
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "7")
    expect(grid.get_by_role("rowheader")).to_have_count(6)
    watched.check_access()

    _tab(page, "Files")
    with page.expect_download() as saved:
        page.get_by_role("link", name="All as one zip file").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        mosaic = archive.read(next(name for name in archive.namelist() if name.endswith("isgri_mosaic.fits")))

    _tab(page, "Sky")
    _look_at_the_source(page, mosaic)
    watched.check_access()
    _edit_the_catalogue(page)
    page.get_by_role("region", name="Use this catalogue").get_by_role("button", name="Spectra…", exact=True).click()
    expect(page.get_by_label("Catalogue", exact=True)).to_have_value("list")
    page.get_by_label("Science windows", exact=True).fill("\n".join(GALACTIC_CENTRE[:2]))
    _run(page, 2)

    _tab(page, "Spectra")
    panels = page.get_by_role("region").filter(has=page.get_by_role("button", name="Fit ")).get_by_role("heading")
    expect(panels).to_have_count(len(_NAMES))
    assert {re.sub(r" \S+ σ, exposure .*", "", text) for text in panels.all_inner_texts()} == _NAMES
    watched.check_access()
    spectra = page.url
    _fit(watched)
    page.goto(spectra)
    earlier = page.get_by_role("row").filter(has=page.get_by_role("link", name=f"{_SOURCE}: cutoffpl"))
    expect(earlier.first).to_contain_text("HighECut = 300")

    page.get_by_role("link", name="Edit and run again").click()
    page.get_by_label("Product", exact=True).select_option("isgri_lc")
    page.get_by_label("Time bin [s]", exact=True).fill("100")
    _run(page, 2)
    _tab(page, "Light curves")
    page.get_by_label("Source", exact=True).fill(_SOURCE)
    strip = page.get_by_role("region", name=f"{_SOURCE}, 20–40 keV", exact=True)
    strip.focus()
    page.keyboard.press("+")
    page.wait_for_url("**range=**")
    told = str(strip.get_by_role("img").get_attribute("aria-label"))
    assert told.startswith(f"Light curve of {_SOURCE}")
    _open_elsewhere(page.url.removeprefix(base), told, browser, base, own)


def _ask_for_six_windows(page: Page) -> None:
    page.get_by_label("Source", exact=True).fill(_SOURCE)
    page.get_by_label("Source", exact=True).press("Tab")
    expect(page.get_by_label("RA", exact=True)).to_have_value("255.9865")
    page.get_by_label("a list of science windows", exact=True).check()
    page.get_by_label("Science windows", exact=True).fill("\n".join(GALACTIC_CENTRE))
    page.get_by_label("Bands").fill("20-40, 40-80")
    page.get_by_role("button", name="Add band", exact=True).click()
    expect(page.locator("#told")).to_contain_text("6 science windows")


def _run(page: Page, windows: int) -> None:
    """Run what the form says, and see the table fill until the job has ended: nothing is loaded again."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/jobs/*/table")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{windows} science windows")
    expect(page.locator("#state")).to_have_text("completed", timeout=_JOB_MS)


def _tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Of this job").get_by_role("link", name=name, exact=True).click()


def _look_at_the_source(page: Page, mosaic: bytes) -> None:
    """Check that the image has at the source the value that its file has."""
    expect(page.locator(".sky-place canvas").first).to_be_visible()
    page.get_by_role("rowheader", name=_SOURCE, exact=True).click()
    readout = page.locator(".readout")
    expect(readout).to_contain_text(f"{_SOURCE} is 0.0′ away")
    told = float(readout.locator("strong").inner_text())
    with fits.open(io.BytesIO(mosaic)) as hdus:
        pixels = next(hdu.data for hdu in hdus if hdu.header.get("IMATYPE") == "SIGNIFICANCE")
    assert told > 30
    assert np.isclose(pixels[np.isfinite(pixels)], told, rtol=1e-3).any()


def _edit_the_catalogue(page: Page) -> None:
    """Add sources on the sky and by their coordinates, take some out, and take one step back."""
    page.get_by_text("Look and regions", exact=True).click()
    page.get_by_label("what the job looked at").check()
    expect(page.get_by_role("group", name="Regions drawn")).to_contain_text("what the job looked at")
    table = page.get_by_role("region", name="Catalogue")
    rows = table.locator("tbody tr")
    before = rows.count()
    page.get_by_role("button", name="Add by clicking on the sky", exact=True).click()
    page.locator(".sky-place").click(position={"x": 60, "y": 120})
    expect(rows).to_have_count(before + 1)
    expect(rows.last).to_have_attribute("aria-selected", "true")
    table.get_by_text("Add by position", exact=True).click()
    for name, value in (("Name", _OWN), ("RA", "17:45:40"), ("Dec", "-29:00:28")):
        table.get_by_label(name, exact=True).fill(value)
    table.get_by_role("button", name="Add", exact=True).click()
    expect(table.get_by_label(f"RA of {_OWN}", exact=True)).to_have_value("266.4167")
    table.get_by_label(f"Take out {_SOURCE}", exact=True).click()
    expect(rows).to_have_count(before + 1)
    table.get_by_role("button", name="Undo", exact=True).click()
    expect(rows).to_have_count(before + 2)
    for name in ("ADDED_1", _LEFT_OUT):
        table.get_by_label(f"Take out {name}", exact=True).click()
    expect(rows).to_have_count(before)


def _fit(watched: Watched) -> None:
    """Fit the source with a model of one's own; what is no range of energies is refused first."""
    page = watched.page
    page.get_by_role("button", name=f"Fit {_SOURCE}", exact=True).click()
    expect(page.get_by_label("Model", exact=True)).to_be_focused()
    page.get_by_label("Model", exact=True).fill("cutoffpl")
    page.get_by_label("cutoffpl.HighECut frozen", exact=True).check(timeout=_JOB_MS)
    page.get_by_label("Start of cutoffpl.HighECut", exact=True).fill("300")
    page.get_by_label("Energies of ISGRI").fill("300-28")
    page.get_by_role("button", name="Run the fit", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="isgri_range")).to_be_visible()
    watched.forgive("422")
    watched.check_access()
    page.get_by_label("Energies of ISGRI").fill("28-300")
    page.get_by_role("button", name="Run the fit", exact=True).click()
    page.wait_for_url(re.compile(r"/fit\b"))
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="cutoffpl.HighECut"))
    expect(row).to_contain_text("frozen", timeout=_JOB_MS)
    expect(row).to_contain_text("300")
    expect(page.get_by_role("img", name=f"Data and model of {_SOURCE}")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Fit of {_SOURCE} with cutoffpl")
    # The list was read while this fit ran.
    expect(page.get_by_role("group", name="Table of fits")).to_contain_text("chi2")
    page.get_by_role("link", name="Edit and run again").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("cutoffpl")
    expect(page.get_by_label("cutoffpl.HighECut frozen", exact=True)).to_be_checked(timeout=_JOB_MS)
    expect(page.get_by_label("Start of cutoffpl.HighECut", exact=True)).to_have_value("300")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Model", exact=True)).to_have_count(0)
    watched.check_access()


def _open_elsewhere(address: str, told: str, browser: Browser, base: str, own: frozenset[str]) -> None:
    """Check that a browser that knows nothing shows the same; the permanent link then has it made again."""
    context = browser.new_context()
    try:
        watched = Watched(context.new_page(), base, own)
        page = watched.open(address)
        strip = page.get_by_role("region", name=f"{_SOURCE}, 20–40 keV", exact=True)
        expect(strip.get_by_role("img")).to_have_attribute("aria-label", told)
        expect(page.get_by_role("button", name="Whole time")).to_be_enabled()
        page.get_by_role("link", name="Permanent link").click()
        expect(page.get_by_role("button", name="Run again", exact=True)).to_be_visible()
        watched.check_access()
        page.get_by_role("button", name="Run again", exact=True).click()
        page.wait_for_url("**/jobs/*/table")
        expect(page.locator("#state")).to_contain_text("completed")
        assert not watched.complaints
    finally:
        context.close()
