"""Alerts through the real mesh by Kafka, and what it says of them out by webhook, Kafka and feed."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.alerts.signatures import sender_of
from infra.stack import kafka_file
from infra.stack.layout import Layout
from odamesh import Mesh
from tests.kafka_cluster import Cluster

_PATIENCE_SECONDS = 90.0


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    """A server that keeps what is posted to it, and takes the first post of each message not."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known = self.headers["webhook-id"] in {headers["webhook-id"] for headers, _ in posts}
            posts.append((dict(self.headers), body))
            self.send_response(204 if known else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    posts: list[tuple[dict[str, str], bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.posts = posts  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def cluster(home: Path, mesh: Mesh) -> Iterator[Cluster]:
    """A cluster of Kafka that the mesh reads and writes."""
    made, layout = Cluster(), Layout.from_environment()
    client = f'"bootstrap.servers" = "{made.address}"\n'
    text = f'[in.drill]\ntopics = ["alerts"]\n[in.drill.client]\n{client}[out]\nprefix = "out."\n[out.client]\n{client}'
    layout.kafka.write_text(text)
    kafka_file.publish(layout)
    yield made
    layout.kafka.unlink()
    kafka_file.publish(layout)


def _command(client: httpx.Client, *words: str) -> str:
    url = str(client.base_url).removesuffix("/api/v1/")
    run = [sys.executable, "-m", "odamesh", "alerts", "webhooks", *words, "--url", url]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_alert_of_kafka_is_answered_by_webhook_kafka_and_feed(
    client: httpx.Client, cluster: Cluster, receiver: Any
) -> None:
    name, number = f"drill-{time.time_ns()}", str(time.time_ns())
    address = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
    secret = json.loads(_command(client, "add", name, address, "--topic", "transient.*", "--json"))["secret"]
    try:
        body = {"mission": "Kafkadrill", "id": [number], "trigger_time": "2026-05-01T00:00:00Z"}
        cluster.send("alerts", json.dumps(body).encode())
        key = f"kafkadrill:{number}"
        deadline = time.monotonic() + _PATIENCE_SECONDS
        told: list[dict[str, Any]] = []
        while len(told) < 2:
            assert time.monotonic() < deadline, f"{len(receiver.posts)} posts came"
            time.sleep(0.2)
            posts = [(headers, json.loads(body), body) for headers, body in receiver.posts]
            mine = [one for one in posts if one[1]["data"].get("event_key") == key]
            told = [one for _, one, _ in mine]
        assert {sender_of(headers, raw, {"mesh": [secret]}) for headers, _, raw in mine} == {"mesh"}
        assert len({headers["webhook-id"] for headers, _, _ in mine}) == 1, "the second is the first one tried again"
        assert told[0]["type"] == "transient.record"
        assert "operations ended" in told[0]["data"]["answer"]
        sent = cluster.find("out.transient.record", key.encode())
        assert json.loads(sent.value())["event_key"] == key
        feed = client.get("/alerts/feed.json").json()
        assert key in [one["_odamesh"]["event_key"] for one in feed["items"]]
        assert client.get(f"/alerts/events/{key}").json()["published"]["transient.record"] == 1
        assert name in _command(client, "list")
    finally:
        _command(client, "remove", name)
