"""The whole way of a user: a name, six windows, an image, a catalogue of one's own, spectra, a fit, a light curve."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.web.conftest import Watched

_SOURCE = "4U 1700-377"
_LEFT_OUT = "GX 5-1"
_JOB_MS = 180_000
_NAMES = {one.name for one in GALACTIC_CENTRE_SKY}


def _run(page: Page, windows: int) -> None:
    """Run what the form says, and see the table fill."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/jobs/*/table")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{windows} science windows")
    expect(page.locator("#state")).to_have_text("completed", timeout=_JOB_MS)


def _tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Of this job").get_by_role("link", name=name, exact=True).click()


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("mesh")
def test_from_a_name_to_a_fit_a_curve_and_a_link(
    watched: Watched, browser: Browser, base: str, own: frozenset[str], tmp_path: Path
) -> None:
    page = watched.open("/new?instrument=isgri&product=isgri_image")
    page.get_by_label("Source", exact=True).fill(_SOURCE)
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_label("RA", exact=True)).to_have_value("255.9865")
    page.get_by_label("a list of science windows", exact=True).check()
    page.get_by_label("Science windows", exact=True).fill("\n".join(GALACTIC_CENTRE))
    page.get_by_label("Bands").fill("40-80")
    page.get_by_role("button", name="Add band", exact=True).click()
    expect(page.locator("#told")).to_contain_text("6 science windows")
    _run(page, 6)
    # Six windows, each with a row, and the mosaic.
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "8")

    _tab(page, "Sky")
    page.get_by_label(f"Name of {_SOURCE}", exact=True).click()
    expect(page.locator(".readout")).to_contain_text(f"{_SOURCE} is 0.0′ away")
    page.get_by_label("what the job looked at").check()
    expect(page.get_by_role("group", name="Regions drawn")).to_contain_text("what the job looked at")
    catalogue = page.get_by_role("region", name="Catalogue")
    catalogue.get_by_label(f"Take out {_LEFT_OUT}", exact=True).click()
    for name, value in (("Name", "MINE"), ("RA", "17:45:40"), ("Dec", "-29:00:28")):
        catalogue.get_by_label(name, exact=True).fill(value)
    catalogue.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("group", name="Use this catalogue").get_by_role("button", name="Spectra", exact=True).click()
    page.get_by_label("Science windows", exact=True).fill("\n".join(GALACTIC_CENTRE[:2]))
    _run(page, 2)

    _tab(page, "Spectra")
    for name in (_NAMES - {_LEFT_OUT}) | {"MINE"}:
        expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("region", name=_LEFT_OUT, exact=True)).to_have_count(0)
    watched.check_access()
    spectra = page.url
    _fit(watched)
    page.goto(spectra)
    expect(page.get_by_role("link", name=f"{_SOURCE}: cutoffpl")).to_be_visible()

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
    told, address = str(strip.get_by_role("img").get_attribute("aria-label")), page.url
    assert told.startswith(f"Light curve of {_SOURCE}")

    _tab(page, "Files")
    with page.expect_download() as saved:
        page.get_by_role("link", name="All as one zip file").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        curves = [name for name in archive.namelist() if "isgri_lc_4U_1700-377" in name and name.endswith(".fits")]
        assert curves
        assert archive.read(curves[0]).startswith(b"SIMPLE")

    elsewhere = browser.new_context()
    try:
        second = Watched(elsewhere.new_page(), base, own)
        there = second.open(address.removeprefix(base))
        again = there.get_by_role("region", name=f"{_SOURCE}, 20–40 keV", exact=True)
        expect(again.get_by_role("img")).to_have_attribute("aria-label", told)
        expect(there.get_by_role("button", name="Whole time")).to_be_enabled()
        assert not second.complaints
    finally:
        elsewhere.close()


def _fit(watched: Watched) -> None:
    """Fit the source with a model of one's own; what is no range of energies is refused at its field first."""
    page = watched.page
    page.get_by_role("button", name=f"Fit {_SOURCE}", exact=True).click()
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
    page.wait_for_url("**/fit")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="cutoffpl.HighECut"))
    expect(row).to_contain_text("frozen", timeout=_JOB_MS)
    expect(row).to_contain_text("300")
    expect(page.get_by_role("img", name=f"Data and model of {_SOURCE}")).to_be_visible()
    watched.check_access()
