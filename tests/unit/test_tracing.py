"""Traces: one place in a trace goes along with calls and messages, and spans cost nothing where nobody takes them."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mesh import tracing
from mesh.broker.outgoing import Outgoing
from mesh.broker.publisher import Publisher
from mesh.settings import BrokerSettings
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import call
from tests.unit.gateway.guarded import Guarded

_TRACE, _PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_PLACE = {tracing.HEADER: f"00-{_TRACE}-{_PARENT}-01"}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    tracing.start("", 1.0, "test", processor=SimpleSpanProcessor(kept))
    yield kept
    tracing.stop()


def _named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


class _Sent(Publisher):
    """A publisher whose broker takes everything."""

    def __init__(self) -> None:
        super().__init__(BrokerSettings(host="h", port=1, user="u", password="p"), name="test")  # noqa: S106
        self.headers: list[dict[str, Any]] = []

    def _send(self, waiting: Any) -> None:
        self.headers += [dict(message.headers) for message in waiting]


def _message(**headers: str) -> Outgoing:
    return Outgoing("mesh.units", "isgri.user", b"", "s", "m", headers=headers)


def test_without_a_collector_ids_go_along_and_no_span_is_made() -> None:
    assert not tracing.on()
    assert tracing.here() == ""
    publisher = _Sent()
    with tracing.request(_PLACE, "GET") as span, tracing.step("plan"), tracing.call("store get"):
        assert not span.is_recording()
        assert tracing.ids()["trace_id"] == _TRACE
        assert tracing.ids()["span_id"] != _PARENT
        assert tracing.exemplar() is None
        publisher.publish_many([_message()])
        here = tracing.here()
    with tracing.message(publisher.headers[0], "handle unit"):
        assert tracing.here() == here
    assert tracing.here() == ""


@pytest.mark.parametrize(
    "told", ["", "nonsense", f"00-{'0' * 32}-{_PARENT}-01", f"ff-{_TRACE}-{_PARENT}-01", "0" * 5000]
)
def test_what_is_no_place_in_a_trace_begins_a_new_one(told: str) -> None:
    with tracing.request({tracing.HEADER: told}, "GET"):
        assert tracing.ids()["trace_id"] not in {"", _TRACE}
    with tracing.message({tracing.HEADER: told}, "handle unit"):
        assert tracing.here() == ""


def test_a_call_is_a_parent_of_what_it_publishes_and_of_its_handlers(spans: InMemorySpanExporter) -> None:
    publisher = _Sent()
    with tracing.request(_PLACE, "POST"):
        publisher.publish_many([_message()])
        assert tracing.exemplar() == {"trace_id": _TRACE}
    with tracing.message(publisher.headers[0], "handle unit"), tracing.step("container"):
        tracing.happened("retry", attempt=1)
        with tracing.call("store put products"):
            pass
        tracing.record("step image", time.time_ns() - 10**9, time.time_ns())
    named = _named(spans)
    chain = ["POST", "publish mesh.units", "handle unit", "container", "step image"]
    for parent, child in pairwise(chain):
        found = named[child].parent
        assert found is not None
        assert found.span_id == named[parent].context.span_id, (parent, child)
    assert {span.context.trace_id for span in named.values()} == {int(_TRACE, 16)}
    assert [event.name for event in named["container"].events] == ["retry"]


def test_a_message_that_has_a_place_keeps_its_trace(spans: InMemorySpanExporter) -> None:
    publisher = _Sent()
    with tracing.request({}, "POST"):
        publisher.publish_many([_message(traceparent=_PLACE[tracing.HEADER])])
    assert publisher.headers[0][tracing.HEADER].split("-")[1] == _TRACE
    assert publisher.headers[0][tracing.HEADER].split("-")[2] != _PARENT
    assert len(spans.get_finished_spans()) == 2


def test_a_share_of_the_traces_is_sent_and_all_processes_agree_which() -> None:
    kept = InMemorySpanExporter()
    tracing.start("", 0.0, "test", processor=SimpleSpanProcessor(kept))
    try:
        with tracing.request(_PLACE, "GET"), tracing.step("plan"):
            assert tracing.exemplar() is None, "an example that nobody can look at is none"
            assert tracing.here().startswith(f"00-{_TRACE}-")
    finally:
        tracing.stop()
    assert not kept.get_finished_spans()


def test_a_span_of_a_request_names_its_route_and_none_of_its_arguments(spans: InMemorySpanExporter) -> None:
    gateway = Guarded()
    answer = call(gateway.app, "GET", f"/api/v1/jobs/{'1' * 32}?password=very-secret")
    assert answer.status_code == 404
    named = _named(spans)
    assert dict(named["GET /api/v1/jobs/{job_id}"].attributes or {})["http.response.status_code"] == 404
    told = " ".join(f"{span.name} {dict(span.attributes or {})}" for span in named.values())
    assert "very-secret" not in told
    assert "1" * 32 not in told


def test_a_submission_is_published_in_its_trace(spans: InMemorySpanExporter) -> None:
    gateway = Guarded()
    gateway.call("POST", "/jobs", "ada", json=BODY, headers=_PLACE)
    assert gateway.publisher.places[-1].split("-")[1] == _TRACE
    assert {span.context.trace_id for span in spans.get_finished_spans()} == {int(_TRACE, 16)}
