"""Queries of tables as jobs: whose they are, and what several gateways make of them."""

import threading
import time
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from gateway.application import create_app
from gateway.vo.tap import database, jobs
from gateway.vo.tap.jobs import ENDED
from mesh.store.queries import Query
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import Guarded
from tests.unit.gateway.vo.test_tables import finished

_IDS = "SELECT DISTINCT obs_id FROM ivoa.obscore"
_ENDLESS = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS c{number}" for number in range(6))


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def _made(gateway: Guarded, query: str) -> str:
    form = {"LANG": "ADQL", "QUERY": query}
    made = gateway.call("POST", "/vo/tap/async", "ada", whole=True, data=form)
    return str(made.headers["Location"].rpartition("/")[2])


def _ended(gateway: Guarded, job_id: str) -> Query:
    """Wait for the end of a query."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        query = gateway.queries.kept[job_id]
        if query.phase in ENDED:
            return query
        time.sleep(0.01)
    raise AssertionError(query.phase)


def _until_it_runs(gateway: Guarded, job_id: str) -> None:
    end = time.monotonic() + 20
    while gateway.queries.kept[job_id].phase != "EXECUTING":
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_query_as_a_job_belongs_to_who_made_it(gateway: Guarded) -> None:
    ada = finished(gateway, "ada")

    def call(method: str, path: str, who: str | None, **options: Any) -> httpx.Response:
        return gateway.call(method, f"/vo/tap/async{path}", who, whole=True, **options)

    made = call("POST", "", "ada", data={"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": _IDS, "RUNID": "r"})
    place = "/" + made.headers["Location"].rpartition("/")[2]
    assert call("GET", f"{place}/phase", "ada").text == "PENDING"
    assert call("GET", place, "bob").status_code == 404
    assert call("DELETE", place, None).status_code == 404
    assert call("GET", f"{place}/results/result", "ada").status_code == 404
    call("POST", f"{place}/phase", "ada", data={"PHASE": "RUN"})
    assert ElementTree.fromstring(call("GET", f"{place}?WAIT=30&PHASE=QUEUED", "ada").content) is not None  # noqa: S314
    _ended(gateway, place[1:])
    assert ada in call("GET", f"{place}/results/result", "ada").text
    assert call("GET", f"{place}/results/result", "bob").status_code == 404
    assert call("POST", f"{place}/parameters", "ada", data={"QUERY": "SELECT 1"}).status_code == 409
    again = call("POST", "", "ada", data={"LANG": "ADQL", "QUERY": "SELECT nothing FROM ivoa.obscore"})
    other = "/" + again.headers["Location"].rpartition("/")[2]
    assert call("POST", f"{other}/parameters", "ada", data={"QUERY": "SELECT 1"}).status_code == 303
    listed = ElementTree.fromstring(call("GET", "", "ada").content)  # noqa: S314
    assert ["/" + job.attrib["id"] for job in listed] == [other, place]
    assert len(ElementTree.fromstring(call("GET", "", "bob").content)) == 0  # noqa: S314
    call("POST", f"{other}/phase", "ada", data={"PHASE": "ABORT"})
    assert call("GET", f"{other}/phase", "ada").text == "ABORTED"
    assert "cancelled" in call("GET", f"{other}/error", "ada").text
    call("DELETE", other, "ada")
    assert call("GET", other, "ada").status_code == 404


def test_queries_of_one_caller_have_an_end(gateway: Guarded) -> None:
    form = {"LANG": "ADQL", "QUERY": _IDS}
    found = [gateway.call("POST", "/vo/tap/async", "ada", whole=True, data=form).status_code for _ in range(51)]
    assert found == [303] * 50 + [429]
    assert gateway.call("POST", "/vo/tap/async", "bob", whole=True, data=form).status_code == 303


def test_every_gateway_knows_a_query_and_one_runs_it(gateway: Guarded) -> None:
    finished(gateway, "ada")
    other = create_app(replace(gateway.app.state.parts))
    job_id = _made(gateway, _IDS)
    headers = {"Authorization": f"Bearer {gateway.tokens['ada']}"}

    def there(method: str, path: str, **options: Any) -> httpx.Response:
        return call(other, method, f"/vo/tap/async/{job_id}{path}", headers=headers, **options)

    assert there("GET", "/phase").text == "PENDING"
    assert there("POST", "/phase", data={"PHASE": "RUN"}).status_code == 303
    gateway.call("POST", f"/vo/tap/async/{job_id}/phase", "ada", whole=True, data={"PHASE": "RUN"})
    assert _ended(gateway, job_id).phase == "COMPLETED"
    answers = [gateway.call("GET", f"/vo/tap/async/{job_id}/results/result", "ada", whole=True)]
    answers.append(there("GET", "/results/result"))
    assert answers[0].content == answers[1].content
    assert answers[0].headers["Content-Type"] == "application/x-votable+xml"


def test_a_query_that_is_cancelled_elsewhere_ends_at_once(gateway: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_ASK_SECONDS", 0.01)
    job_id = _made(gateway, _ENDLESS)
    ended = threading.Event()
    run = database.run

    def told(*args: Any) -> Any:
        try:
            return run(*args)
        finally:
            ended.set()

    monkeypatch.setattr("gateway.vo.tap.query.run", told)
    gateway.call("POST", f"/vo/tap/async/{job_id}/phase", "ada", whole=True, data={"PHASE": "RUN"})
    _until_it_runs(gateway, job_id)
    elsewhere = jobs.QueryJobs(gateway.queries)
    elsewhere.abort(gateway.queries.kept[job_id])
    elsewhere.stop()
    assert ended.wait(database.SECONDS / 2)
    assert (gateway.queries.kept[job_id].phase, gateway.queries.kept[job_id].size) == ("ABORTED", 0)
    assert job_id not in gateway.queries.tables


@pytest.mark.parametrize("phase", ["QUEUED", "EXECUTING"])
def test_a_query_that_its_gateway_left_has_failed_and_says_what_to_do(gateway: Guarded, phase: str) -> None:
    job_id = _made(gateway, _IDS)
    begun = {"phase": phase, "started": "2026-01-01T00:00:00+00:00"}
    gateway.queries.change(job_id, frozenset({"PENDING"}), begun)
    answer = gateway.call("GET", f"/vo/tap/async/{job_id}?WAIT=-1", "ada", whole=True)
    assert "send the query again" in answer.text
    assert gateway.queries.kept[job_id].phase == "ERROR"


def test_a_gateway_that_stops_ends_its_queries(gateway: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_ASK_SECONDS", 0.01)
    job_id = _made(gateway, _ENDLESS)
    gateway.call("POST", f"/vo/tap/async/{job_id}/phase", "ada", whole=True, data={"PHASE": "RUN"})
    _until_it_runs(gateway, job_id)
    gateway.app.state.parts.queries.stop()
    query = gateway.queries.kept[job_id]
    assert (query.phase, "was stopped" in query.error) == ("ERROR", True)


def test_a_table_that_is_too_large_to_be_kept_says_so(gateway: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MOST_BYTES", 100)
    job_id = _made(gateway, "SELECT * FROM tap_schema.columns")
    gateway.call("POST", f"/vo/tap/async/{job_id}/phase", "ada", whole=True, data={"PHASE": "RUN"})
    assert "/vo/tap/sync" in _ended(gateway, job_id).error
