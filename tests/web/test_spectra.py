"""Spectra of all sources at once, fitted with a model of one's own."""

import pytest
from playwright.sync_api import expect

from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.web.conftest import Watched

_BRIGHT = GALACTIC_CENTRE_SKY[1]
_LISTED = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in GALACTIC_CENTRE_SKY[:3]]


@pytest.fixture(scope="module")
def spectra(mesh: Mesh) -> Job:
    return mesh.isgri.spectrum(scws=GALACTIC_CENTRE[:2], catalogue=_LISTED)


def test_a_spectrum_is_fitted_with_any_model_and_the_result_shown(watched: Watched, spectra: Job) -> None:
    page = watched.open(f"/jobs/{spectra.id}/spectra")
    for source in _LISTED:
        expect(page.get_by_role("region", name=str(source["name"]), exact=True)).to_be_visible()
    watched.check_access()
    page.get_by_role("button", name=f"Fit {_BRIGHT.name}", exact=True).click()
    page.get_by_label("Model", exact=True).fill("cutoffpl")
    page.get_by_label("cutoffpl.HighECut frozen", exact=True).check(timeout=90_000)
    page.get_by_label("Start of cutoffpl.HighECut", exact=True).fill("300")
    watched.check_access()
    page.get_by_role("button", name="Run the fit", exact=True).click()
    page.wait_for_url("**/fit")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="cutoffpl.HighECut"))
    expect(row).to_contain_text("frozen", timeout=90_000)
    expect(row).to_contain_text("300")
    expect(page.get_by_role("img", name=f"Data and model of {_BRIGHT.name}")).to_be_visible()
    watched.check_access()
    page.goto(f"{watched.base}/jobs/{spectra.id}/spectra")
    expect(page.get_by_role("link", name=f"{_BRIGHT.name}: cutoffpl")).to_be_visible()


def test_what_is_no_model_is_refused_at_its_field(watched: Watched, spectra: Job) -> None:
    page = watched.open(f"/jobs/{spectra.id}/spectra?fit={_BRIGHT.name}")
    page.get_by_label("Energies of ISGRI").fill("300-28")
    page.get_by_role("button", name="Run the fit", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="isgri_range")).to_be_visible()
    watched.forgive("422")
