"""The dashboards in a browser: each panel of a busy mesh is drawn, and nothing is asked of elsewhere.

`make dashboard-pictures` has them kept in the directory that ODAMESH_PICTURES names.
"""

import json
import os
import time
import uuid
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from infra.dashboards.boards import DASHBOARDS
from infra.dashboards.panel import Dashboard
from infra.stack.endpoints import Endpoints
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

_PATIENCE_MS = 120_000
_LAST_15_MIN = "900"
_BUSY_S = 300.0
"""Before pictures are taken: lines of a minute are not much to look at."""
_WINDOWS = {"user": 8, "batch": 4, "alert": 1}
_DRAWN = """wanted => [...document.querySelectorAll('figure')].filter(figure =>
    wanted.includes(figure.querySelector('figcaption').firstChild.textContent) && !figure.querySelector('polyline')
).length === 0"""


@pytest.fixture(scope="module")
def dashboards(browser: Browser, mesh: Mesh) -> Page:
    """A page of the browser, after the mesh has done something."""
    mesh.noop.noop(scws=drill_windows(12), salt=uuid.uuid4().hex, seconds=1, progress=False)
    if "ODAMESH_PICTURES" in os.environ:
        _be_busy(mesh)
    return browser.new_page(viewport={"width": 1280, "height": 900})


def _be_busy(mesh: Mesh) -> None:
    """Have jobs in every lane, and alerts, for some minutes."""
    end = time.monotonic() + _BUSY_S
    with httpx.Client(base_url=f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/api/v1") as client:
        while time.monotonic() < end:
            jobs = [
                mesh.noop.noop(
                    scws=drill_windows(number), salt=uuid.uuid4().hex, seconds=1, lane=lane, wait=False, progress=False
                )
                for lane, number in _WINDOWS.items()
            ]
            notice = {"mission": "Picture", "id": [uuid.uuid4().hex], "trigger_time": "2026-05-01T00:00:00Z"}
            kind = {"Content-Type": "application/json"}
            client.post("/alerts", content=json.dumps(notice), headers=kind).raise_for_status()
            for job in jobs:
                job.wait(progress=False)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_every_panel_is_drawn(dashboards: Page, dashboard: Dashboard) -> None:
    page, prometheus = dashboards, Endpoints.from_environment().prometheus_url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{prometheus}/consoles/{dashboard.name}.html")
    page.select_option("#range", _LAST_15_MIN)
    page.wait_for_function("Number(document.body.dataset.looked || 0) >= 2", timeout=_PATIENCE_MS)
    wanted = [panel.title for panel in dashboard.panels if not panel.empty]
    page.wait_for_function(_DRAWN, arg=wanted, timeout=_PATIENCE_MS)
    assert page.query_selector_all(".fault") == []
    assert {url for url in asked if not url.startswith(prometheus)} == set()
    links = {link.get_attribute("href") for link in page.query_selector_all("nav a")}
    assert links == {*(f"{one.name}.html" for one in DASHBOARDS), "../alerts"}
    if folder := os.environ.get("ODAMESH_PICTURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{dashboard.name}.png", full_page=True)
