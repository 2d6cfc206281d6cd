"""One request is one trace, from the POST to the product in the store, through every process of the mesh."""

import json
import os
import time
import uuid
from pathlib import Path

import httpx

from infra.stack.endpoints import Endpoints
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows
from tests.trace_collector import Collector, Seen

_PATIENCE_S = 90.0
_TRIES, _PRODUCTS = 4, 2
"""One window is made, one is tried twice, and what there is is merged."""
_GATEWAY = "POST /api/v1/jobs"


def _whole(spans: list[Seen]) -> bool:
    """Say whether everything has arrived: the processes send their spans every few seconds, each by its own clock."""
    ids = {span.span_id for span in spans}
    orphans = [span for span in spans if span.name != _GATEWAY and span.parent_id not in ids]
    handled, stored = ([span for span in spans if span.name == name] for name in ("handle user", "commit"))
    all_there = len(handled) == _TRIES and len(stored) == _PRODUCTS
    return all_there and {"run", _GATEWAY} <= {span.name for span in spans} and not orphans


def test_one_request_is_one_trace(mesh: Mesh, collector: Collector, home: Path) -> None:
    trace_id, windows = uuid.uuid4().hex, drill_windows(2)
    wish = {
        "instrument": "noop",
        "product": "noop",
        "selection": {"scws": windows},
        # One window runs out of memory, which is tried again once.
        "parameters": {"seconds": 1, "behaviour": "memory", "fails": windows[:1], "salt": uuid.uuid4().hex},
    }
    address = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/api/v1/jobs"
    headers = {"traceparent": f"00-{trace_id}-{uuid.uuid4().hex[:16]}-00"}
    job_id = httpx.post(address, json=wish, headers=headers, trust_env=False).raise_for_status().json()["job_id"]
    job = mesh.job(job_id)
    job.wait(progress=False)
    assert job.view.trace_id == trace_id

    spans = collector.trace(trace_id, _whole, _PATIENCE_S)
    by_id = {span.span_id: span for span in spans}

    def way_of(span: Seen) -> list[str]:
        above = by_id.get(span.parent_id)
        return [*(way_of(above) if above else []), f"{span.service}: {span.name}"]

    stored = next(span for span in spans if span.name == "store put products")
    assert way_of(stored) == [
        f"gateway: {_GATEWAY}",
        "gateway: publish mesh.requests",
        "dispatcher: handle request",
        "dispatcher: publish mesh.units",
        "noop: handle user",
        "noop: commit",
        "noop: store put products",
    ]
    assert {"plan window", "plan merge", "wait for a slot", "inputs", "container", "step work", "handle event"} <= {
        span.name for span in spans
    }
    retried = [span for span in spans if "retry" in span.events]
    assert [span.attributes["odamesh.attempt"] for span in retried] == [1]
    again = [span for span in spans if span.name == "handle user" and span.attributes["odamesh.attempt"] == 2]
    assert [span.attributes["odamesh.unit"] for span in again] == [retried[0].attributes["odamesh.unit"]]
    assert again[0].events == ("given up",)

    for service in ("gateway", "dispatcher", "noop"):
        lines = (home / "log" / f"{service}.log").read_text(encoding="utf-8").splitlines()
        assert any(json.loads(line).get("trace_id") == trace_id for line in lines if trace_id in line), service


def test_durations_name_a_trace_as_an_example(mesh: Mesh, collector: Collector) -> None:
    begun, deadline = time.time(), time.monotonic() + _PATIENCE_S
    mesh.noop.noop(scws=drill_windows(1), salt=uuid.uuid4().hex, progress=False)
    with httpx.Client(base_url=Endpoints.from_environment().prometheus_url, trust_env=False, timeout=30) as client:

        def named() -> set[str]:
            query = {"query": "odamesh_unit_seconds_bucket", "start": str(begun), "end": str(time.time() + 1)}
            found = client.get("/api/v1/query_exemplars", params=query).raise_for_status().json()["data"]
            return {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}

        while not named() & {span.trace_id for span in collector.spans}:
            assert time.monotonic() < deadline, named()
            time.sleep(0.5)
