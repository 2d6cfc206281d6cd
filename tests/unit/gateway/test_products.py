"""Products and logs: stable addresses that lead to links."""

from dataclasses import replace

import pytest

from gateway.application import create_app
from mesh.states import UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call, key_of, stage_product, unit_row

_SCW = "201600270010.001"


@pytest.fixture
def job_id(gateway: Gateway) -> str:
    """Make a finished job with a mosaic, one image, and one failed window."""
    job = gateway.submit()
    gateway.records.plan(job, [_SCW, "201600280010.001"])
    gateway.records.move(job, unit_row("image", _SCW, UnitState.CACHED))
    gateway.records.move(job, unit_row("image", "201600280010.001", UnitState.FAILED))
    gateway.records.move(job, unit_row("mosaic", "job", UnitState.DONE))
    gateway.records.finish(job, products=(stage_product("mosaic", "job", {"mosaic 1.fits": "00"}),))
    gateway.products.files = {
        (key_of("mosaic", "job"), "mosaic 1.fits"): b"",
        (key_of("image", _SCW), "image.fits"): b"",
    }
    gateway.products.logs = {key_of("image", _SCW): "größer".encode()}
    return job


_MOSAIC, _IMAGE = key_of("mosaic", "job"), key_of("image", _SCW)


def test_the_result_names_the_address_of_each_file_and_it_redirects(gateway: Gateway, job_id: str) -> None:
    (product,) = gateway.call("GET", f"/jobs/{job_id}").json()["products"]
    url = product["files"][0]["url"]
    assert url == f"/api/v1/jobs/{job_id}/products/mosaic/job/mosaic%201.fits"
    response = gateway.call("GET", url.removeprefix("/api/v1"))
    assert response.status_code == 302
    assert response.headers["Location"] == f"http://store.invalid/{_MOSAIC}/mosaic%201.fits?expires=3600"


def test_the_product_of_a_single_window_is_found_as_well(gateway: Gateway, job_id: str) -> None:
    response = gateway.call("GET", f"/jobs/{job_id}/products/image/{_SCW}/image.fits")
    assert response.headers["Location"].startswith(f"http://store.invalid/{_IMAGE}/image.fits")


def test_a_product_is_found_by_its_key(gateway: Gateway, job_id: str) -> None:
    assert gateway.call("GET", f"/products/{_IMAGE}/image.fits").status_code == 302


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("products/image/201600280010.001/image.fits", "failed"),
        ("products/image/201699990010.001/image.fits", "no unit"),
        ("products/picture/job/image.fits", "image, mosaic"),
        ("products/mosaic/job/none.fits", "no file none.fits"),
        ("units/201600280010.001/log", "no log yet"),
        ("units/201699990010.001/log", "no unit"),
        ("units/20160027/log", "no unit"),
    ],
)
def test_what_is_not_there_is_explained(gateway: Gateway, job_id: str, path: str, said: str) -> None:
    response = gateway.call("GET", f"/jobs/{job_id}/{path}")
    assert response.status_code == 404
    assert said in response.json()["detail"]


@pytest.mark.parametrize("label", [_SCW, "201600270010", f"{_SCW}/log?stage=image"])
def test_the_log_of_a_window_with_or_without_version(gateway: Gateway, job_id: str, label: str) -> None:
    path = label if "/log" in label else f"{label}/log"
    response = gateway.call("GET", f"/jobs/{job_id}/units/{path}")
    assert response.status_code == 200
    assert response.text == "größer"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_many_products_come_page_by_page(gateway: Gateway) -> None:
    job = gateway.submit()
    gateway.records.plan(job, [_SCW])
    every = tuple(stage_product("image", f"w{number}", {"image.fits": "00"}) for number in range(5))
    gateway.records.results[job] = every
    gateway.records.finish(job, products=every[:2], products_total=5)

    assert [product["label"] for product in gateway.call("GET", f"/jobs/{job}").json()["products"]] == ["w0", "w1"]
    page = gateway.call("GET", f"/jobs/{job}/products?limit=3").json()
    assert ([product["label"] for product in page["products"]], page["total"]) == (["w0", "w1", "w2"], 5)
    page = gateway.call("GET", page["next"].removeprefix("/api/v1")).json()
    assert [product["label"] for product in page["products"]] == ["w3", "w4"]
    assert page["next"] is None
    assert page["products"][0]["files"][0]["url"] == f"/api/v1/jobs/{job}/products/image/w3/image.fits"


def test_a_file_can_come_through_the_gateway(gateway: Gateway) -> None:
    gateway.products.files = {(_MOSAIC, "größe 1.fits"): b"x" * 600_000, (_MOSAIC, "preview.png"): b"png"}
    app = create_app(replace(gateway.app.state.parts, files="stream"))
    answer = call(app, "GET", f"/api/v1/products/{_MOSAIC}/gr%C3%B6%C3%9Fe%201.fits")
    assert (answer.status_code, len(answer.content)) == (200, 600_000)
    assert answer.headers["Content-Type"] == "application/fits"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.fits"
    shown = call(app, "GET", f"/api/v1/products/{_MOSAIC}/preview.png")
    assert (shown.headers["Content-Type"], shown.headers["Content-Disposition"][:6]) == ("image/png", "inline")
    assert call(app, "GET", f"/api/v1/products/{_MOSAIC}/other.fits").status_code == 404


def test_a_link_has_the_store_name_the_file(gateway: Gateway) -> None:
    gateway.products.files = {(_MOSAIC, "mosaic.fits"): b""}
    assert gateway.call("GET", f"/products/{_MOSAIC}/mosaic.fits").status_code == 302
    assert gateway.products.dispositions == ["attachment; filename*=UTF-8''mosaic.fits"]
