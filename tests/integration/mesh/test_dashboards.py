"""Every panel of every dashboard shows something of a busy mesh, and asks for no figure that nobody tells."""

import re
import time
import uuid
from collections.abc import Iterator
from html import escape

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase

import gateway.alerts.metrics
import gateway.metrics
import mesh.intake.metrics
import mesh.service.metrics
import mesh.store.metrics
import services.dispatcher.metrics
import services.transports.metrics
import services.triggers.metrics
from infra.dashboards.boards import DASHBOARDS
from infra.dashboards.panel import Dashboard
from infra.stack.endpoints import Endpoints
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

_WORD = re.compile(r"\b(?:odamesh|rabbitmq|minio|node|process)[A-Za-z0-9_:]+|\bup\b")
_PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def prometheus(mesh: Mesh) -> Iterator[httpx.Client]:
    """Yield a client of Prometheus, which has seen a job that is done."""
    mesh.noop.noop(scws=drill_windows(3), salt=uuid.uuid4().hex, progress=False)
    with httpx.Client(base_url=Endpoints.from_environment().prometheus_url, trust_env=False, timeout=30) as client:
        yield client


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_every_panel_shows_something(prometheus: httpx.Client, dashboard: Dashboard) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while missing := [
        panel.title
        for panel in dashboard.panels
        if not panel.empty and not all(_answer(prometheus, line.query) for line in panel.lines)
    ]:
        assert time.monotonic() < deadline, f"nothing is shown of {missing}"
        time.sleep(1)


def test_every_figure_is_told_by_somebody(prometheus: httpx.Client) -> None:
    told = set(prometheus.get("/api/v1/label/__name__/values").raise_for_status().json()["data"])
    # What tells of mishaps, alerts and their transports has no series before the first one: it must be one of ours.
    modules = (
        *(gateway.metrics, mesh.service.metrics, mesh.store.metrics, services.dispatcher.metrics),
        *(gateway.alerts.metrics, mesh.intake.metrics, services.triggers.metrics, services.transports.metrics),
    )
    ours = [entry for module in modules for entry in vars(module).values() if isinstance(entry, MetricWrapperBase)]
    counted = {
        f"{family.name}{end}"
        for entry in ours
        for family in entry.describe()
        for end in ({"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",)))
    }
    asked = {
        word
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        for line in panel.lines
        for word in _WORD.findall(re.sub(r'"[^"]*"', "", line.query))
    }
    assert {word for word in asked - told - counted if not word.startswith("odamesh:")} == set()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_prometheus_serves_the_page(prometheus: httpx.Client, dashboard: Dashboard) -> None:
    page = prometheus.get(f"/consoles/{dashboard.name}.html")
    assert page.status_code == 200
    assert f"<h1>{escape(dashboard.title)}</h1>" in page.text


def _answer(client: httpx.Client, query: str) -> list[object]:
    found: list[object] = (
        client.get("/api/v1/query", params={"query": query}).raise_for_status().json()["data"]["result"]
    )
    return found
