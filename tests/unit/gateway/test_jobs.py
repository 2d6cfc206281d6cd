"""Jobs over HTTP: stored before published, found again, listed, cancelled; errors are problem documents."""

import re
from typing import Any

import pytest

from gateway.problem import MEDIA_TYPE
from mesh.contracts import CancelJob, Job
from mesh.errors import BrokerUnavailable, StoreUnavailable
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import unit_row


def test_a_job_is_stored_before_it_is_published_and_published_before_the_answer(gateway: Gateway) -> None:
    response = gateway.call("POST", "/jobs", json={**BODY, "user": "ada", "lane": "batch"})
    assert response.status_code == 201
    job_id = response.json()["job_id"]
    assert response.headers["Location"] == f"/api/v1/jobs/{job_id}" == response.json()["links"]["self"]
    ((key, document, message_id, headers),) = gateway.publisher.sent
    assert key == "submit.isgri"
    assert isinstance(document, Job)
    assert (document.job_id, message_id) == (job_id, job_id)
    assert (headers["x-user"], headers["x-lane"]) == ("ada", "batch")
    assert headers["x-request-id"] == response.headers["X-Request-ID"]
    assert job_id in gateway.publisher.stored_then[0]
    assert gateway.records.analyses[document.request_key].parameters["bands"] == [[20.0, 40.0]]


def test_the_same_idempotency_key_is_the_same_job(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "once"}
    ids = {gateway.call("POST", "/jobs", json=BODY, headers=headers).json()["job_id"] for _ in range(2)}
    assert len(ids) == len(gateway.records.views) == 1
    # Still pending: published again, in case the first message never left.
    assert len(gateway.publisher.sent) == 2


def test_a_planned_job_is_not_published_again(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "once"}
    job_id = gateway.call("POST", "/jobs", json=BODY, headers=headers).json()["job_id"]
    gateway.records.plan(job_id, ["201600270010.001"])
    again = gateway.call("POST", "/jobs", json=BODY, headers=headers)
    assert (again.status_code, again.json()["state"]) == (201, "EXECUTING")
    assert len(gateway.publisher.sent) == 1


def test_an_idempotency_key_of_another_request_is_refused(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "once"}
    gateway.call("POST", "/jobs", json=BODY, headers=headers)
    other = gateway.call("POST", "/jobs", json={**BODY, "parameters": {"bands": [[40, 80]]}}, headers=headers)
    assert other.status_code == 409
    # Another user may use the same key.
    assert gateway.call("POST", "/jobs", json={**BODY, "user": "ada"}, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "kind", "field"),
    [
        ({"instrument": "spi"}, 422, "unknown-instrument", "instrument"),
        ({"product": "isgri_picture"}, 422, "unknown-product", "product"),
        ({"parameters": {"energy": 1}}, 422, "unknown-parameter", "parameters.energy"),
        ({"parameters": {"bands": [[10, 20]]}}, 422, "invalid-parameter", "parameters.bands[0]"),
        ({"selection": {"scws": ["x"]}}, 422, "invalid-selection", "selection.scws[0]"),
        ({"selection": {"windows": ["x"]}}, 422, "invalid-request", "selection.windows"),
        ({"lane": "fast"}, 422, "invalid-request", "lane"),
        ({"user": "no blanks"}, 422, "invalid-request", "user"),
        ({"products": "isgri_image"}, 422, "invalid-request", "products"),
    ],
)
def test_bad_requests_name_the_field(
    gateway: Gateway, change: dict[str, Any], status: int, kind: str, field: str
) -> None:
    response = gateway.call("POST", "/jobs", json={**BODY, **change})
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response.headers["content-type"] == MEDIA_TYPE
    assert problem["type"] == f"/api/v1/problems/{kind}"
    assert problem["errors"][0]["field"] == field
    assert problem["errors"][0]["detail"] in problem["detail"]
    assert gateway.records.views == {}
    assert gateway.publisher.sent == []


