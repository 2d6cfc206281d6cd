"""Fits: one begins where another ended, and two are compared side by side."""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from astropy.io import fits
from playwright.sync_api import Route, expect

from tests.web.conftest import Watched
from tests.web.doubles import OpenGateway, served

_SOURCE = "GX 1+4"
_SPECTRA = {"instrument": "isgri", "product": "isgri_spectrum", "selection": {"scws": ["201600270010"]}}
_EDGES = np.geomspace(20.0, 300.0, 13)


def _result(model: str, statistic: float, *parameters: tuple[str, float, bool]) -> dict[str, bytes]:
    """Return the files of a fit; *parameters*: name, value, whether it was free."""
    rows = [
        {"name": name, "component": name.split(".")[0], "parameter": name.split(".")[1], "value": value, "free": free}
        | {"error_lower": 0.1, "error_upper": 0.2, "unit": "", "tie": None, "stopped": None}
        for name, value, free in parameters
    ]
    spectrum = {"source": _SOURCE, "instrument": "ISGRI", "factor_value": 1.0}
    report: dict[str, Any] = {"model": model, "statistic_name": "chi2", "statistic": statistic, "dof": 10}
    report |= {"reduced": statistic / 10, "null_probability": None, "confidence": 68.27, "parameters": rows}
    free = [name for name, _, is_free in parameters if is_free]
    report |= {"spectra": [spectrum], "fluxes": [], "free": [*free, "correction.1"], "covariance": None}
    rate = 5.0 * np.diff(_EDGES) * _EDGES[:-1] ** -1.5
    columns = {"SPECTRUM": np.ones(12), "LOW": _EDGES[:-1], "HIGH": _EDGES[1:], "RATE": rate}
    columns |= {"ERROR": 0.1 * rate, "MODEL": 1.1 * rate}
    table = fits.BinTableHDU.from_columns(
        [fits.Column(name, "D", array=values) for name, values in columns.items()], name="CURVES"
    )
    content = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(content)
    return {"fit.json": json.dumps(report).encode(), "fit.fits": content.getvalue(), f"{model}.txt": b""}


@pytest.fixture
def watched(watch: Callable[[str, frozenset[str]], Watched]) -> Iterator[Watched]:
    gateway = OpenGateway()
    with served(gateway.app) as base:
        spectra = gateway.add(base, _SPECTRA, "spectrum_sum", {"isgri_spectrum_GX_1+4.fits": b""})
        for model, settings, files in (
            ("powerlaw", "", _result("powerlaw", 14.0, ("powerlaw.PhoIndex", 2.1, True))),
            (
                "cutoffpl",
                "HighECut = 50 [10, 90] frozen",
                _result("cutoffpl", 11.0, ("cutoffpl.PhoIndex", 1.5, True), ("cutoffpl.HighECut", 50.0, False)),
            ),
        ):
            parameters: dict[str, Any] = {"spectra": [spectra], "source": _SOURCE, "model": model, "settings": settings}
            parameters["isgri_range"] = [[25, 200]]
            body = {"instrument": "spectral_fit", "product": "spectral_fit", "parameters": parameters}
            job_id = gateway.add(base, body, "fit", files)
        page = watch(base, frozenset({base}))
        page.open(f"/jobs/{job_id}/fit")
        yield page


def test_a_fit_begins_where_another_ended(watched: Watched) -> None:
    page = watched.page
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Fit of {_SOURCE} with cutoffpl")
    # The scale of a correction is no parameter of the model.
    expect(page.get_by_text("AIC 13.0")).to_be_visible()
    chart = page.get_by_role("group", name="Data and model of")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(chart.locator(".pointed")).to_have_text(
        re.compile(r"20\.0 to 25\.1 keV: 0\.0\d+ ± 0\.00\d+ counts/s/keV, cutoffpl 0\.0\d+, residual −1\.0 σ")
    )
    page.get_by_role("link", name="Edit and run again").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("cutoffpl")
    expect(page.get_by_label("Energies of ISGRI")).to_have_value("25-200")
    watched.check_access()
    watched.check_telephone()
    page.get_by_role("button", name="Run the fit", exact=True).click()
    page.wait_for_url("**/fit")
    job = httpx.get(f"{watched.base}/api/v1/jobs/{page.url.split('/')[-2]}").json()
    sent = httpx.get(f"{watched.base}/api/v1/requests/{job['request_key']}").json()["parameters"]
    assert sent["settings"] == "cutoffpl.PhoIndex = 1.5 free; cutoffpl.HighECut = 50 [10, 90] frozen"
    assert sent["isgri_range"] == [[25, 200]]


def test_a_fit_whose_answer_was_lost_is_not_made_twice(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="Edit and run again").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("cutoffpl")

    lost: list[str] = []

    def lose(route: Route) -> None:
        # The form asks for its list of models in the same way.
        if lost or '"settings"' not in (route.request.post_data or ""):
            return route.continue_()
        lost.append(str(route.fetch().json()["job_id"]))
        return route.abort()

    page.route("**/api/v1/jobs", lose)
    page.get_by_role("button", name="Run the fit", exact=True).click()
    expect(page.get_by_text("The gateway cannot be reached.")).to_be_visible()
    page.get_by_role("button", name="Run the fit", exact=True).click()
    page.wait_for_url(f"**/jobs/{lost[0]}/fit")
    assert len(httpx.get(f"{watched.base}/api/v1/jobs?product=spectral_fit").json()["jobs"]) == 3
    watched.forgive("net::ERR_FAILED")


def test_two_fits_are_compared(watched: Watched) -> None:
    page = watched.page
    rows = page.get_by_role("group", name="Table of fits").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="cutoffpl")).to_contain_text("HighECut = 50")
    for model in ("cutoffpl", "powerlaw"):
        page.get_by_role("checkbox", name=f"Compare {model}").check()
    beside = page.get_by_role("group", name="Two fits side by side")
    expect(beside.get_by_role("row").filter(has_text="AIC")).to_have_text("AIC13.016.0")
    expect(page.get_by_text("cutoffpl has the lower AIC, by 3.0.")).to_be_visible()
    assert "compare=" in page.url
    watched.check_access()
