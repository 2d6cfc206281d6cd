"""The permanent link of a request, deletion of jobs, and what the gateway says of things that are gone."""

from mesh.contracts import DeleteJob, EvictedProduct, Job
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import manifest, unit_row

LABEL = "201600270010.001"


def link(gateway: Gateway, job_id: str) -> str:
    """Path of the request of a job, below the interface."""
    return str(gateway.call("GET", f"/jobs/{job_id}").json()["links"]["request"]).removeprefix("/api/v1")


def test_a_job_links_to_what_it_asked_for(gateway: Gateway) -> None:
    path = link(gateway, gateway.submit(parameters={"bands": [[20, 40]]}))

    document = gateway.call("GET", path).json()

    assert document["instrument"] == "isgri"
    assert document["selection"]["scws"] == BODY["selection"]["scws"]  # type: ignore[index]
    assert document["parameters"]["bands"] == [[20, 40]]
    assert document["links"]["jobs"] == f"/api/v1{path}/jobs"


def test_a_request_is_made_again_by_another_user(gateway: Gateway) -> None:
    first = gateway.submit(user="ada")
    gateway.publisher.sent.clear()

    response = gateway.call("POST", f"{link(gateway, first)}/jobs", json={"user": "bob", "lane": "batch"})

    assert response.status_code == 201, response.text
    job = response.json()
    assert (job["user"], job["lane"], job["job_id"] != first) == ("bob", "batch", True)
    assert job["request_key"] == gateway.records.views[first].request_key
    (sent,) = gateway.publisher.sent
    assert isinstance(sent[1], Job)
    assert response.headers["Location"] == f"/api/v1/jobs/{job['job_id']}"


def test_equal_keys_give_one_job(gateway: Gateway) -> None:
    path = link(gateway, gateway.submit())
    headers = {"Idempotency-Key": "k"}
    jobs = {gateway.call("POST", f"{path}/jobs", json={}, headers=headers).json()["job_id"] for _ in range(2)}
    assert len(jobs) == 1


def test_an_instrument_that_has_changed_says_what_it_does_not_take(gateway: Gateway) -> None:
    path = link(gateway, gateway.submit())
    key = path.rsplit("/", 1)[1]
    old = gateway.records.analyses[key]
    gateway.records.analyses[key] = old.model_copy(update={"parameters": {**old.parameters, "pixels": 3}})

    response = gateway.call("POST", f"{path}/jobs", json={})

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "parameters.pixels"


def test_requests_that_nobody_made_are_not_found(gateway: Gateway) -> None:
    for key in ("ab" * 32, "short"):
        for method, path in (("GET", f"/requests/{key}"), ("POST", f"/requests/{key}/jobs")):
            response = gateway.call(method, path, json={})
            assert response.status_code == 404
            assert key in response.json()["detail"]
    assert gateway.call("POST", f"/requests/{'ab' * 32}/jobs", json={"user": "no one"}).status_code == 422


def test_a_job_is_deleted_in_any_state(gateway: Gateway) -> None:
    job_id = gateway.submit()
    for state in (JobState.PENDING, JobState.COMPLETED):
        if state is not JobState.PENDING:
            gateway.records.finish(job_id, state)
        gateway.publisher.sent.clear()
        assert gateway.call("DELETE", f"/jobs/{job_id}", params={"destroy": True}).status_code == 202
        ((key, document, message_id, _),) = gateway.publisher.sent
        assert (key, document, message_id) == ("delete.isgri", DeleteJob(job_id=job_id), job_id)
    assert gateway.call("DELETE", f"/jobs/{'0' * 32}", params={"destroy": True}).status_code == 404


def test_a_deleted_job_says_how_to_have_it_again(gateway: Gateway) -> None:
    job_id = gateway.submit()
    key = gateway.records.views[job_id].request_key
    gateway.records.deleted[job_id] = key

    for path in ("", "/units", f"/products/image/{LABEL}/x", "/events"):
        response = gateway.call("GET", f"/jobs/{job_id}{path}")
        assert response.status_code == 410
        problem = response.json()
        assert problem["request_key"] == key
        assert f"POST /api/v1/requests/{key}/jobs" in problem["detail"]
        assert problem["type"].endswith("/job-deleted")


def test_a_product_that_was_removed_says_so(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, [LABEL])
    row = unit_row("image", LABEL, UnitState.DONE)
    gateway.records.move(job_id, row)
    made = manifest(row.key, {"image.fits": "0" * 64})
    gateway.products.evicted[row.key] = EvictedProduct(manifest=made, reason="no room", evicted="2026-11-22T12:00:00Z")

    response = gateway.call("GET", f"/jobs/{job_id}/products/image/{LABEL}/image.fits")

    assert response.status_code == 410
    assert response.json()["type"].endswith("/product-removed")
    request_key = gateway.records.views[job_id].request_key
    assert f"(no room); POST /api/v1/requests/{request_key}/jobs makes it again" in response.json()["detail"]
    assert gateway.call("GET", f"/products/{row.key}/image.fits").status_code == 410
    assert gateway.call("GET", f"/products/{row.key}").status_code == 410
    assert gateway.call("GET", "/products/never").status_code == 404


def test_a_cached_unit_links_to_the_job_that_made_it(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, [LABEL])
    gateway.records.move(job_id, unit_row("image", LABEL, UnitState.CACHED, cached_from="0" * 32))

    image, mosaic = gateway.call("GET", f"/jobs/{job_id}/units").json()["rows"]

    assert image["made_by"] == f"/api/v1/jobs/{'0' * 32}"
    assert mosaic["made_by"] is None
