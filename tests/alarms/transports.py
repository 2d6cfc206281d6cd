"""Causes on the path of alerts: triggers and transports, clusters of Kafka and addresses of webhooks that fail."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from infra.stack import kafka_file
from tests.alarms.again import again_and_again
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.processes import gone
from tests.alarms.servers import refused_by_store
from tests.alarms.surroundings import gateway, post_notice, until_over
from tests.chaos.ground import Ground
from tests.kafka_cluster import Cluster

_TESTS = 4
"""Messages for an endpoint that fails: each is tried five times in the first 81 s."""
_STOPPED_S, _RUNS_S = 0.4, 0.1
_POST_S = 0.5
_BEAT_S = 1.0
_STREAM = "alarm-drill"


@contextmanager
def triggers_gone(ground: Ground) -> Iterator[None]:
    """Have the triggers service away while a notice comes."""
    with gone(ground, "triggers"):
        post_notice()
        yield


@contextmanager
def triggers_refused(ground: Ground) -> Iterator[None]:
    """Have the store refuse the triggers service while a notice comes."""
    with refused_by_store(ground, "triggers"):
        post_notice()
        yield


@contextmanager
def slow_store(ground: Ground) -> Iterator[None]:
    """Have the store answer a fifth of the time while a sender posts its notice again and again."""
    record = ground.stack.store.pid_file.read()
    if record is None:
        msg = "the store is none of this stack's own, and is not to be held up"
        raise LookupError(msg)
    body = json.dumps({"mission": "Alarmdrill", "id": [str(time.time_ns())], "trigger_time": "2026-05-01T00:00:00Z"})

    def hold_up() -> None:
        os.kill(record.pid, signal.SIGSTOP)
        time.sleep(_STOPPED_S)
        os.kill(record.pid, signal.SIGCONT)

    def post() -> None:
        with gateway() as client, suppress(httpx.TransportError):  # which the next one may not meet
            client.post("/alerts", content=body, headers={"Content-Type": "application/json"})

    with again_and_again(hold_up, _RUNS_S), again_and_again(post, _POST_S):
        yield


@contextmanager
def heartbeat_stops(ground: Ground) -> Iterator[None]:
    """Have a cluster send heartbeats, then none, then some again."""
    cluster = Cluster()
    section = f'[in.{_STREAM}]\ntopics = ["alerts"]\nheartbeat = "beats"\n[in.{_STREAM}.client]\n{_at(cluster.address)}'
    with _in_kafka_file(ground, section):
        with again_and_again(lambda: cluster.send("beats", b"{}"), _BEAT_S):
            ground.until(lambda: cluster.committed(f"odamesh-{_STREAM}", "beats") > 0, "a heartbeat", 90, look_s=1.0)
        yield
        with again_and_again(lambda: cluster.send("beats", b"{}"), _BEAT_S):
            until_over(ground, "HeartbeatSilent")


@contextmanager
def cluster_away(ground: Ground) -> Iterator[None]:
    """Read alerts from a cluster that is not there."""
    section = f'[in.{_STREAM}-away]\ntopics = ["alerts"]\n[in.{_STREAM}-away.client]\n{_at(_nobody())}'
    with _in_kafka_file(ground, section):
        yield


@contextmanager
def nothing_sent(ground: Ground) -> Iterator[None]:
    """Send to a cluster that is not there, later to one that is."""
    section = '[out]\nprefix = "drill."\n[out.client]\n'
    with _in_kafka_file(ground, section + _at(_nobody())), gateway() as client:
        event = post_notice()

        def published() -> bool:
            answer = client.get(f"/alerts/events/{event}")
            return answer.status_code == 200 and bool(answer.json()["published"])

        ground.until(published, f"a record of {event}", 90, look_s=1.0)
        yield
    cluster = Cluster()
    with _in_kafka_file(ground, section + _at(cluster.address)):
        until_over(ground, "TransientsNotSent")


@contextmanager
def webhook_refuses(ground: Ground) -> Iterator[None]:
    """Have a registered address answer 500, later take what is posted."""
    with _endpoint(500) as (name, answer_with):
        for _ in range(_TESTS):
            _call("POST", f"/{name}/test")
        yield
        answer_with(204)
        _call("POST", f"/{name}/test")
        until_over(ground, "WebhookFails")


@contextmanager
def webhook_gone(ground: Ground) -> Iterator[None]:
    """Have a registered address answer that it wants nothing more, later enable it again."""
    with _endpoint(410) as (name, answer_with):
        _call("POST", f"/{name}/test")
        yield
        answer_with(204)
        _call("POST", f"/{name}/enable")
        until_over(ground, "WebhookDisabled")


@contextmanager
def _endpoint(status: int) -> Iterator[tuple[str, Callable[[int], None]]]:
    """Register an address with the mesh; yields its name, and what changes its answer."""
    answers = [status]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answers[-1])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    name = f"drill-{time.time_ns()}"
    try:
        _call("POST", "", {"name": name, "url": f"http://127.0.0.1:{server.server_address[1]}/hook"})
        try:
            yield name, answers.append
        finally:
            _call("DELETE", f"/{name}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _call(method: str, place: str, body: dict[str, str] | None = None) -> None:
    with gateway() as client:
        client.request(method, f"/alerts/webhooks{place}", json=body or {}).raise_for_status()


@contextmanager
def _in_kafka_file(ground: Ground, section: str) -> Iterator[None]:
    """Have the operator's file about Kafka say something more for the duration of the block."""
    file = ground.layout.kafka
    existed = file.exists()
    _write(ground, (file.read_text(encoding="utf-8") if existed else "") + section)
    try:
        yield
    finally:
        _write(ground, file.read_text(encoding="utf-8").replace(section, ""))
        if not existed and not file.read_text(encoding="utf-8"):
            file.unlink()


def _write(ground: Ground, text: str) -> None:
    ground.layout.kafka.write_text(text, encoding="utf-8")
    kafka_file.publish(ground.layout)


def _at(address: str) -> str:
    return f'"bootstrap.servers" = "{address}"\n'


def _nobody() -> str:
    """Return an address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


CAUSES = (
    Cause(
        "a cluster for what the mesh says that is not there",
        nothing_sent,
        (Raised("TransientsNotSent", 780, clear_s=300),),
    ),
    Cause("a stream without heartbeats", heartbeat_stops, (Raised("HeartbeatSilent", 200),)),
    # What failed counts for ten minutes.
    Cause("a cluster with alerts that is not there", cluster_away, (Raised("KafkaFails", 400, clear_s=800),)),
    Cause("an address that answers 500", webhook_refuses, (Raised("WebhookFails", 200),)),
    Cause("an address that answers 410", webhook_gone, (Raised("WebhookDisabled", 120),)),
    # Answers of the last five minutes count.
    Cause(
        "a store that answers a fifth of the time",
        slow_store,
        (Raised("AlertAcksSlow", 270, clear_s=500),),
        takes=frozenset({Part.STORE}),
    ),
    Cause(
        "a notice, and a store that refuses triggers",
        triggers_refused,
        (Raised("AlertWithoutRecord", 420),),
        takes=frozenset({Part.TRIGGERS}),
    ),
    Cause(
        "a notice, and triggers killed with its supervisor held",
        triggers_gone,
        (Raised("AlertsNotTakenUp", 150),),
        takes=frozenset({Part.TRIGGERS, Part.SUPERVISOR}),
        also=("ProcessDown",),
    ),
)
