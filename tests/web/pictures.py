"""The pictures of docs/page.md, made of the mesh under test: `make pictures` runs this, the tests do not."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from odamesh import Job, Mesh
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY
from tests.integration.mesh.bursts import observe_with_spiacs
from tests.integration.mesh.windows import GALACTIC_CENTRE, TRUNCATED
from tests.web.conftest import Watched

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_COLOURS = 128
_SOURCE = GALACTIC_CENTRE_SKY[1]
_LISTED = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in GALACTIC_CENTRE_SKY]
_NOTICE = {
    "mission": "Example",
    "event_name": ["GW170817"],
    "messenger": "GW",
    "trigger_time": "2017-08-17T12:41:04.430Z",
    "alert_type": "initial",
    "ra": 197.45,
    "dec": -23.38,
    "ra_dec_error": 5.0,
}
_PATIENCE_S = 300.0


@pytest.fixture
def page(browser: Browser, base: str, own: frozenset[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield Watched(context.new_page(), base, own).page
    context.close()


@pytest.fixture(scope="module")
def image(mesh: Mesh) -> Job:
    return mesh.isgri.image(scws=GALACTIC_CENTRE, bands=[(20, 40), (40, 80)])


def _keep(page: Page, name: str, *, height: int = 800) -> None:
    """Keep the upper part of what is seen; with few colours it is small enough for a repository."""
    # Plots and maps are drawn a moment after what stands around them.
    page.wait_for_timeout(1500)
    _FOLDER.mkdir(exist_ok=True)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop((0, 0, 1280, height))
    picture.quantize(_COLOURS).save(_FOLDER / f"{name}.png", optimize=True)


def test_new_query(page: Page, base: str) -> None:
    page.goto(f"{base}/new")
    page.get_by_label("Source", exact=True).fill(_SOURCE.name)
    page.get_by_label("From (UTC)").fill("REV 2016")
    page.get_by_label("To (UTC)").focus()
    page.get_by_label("Bands").fill("40-80")
    page.get_by_role("button", name="Add band", exact=True).click()
    expect(page.get_by_role("img", name="pointing axes")).to_be_visible()
    _keep(page, "new-query")


def test_table(page: Page, base: str, mesh: Mesh) -> None:
    windows = [*GALACTIC_CENTRE, TRUNCATED]
    job = mesh.submit("isgri", "isgri_image", {"scws": windows}, {"bands": [[20, 40], [40, 80]]})
    job.wait()
    page.goto(f"{base}/jobs/{job.id}/table")
    page.get_by_role("row").filter(has_text=TRUNCATED).click()
    expect(page.get_by_role("region", name=f"Window {TRUNCATED}").locator(".error").first).to_be_visible()
    # Below stands the name of the machine that ran it.
    _keep(page, "table", height=660)


def test_sky(page: Page, base: str, image: Job) -> None:
    page.goto(f"{base}/jobs/{image.id}/sky?contours=10,30&footprint=on&fov=20")
    page.get_by_role("rowheader", name=_SOURCE.name, exact=True).click()
    expect(page.get_by_role("button", name="Whole image")).to_be_enabled()
    _keep(page, "sky")


def test_spectra_and_fit(page: Page, base: str, mesh: Mesh) -> None:
    spectra = mesh.isgri.spectrum(scws=GALACTIC_CENTRE[:2], catalogue=_LISTED)
    page.goto(f"{base}/jobs/{spectra.id}/spectra")
    expect(page.get_by_role("region", name=_SOURCE.name, exact=True)).to_be_visible()
    _keep(page, "spectra")
    fit = mesh.spectral_fit.spectral_fit(spectra=[spectra.id], source=_SOURCE.name, model="cutoffpl")
    page.goto(f"{base}/jobs/{fit.id}/fit")
    expect(page.get_by_role("img", name="Data and model")).to_be_visible()
    page.evaluate("document.querySelector('main h2').scrollIntoView()")
    _keep(page, "fit")


def test_light_curves(page: Page, base: str, mesh: Mesh) -> None:
    curves = mesh.isgri.lc(scws=GALACTIC_CENTRE[:2], catalogue=_LISTED[:3], time_bin=100, bands=[(20, 40), (40, 80)])
    page.goto(f"{base}/jobs/{curves.id}/curves?source={_SOURCE.name}&hardness=20–40+keV,40–80+keV")
    expect(page.get_by_role("img", name="hardness of")).to_be_visible()
    page.evaluate("document.querySelector('.controls').scrollIntoView()")
    _keep(page, "curves")


def test_event_gallery_and_alerts(page: Page, base: str, archive: Path) -> None:
    observe_with_spiacs(archive)
    notice = {**_NOTICE, "id": [str(time.time_ns())]}
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{base}/api/v1/alerts", content=json.dumps(notice), headers=headers).raise_for_status()
    key = answer.json()["event_key"]
    deadline = time.monotonic() + _PATIENCE_S
    while (told := httpx.get(f"{base}/api/v1/transients/{key}")).status_code != 200 or '"waiting"' in told.text:
        assert time.monotonic() < deadline, "the analyses of the event do not end"
        time.sleep(1)
    page.goto(f"{base}/transients/{key}")
    expect(page.get_by_role("region", name="Light curves").get_by_role("img").first).to_be_visible()
    _keep(page, "event")
    page.goto(f"{base}/gallery")
    expect(page.get_by_role("article").first).to_be_visible()
    _keep(page, "gallery")
    page.goto(f"{base}/alerts?event={key}")
    expect(page.get_by_role("heading", name="Notices")).to_be_visible()
    _keep(page, "alerts")


def test_operate(page: Page, base: str) -> None:
    page.goto(f"{base}/operate")
    expect(page.get_by_role("table", name="Workers")).to_be_visible()
    _keep(page, "operate")
