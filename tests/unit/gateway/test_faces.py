"""Instruments, problems, OpenAPI, probes and metrics."""

from gateway.problem import KINDS
from mesh.errors import StoreUnavailable
from tests.broken_instrument import FAULT, broken
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import call


def test_instruments_come_from_their_files(gateway: Gateway) -> None:
    names = [entry["name"] for entry in gateway.call("GET", "/instruments").json()]
    assert "isgri" in names
    bands = gateway.call("GET", "/instruments/isgri").json()["products"]["isgri_image"]["parameters"]["bands"]
    assert (bands["unit"], bands["default"]) == ("keV", [[20, 40]])
    assert "1000 keV" in bands["allowed"]
    missing = gateway.call("GET", "/instruments/spi")
    assert missing.status_code == 404
    assert "isgri" in missing.json()["detail"]


def test_an_instrument_with_a_mistake_is_left_out_and_named_and_the_others_are_there(gateway: Gateway) -> None:
    with broken("jemx"):
        names = [entry["name"] for entry in gateway.call("GET", "/instruments").json()]
        assert "jemx" not in names
        assert gateway.submit()
        wish = {**BODY, "instrument": "jemx", "product": "jemx_image"}
        refused = gateway.call("POST", "/jobs", json=wish)
        assert (refused.status_code, refused.json()["type"]) == (503, "/api/v1/problems/instrument-unavailable")
        assert "jemx" in refused.json()["detail"]
        assert call(gateway.app, "GET", "/readyz").json()["left_out"] == {"jemx": FAULT}
    assert "left_out" not in call(gateway.app, "GET", "/readyz").json()


def test_every_kind_of_problem_is_explained_at_its_address(gateway: Gateway) -> None:
    for kind in KINDS.values():
        answer = gateway.call("GET", f"/problems/{kind.name}")
        assert answer.json() == {"title": kind.title, "status": kind.status, "advice": kind.advice}
    assert gateway.call("GET", "/problems/none").status_code == 404


def test_unknown_addresses_and_methods_are_problems_too(gateway: Gateway) -> None:
    assert gateway.call("GET", "/nothing").json()["status"] == 404
    refused = gateway.call("PUT", "/jobs")
    assert refused.json()["type"] == "/api/v1/problems/method-not-allowed"
    assert refused.headers["Allow"]


def test_openapi_shows_examples_that_the_gateway_takes(gateway: Gateway) -> None:
    schema = gateway.call("GET", "/openapi.json").json()
    examples = schema["components"]["schemas"]["Submission"]["examples"]
    assert examples
    for example in examples:
        assert gateway.call("POST", "/jobs", json=example).status_code == 201
    assert {"/api/v1/jobs", "/api/v1/jobs/{job_id}/events", "/api/v1/instruments"} <= set(schema["paths"])


def test_probes_say_what_is_missing(gateway: Gateway) -> None:
    assert call(gateway.app, "GET", "/livez").status_code == 200
    assert call(gateway.app, "GET", "/readyz").status_code == 200
    gateway.publisher.ready = False
    gateway.records.error = StoreUnavailable("RedisUnavailable", "refused")
    answer = call(gateway.app, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "broker": "not connected", "store": "does not answer"}
    assert call(gateway.app, "GET", "/livez").status_code == 200


def test_metrics_count_routes_not_addresses(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.call("GET", f"/jobs/{job_id}")
    text = call(gateway.app, "GET", "/metrics").text
    assert 'odamesh_gateway_requests_total{method="GET",route="/api/v1/jobs/{job_id}",status="200"}' in text
    assert 'odamesh_gateway_submissions_total{instrument="isgri",lane="user",product="isgri_image"}' in text
    assert job_id not in text


def test_the_address_alone_says_what_this_is(gateway: Gateway) -> None:
    for path in ("/", "/api/v1"):
        told = call(gateway.app, "GET", path).json()
        assert told["name"] == "odamesh"
        for link in told["links"].values():
            assert call(gateway.app, "GET", link).status_code == 200
        page = call(gateway.app, "GET", path, headers={"Accept": "text/html,*/*"})
        assert page.headers["Content-Type"].startswith("text/html")
        assert "/docs" in page.text
