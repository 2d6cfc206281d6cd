"""Spectra of all sources at once, fitted with a model of one's own; light curves that are zoomed and put together."""

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


@pytest.fixture(scope="module")
def curves(mesh: Mesh) -> Job:
    return mesh.isgri.lc(scws=GALACTIC_CENTRE[:2], catalogue=_LISTED, time_bin=100, bands=[(20, 40)])


def test_a_spectrum_is_fitted_with_any_model_and_the_result_shown(watched: Watched, spectra: Job) -> None:
    page = watched.open(f"/jobs/{spectra.id}/spectra")
    for source in _LISTED:
        expect(page.get_by_role("region", name=str(source["name"]), exact=True)).to_be_visible()
    watched.check_access()
    page.get_by_role("button", name=f"Fit {_BRIGHT.name}").click()
    page.get_by_label("Model", exact=True).fill("cutoffpl")
    page.get_by_label("HighECut frozen").check(timeout=90_000)
    page.get_by_label("Start of cutoffpl.HighECut").fill("300")
    watched.check_access()
    page.get_by_role("button", name="Run the fit").click()
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
    page.get_by_role("button", name="Run the fit").click()
    expect(page.get_by_role("alert").filter(has_text="isgri_range")).to_be_visible()
    watched.forgive("422")


def test_curves_are_zoomed_by_keyboard_and_bins_put_together(watched: Watched, curves: Job) -> None:
    page = watched.open(f"/jobs/{curves.id}/curves?source={_BRIGHT.name}")
    strip = page.get_by_role("region", name=_BRIGHT.name)
    drawn = strip.get_by_role("img")
    expect(drawn).to_be_visible()
    told = str(drawn.get_attribute("aria-label"))
    bins = int(told.split(": ")[1].split(" bins", maxsplit=1)[0])
    strip.focus()
    page.keyboard.press("+")
    page.wait_for_url("**range=**")
    page.keyboard.press("0")
    page.get_by_label("Bins").select_option("5")
    expect(drawn).not_to_have_attribute("aria-label", told)
    together = str(drawn.get_attribute("aria-label"))
    assert int(together.split(": ")[1].split(" bins", maxsplit=1)[0]) == pytest.approx(bins / 5, abs=4)
    mean = [float(text.split("mean ")[1].split(",")[0]) for text in (told, together)]
    assert mean[1] == pytest.approx(mean[0], rel=0.05)
    watched.check_access()
