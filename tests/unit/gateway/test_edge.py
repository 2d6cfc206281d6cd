"""What comes in at the edge is bounded and is answered with a sentence, whatever it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.open_streams import OpenStreams
from gateway.parts import Parts
from gateway.problem import Refusal
from gateway.settings import GatewaySettings
from mesh.intake import Limits
from mesh.settings import Settings
from tests.unit.gateway.conftest import BODY, Gateway
from tests.unit.gateway.doubles import call

_JSON = {"Content-Type": "application/json"}


def _with(gateway: Gateway, **change: Any) -> FastAPI:
    parts: Parts = gateway.app.state.parts
    return create_app(replace(parts, **change))


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b" " * 1000


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_body_has_an_end(gateway: Gateway, *, announced: bool) -> None:
    app = _with(gateway, limits=Limits(body_bytes=10_000))
    content = b" " * 20_000 if announced else _chunks(20_000)
    answer = call(app, "POST", "/api/v1/jobs", content=content, headers=_JSON)
    assert (answer.status_code, answer.json()["type"]) == (413, "/api/v1/problems/too-large")
    assert call(app, "POST", "/api/v1/jobs", json=BODY).status_code == 201


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{", b"{", b'{"instrument": ' + b"1" * 5000 + b"}", b""],
    ids=["lists", "objects", "not UTF-8", "cut", "digits", "nothing"],
)
def test_a_body_that_cannot_be_read_is_a_problem_of_a_known_kind(gateway: Gateway, content: bytes) -> None:
    answer = gateway.call("POST", "/jobs", content=content, headers=_JSON)
    assert answer.status_code in {400, 422}
    assert answer.json()["type"].startswith("/api/v1/problems/")


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"detection_threshold": 10**400}},
        {"parameters": {"detection_threshold": [[[[]]]]}},
        {"parameters": {"\ud800": 1}},
        {"parameters": {"bands": "\ud800"}},
        {"\ud800": 1},
        {"selection": {"scws": ["\ud800"]}},
        {"selection": {"scws": [1] * 100_000}},
        {"selection": {"time": {"t1": "2018-01-01T00:00:00", "t2": "9999-12-31T23:59:59-12:00"}}},
        {"selection": {"time": {"t1": "2018-01-01T00:00:00", "t2": "x" * 100_000}}},
        {"selection": {**BODY["selection"], "max_pointings": 10**400}},  # type: ignore[dict-item]
        {"selection": {"scws": ["x" * 100_000]}},
        {"labels": ["x"] * 17},
        {"instrument": "x" * 100_000},
        {"user": "x" * 100_000},
    ],
    ids=lambda change: json.dumps(change)[:50],
)
def test_values_at_the_edge_are_refused_in_a_few_words(gateway: Gateway, change: dict[str, Any]) -> None:
    answer = gateway.call("POST", "/jobs", content=json.dumps({**BODY, **change}), headers=_JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("sent", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_that_is_not_declared_as_json_says_how_to_declare_it(gateway: Gateway, sent: str | None) -> None:
    headers = {"Content-Type": sent} if sent else {}
    answer = gateway.call("POST", "/jobs", content=json.dumps(BODY), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/api/v1/problems/not-json")
    assert "-H 'Content-Type: application/json'" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        f"/jobs/{'0' * 32}/units?offset={2**63}",
        f"/jobs/{'0' * 32}/products?offset={10**30}",
        "/jobs?limit=99999999999999999999",
        "/products/%2e%2e/x",
        f"/products/{'0' * 64}/%2e%2e",
        f"/products/{'0' * 64}/a%00b",
        f"/products/{'0' * 300}",
        "/products/%00",
        f"/jobs/{'0' * 32}/products/mosaic/job/a%00b",
        f"/requests/{'0' * 64}%0a",
    ],
)
def test_addresses_at_the_edge_are_refused_before_the_store_is_asked(gateway: Gateway, path: str) -> None:
    gateway.products.link = gateway.products.read = None  # type: ignore[method-assign, assignment]
    answer = gateway.call("GET", path)
    assert answer.status_code in {404, 422}
    assert answer.json()["type"].startswith("/api/v1/problems/")


@pytest.mark.parametrize("position", ["99999999999999999999-0", "1-99999999999999999999", "-", "1-0\u00b2"])
def test_a_position_beyond_the_stream_starts_afresh(gateway: Gateway, position: str) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, ["201600270010.001"])
    gateway.records.finish(job_id)
    fresh = gateway.call("GET", f"/jobs/{job_id}/events?table=true")
    answer = gateway.call(
        "GET", f"/jobs/{job_id}/events?table=true", headers={"Last-Event-ID": position.encode("latin-1")}
    )
    assert answer.text.count("event: units") == fresh.text.count("event: units") == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("mesh.example:80", 200),
        ("evil.example", 421),
        ("", 421),
    ],
)
def test_a_name_that_is_not_the_gateways_is_refused(gateway: Gateway, host: str, status: int) -> None:
    app = _with(gateway, hosts=frozenset({"localhost", "mesh.example"}))
    assert call(app, "GET", "/livez", headers={"Host": host}).status_code == status


def test_on_loopback_only_its_own_names_count_unless_others_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = Settings()
    assert GatewaySettings(mesh=mesh).host_names == frozenset({"localhost"})
    assert GatewaySettings(mesh=mesh, host="0.0.0.0").host_names is None  # noqa: S104  # what an operator may write
    monkeypatch.setenv("ODAMESH_GATEWAY_HOSTS", "mesh.example, other.example")
    assert GatewaySettings(mesh=mesh).host_names == frozenset({"localhost", "mesh.example", "other.example"})


def test_streams_have_an_end_in_all_and_for_each_address() -> None:
    streams = OpenStreams(Limits(streams=3, streams_a_caller=2))
    with streams.counted("a"), streams.counted("a"):
        with pytest.raises(Refusal, match="A has 2 streams open"):
            streams.check("a")
        streams.check("b")
        with streams.counted("b"), pytest.raises(Refusal, match="3 streams open"):
            streams.check("c")
    streams.check("a")


def test_a_stream_is_counted_while_it_is_open(gateway: Gateway) -> None:
    app = _with(gateway, limits=Limits(streams=1))
    job_id = gateway.submit()

    async def second_stream() -> int:
        with app.state.parts.streams.counted("somebody"):
            answer = await asyncio.to_thread(call, app, "GET", f"/api/v1/jobs/{job_id}/events")
            return answer.status_code

    assert asyncio.run(second_stream()) == 429
    gateway.records.finish(job_id)
    for _ in range(2):
        assert call(app, "GET", f"/api/v1/jobs/{job_id}/events").status_code == 200


def test_a_method_of_a_callers_own_makes_no_label(gateway: Gateway) -> None:
    call(gateway.app, "BREW", "/nowhere")
    text = call(gateway.app, "GET", "/metrics").text
    assert 'method="other"' in text
    assert "BREW" not in text


def test_what_nobody_expected_is_a_problem_and_the_server_sees_no_exception(gateway: Gateway) -> None:
    """An exception that reached the server would make it drop the connection behind the answer."""
    gateway.records.error = RuntimeError("password=secret")
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/api/v1/jobs/{'0' * 32}",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "server": ("x", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    asyncio.run(gateway.app(scope, receive, send))
    assert sent[0]["status"] == 500
    assert b"secret" not in sent[1]["body"]


def test_a_long_address_is_not_repeated_at_length(gateway: Gateway) -> None:
    job_id, long = gateway.submit(), "a" * 20_000
    for path in (
        f"/jobs/{job_id}/products/{long}/{long}/x",
        f"/{long}",
        f"/jobs/{job_id}/units/{long}/log?stage={long}",
    ):
        answer = gateway.call("GET", path)
        assert answer.status_code == 404
        assert len(answer.content) < 8_000
