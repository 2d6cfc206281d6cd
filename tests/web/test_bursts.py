"""Bursts of SPI-ACS and POLAR: what the search found, in words, tables and blocks."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from odamesh import Mesh
from tests.integration.mesh.bursts import POLAR_RESPONSE, POLAR_TIME, observe_with_polar, observe_with_spiacs
from tests.web.conftest import Watched

_T0 = "2017-08-17T12:41:04.430"


@pytest.fixture(scope="module", autouse=True)
def observed(archive: Path) -> None:
    observe_with_spiacs(archive)
    observe_with_polar(archive)


def test_a_search_shows_bursts_excesses_and_limits(watched: Watched, mesh: Mesh) -> None:
    job = mesh.spiacs.spi_acs_search(
        t1="2017-08-17T11:40:00", t2="2017-08-17T14:00:00", t0=_T0, window=1000, position="197.45, -23.38", distance=40
    )
    page = watched.open(f"/jobs/{job.id}/bursts")
    burst = page.get_by_role("region", name="Burst at 2017-08-17T12:55:0")
    expect(burst.get_by_role("row").filter(has_text="T90")).to_contain_text("±")
    expect(burst.get_by_role("img", name="blocks of the burst")).to_be_visible()
    expect(page.get_by_role("region", name="Limits").get_by_role("row")).to_have_count(4)
    excesses = page.get_by_role("region", name="Excesses").get_by_role("row")
    expect(excesses.filter(has_text="2017-08-17 12:55:0").first).to_be_visible()
    watched.check_access()
    watched.check_telephone()


def test_a_burst_of_polar_shows_its_polarisation(watched: Watched, mesh: Mesh) -> None:
    t1, t2 = POLAR_TIME
    job = mesh.polar.burst(t1=t1, t2=t2, bands=[(20, 700)], responses=[POLAR_RESPONSE])
    page = watched.open(f"/jobs/{job.id}/bursts")
    expect(page.get_by_role("region", name="Burst at 2017-01-14T22:01:")).to_be_visible()
    expect(page.get_by_role("region", name="Polarisation")).to_contain_text("Degree")
    watched.check_access()