def test_a_body_that_is_not_json(gateway: Gateway) -> None:
    response = gateway.call("POST", "/jobs", content=b'{"instrument":', headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["type"] == "/api/v1/problems/malformed"


def test_a_job_whose_message_is_not_confirmed_is_taken_and_says_so(gateway: Gateway) -> None:
    gateway.publisher.error = BrokerUnavailable("NoConfirm", "amqp://gateway:secret@10.0.0.1 does not confirm")
    headers = {"Idempotency-Key": "once"}
    response = gateway.call("POST", "/jobs", json=BODY, headers=headers)
    assert response.status_code == 201
    assert "do not send it again" in response.json()["waits"]
    assert "secret" not in response.text
    assert len(gateway.records.views) == 1
    gateway.publisher.error = None
    assert gateway.call("POST", "/jobs", json=BODY, headers=headers).status_code == 201
    assert len(gateway.records.views) == len(gateway.publisher.sent) == 1


def test_a_cancel_whose_message_is_not_confirmed_answers_503(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.publisher.error = BrokerUnavailable("NoConfirm", "amqp://gateway:secret@10.0.0.1 does not confirm")
    response = gateway.call("DELETE", f"/jobs/{job_id}")
    assert (response.status_code, response.json()["type"]) == (503, "/api/v1/problems/broker-unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert "secret" not in response.text


def test_a_store_out_of_reach_answers_503_and_nothing_is_published(gateway: Gateway) -> None:
    gateway.records.error = StoreUnavailable("RedisUnavailable", "10.0.0.1:6379 refused")
    response = gateway.call("POST", "/jobs", json=BODY)
    assert (response.status_code, response.json()["type"]) == (503, "/api/v1/problems/store-unavailable")
    assert "10.0.0.1" not in response.text
    assert gateway.publisher.sent == []


def test_an_unexpected_error_tells_the_request_id_and_nothing_else(gateway: Gateway) -> None:
    gateway.records.error = RuntimeError("password=secret")
    response = gateway.call("GET", f"/jobs/{'0' * 32}")
    assert response.status_code == 500
    assert response.json()["request_id"]
    assert "secret" not in response.text


@pytest.mark.parametrize("job_id", ["nonsense", "0" * 32])
@pytest.mark.parametrize("rest", ["", "/units", "/events", "/units/job/log", "/products/mosaic/job/mosaic.fits"])
def test_an_unknown_job_is_not_found_everywhere(gateway: Gateway, job_id: str, rest: str) -> None:
    response = gateway.call("GET", f"/jobs/{job_id}{rest}")
    assert response.status_code == 404
    assert response.headers["content-type"] == MEDIA_TYPE
    assert job_id in response.json()["detail"]


def test_a_job_shows_counts_and_links(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, ["201600270010.001", "201600280010.001"])
    gateway.records.move(job_id, unit_row("image", "201600270010.001", UnitState.RUNNING, step="events"))
    document = gateway.call("GET", f"/jobs/{job_id}").json()
    assert document["counts"] == {"running": 1, "queued": 1, "waiting": 1}
    assert document["final"] is False
    assert document["links"]["cancel"] == document["links"]["self"]
    gateway.records.finish(job_id)
    ended = gateway.call("GET", f"/jobs/{job_id}").json()
    assert ended["final"] is True
    assert "cancel" not in ended["links"]


def test_units_are_paged_and_filtered(gateway: Gateway) -> None:
    job_id = gateway.submit()
    labels = [f"2016002{number}0010.001" for number in range(5)]
    gateway.records.plan(job_id, labels)
    gateway.records.move(job_id, unit_row("image", labels[3], UnitState.DONE))
    first = gateway.call("GET", f"/jobs/{job_id}/units?limit=4").json()
    assert [row["label"] for row in first["rows"]] == labels[:4]
    assert first["total"] == 6
    rest = gateway.call("GET", first["next"].removeprefix("/api/v1")).json()
    assert [row["label"] for row in rest["rows"]] == [labels[4], "job"]
    assert rest["next"] is None
    some = gateway.call("GET", f"/jobs/{job_id}/units?state=done&state=waiting").json()
    assert [row["label"] for row in some["rows"]] == [labels[3], "job"]
    assert gateway.call("GET", f"/jobs/{job_id}/units?state=odd").status_code == 422


def test_jobs_are_listed_by_user_newest_first_in_pages(gateway: Gateway) -> None:
    ids = [gateway.submit(user="ada" if number % 2 else "eve") for number in range(5)]
    page = gateway.call("GET", "/jobs?limit=3").json()
    assert [job["job_id"] for job in page["jobs"]] == ids[:1:-1]
    rest = gateway.call("GET", page["next"].removeprefix("/api/v1")).json()
    assert [job["job_id"] for job in rest["jobs"]] == [ids[1], ids[0]]
    assert rest["next"] is None
    assert [job["job_id"] for job in gateway.call("GET", "/jobs?user=ada").json()["jobs"]] == [ids[3], ids[1]]


@pytest.mark.parametrize("state", [JobState.PENDING, JobState.QUEUED, JobState.EXECUTING])
def test_a_job_can_be_cancelled_in_every_phase(gateway: Gateway, state: JobState) -> None:
    job_id = gateway.submit()
    gateway.records.views[job_id] = gateway.records.views[job_id].model_copy(update={"state": state})
    response = gateway.call("DELETE", f"/jobs/{job_id}")
    assert response.status_code == 202
    key, document, _, _ = gateway.publisher.sent[-1]
    assert key == "cancel.isgri"
    assert document == CancelJob(job_id=job_id)


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.ERROR, JobState.ABORTED])
def test_an_ended_job_cannot_be_cancelled(gateway: Gateway, state: JobState) -> None:
    job_id = gateway.submit()
    gateway.records.finish(job_id, state)
    response = gateway.call("DELETE", f"/jobs/{job_id}")
    assert (response.status_code, response.json()["type"]) == (409, "/api/v1/problems/job-final")
    assert state.value in response.json()["detail"]
    assert len(gateway.publisher.sent) == 1


def test_every_answer_has_a_request_id_and_a_harmless_one_is_kept(gateway: Gateway) -> None:
    assert gateway.call("GET", "/jobs", headers={"X-Request-ID": "my-id.1"}).headers["X-Request-ID"] == "my-id.1"
    strange = gateway.call("GET", "/jobs", headers={"X-Request-ID": 'a"b c'}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", strange)


def test_messages_are_steps_in_the_callers_trace(gateway: Gateway) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    for given in (f"00-{trace}-{parent}-01", "nonsense"):
        gateway.call("POST", "/jobs", json=BODY, headers={"traceparent": given})
    mine, new = gateway.publisher.places
    assert mine.startswith(f"00-{trace}-")
    assert parent not in mine
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", new), "nothing is traced here: others need not record it"
    assert trace not in new


def test_the_key_of_a_deleted_job_answers_410(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "once"}
    job = gateway.call("POST", "/jobs", json=BODY, headers=headers).json()
    gateway.records.deleted[job["job_id"]] = job["request_key"]
    again = gateway.call("POST", "/jobs", json=BODY, headers=headers)
    assert (again.status_code, again.json()["request_key"]) == (410, job["request_key"])


def test_a_draft_is_started_at_its_link_and_what_was_sent_is_told(gateway: Gateway) -> None:
    body = {**BODY, "product": "image", "draft": True, "labels": ["mine"]}
    job = gateway.call("POST", "/jobs", json=body).json()
    assert (job["draft"], job["labels"], job["product"], job["face"]) == (True, ["mine"], "isgri_image", "api")
    assert gateway.publisher.sent == []
    assert gateway.call("GET", f"/jobs/{job['job_id']}/asked").json() == body
    started = gateway.call("POST", job["links"]["start"].removeprefix("/api/v1"))
    assert (started.status_code, started.json()["draft"]) == (202, False)
    assert "start" not in started.json()["links"]
    assert len(gateway.publisher.sent) == 1
    gateway.records.finish(job["job_id"])
    ended = gateway.call("POST", job["links"]["start"].removeprefix("/api/v1"))
    assert (ended.status_code, ended.json()["type"]) == (409, "/api/v1/problems/job-final")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("instrument=isgri", [2, 0]),
        ("product=spi_acs_lc", [1]),
        ("state=COMPLETED", [0]),
        ("state=COMPLETED&state=PENDING&instrument=isgri", [2, 0]),
        ("partial=true", [2]),
        ("partial=false", [1, 0]),
        ("since=2200-01-01T00:00:00", []),
        ("until=2000-01-01T00:00:00", []),
        ("since=2000-01-01T00:00:00&until=2200-01-01", [2, 1, 0]),
    ],
)
def test_a_list_of_jobs_can_be_narrowed(gateway: Gateway, query: str, found: list[int]) -> None:
    day = {"time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}}
    ids = [
        gateway.submit(),
        gateway.submit(instrument="spiacs", product="spi_acs_lc", selection=day),
        gateway.submit(),
    ]
    gateway.records.plan(ids[0], ["201600270010.001"])
    gateway.records.finish(ids[0])
    gateway.records.views[ids[2]] = gateway.records.views[ids[2]].model_copy(update={"partial": True})
    told = gateway.call("GET", f"/jobs?{query}").json()
    assert ([job["job_id"] for job in told["jobs"]], told["next"]) == ([ids[place] for place in found], None)


def test_a_narrowed_list_goes_on_where_it_ended(gateway: Gateway) -> None:
    ids = [gateway.submit() for _ in range(5)]
    first = gateway.call("GET", "/jobs?instrument=isgri&limit=2").json()
    rest = gateway.call("GET", first["next"].removeprefix("/api/v1")).json()
    assert [job["job_id"] for job in first["jobs"] + rest["jobs"]] == ids[:0:-1]


def test_a_limit_of_time_that_is_none_is_told_with_its_field(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/jobs?since=yesterday")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "since")
