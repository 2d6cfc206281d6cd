"""A real nginx, as `odamesh stack edge` sets it up, before a gateway: TLS, prefix, streams and limits."""

import gc
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import matplotlib as mpl
import pytest
from typer.testing import CliRunner

from gateway.application import create_app
from gateway.parts import Parts
from gateway.settings import GatewaySettings
from infra.commands import stack as stack_command
from infra.edge.nginx import Edge, configuration
from infra.stack import mesh_processes
from infra.stack.problem import SetupProblem
from infra.stack.stack import Stack
from mesh.states import UnitState
from tests.certificate import self_signed
from tests.fuzz.served import served
from tests.integration.infra.conftest import free_ports
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    log_nothing,
    unit_row,
)

_PREFIX = "/odamesh"
_LIMIT = 8 << 20
_HEARD_S = 3.0
"""How long a backend waits for the first event to be heard."""


@dataclass(frozen=True)
class Front:
    """An nginx that runs, and what is behind it."""

    url: str
    plain: str
    trust: ssl.SSLContext
    edge: Edge
    records: MemoryRecords

    def client(self) -> httpx.Client:
        """Return a client that trusts the certificate."""
        return httpx.Client(base_url=self.url, verify=self.trust, trust_env=False, timeout=30, http2=False)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    if shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("not installed: nginx-light; `odamesh stack up` installs it for tests")
    log_nothing()
    directory = tmp_path_factory.mktemp("edge")
    certificate, key = self_signed(directory)
    records = MemoryRecords()
    parts = Parts(
        records=records,
        products=MemoryProducts(),
        publisher=RecordingPublisher(records),
        quota=MemoryQuota().quota,
        query_records=MemoryQueries(),
        hosts=frozenset({"localhost"}),
        prefix=_PREFIX,
    )
    port, plain_port = free_ports(2)
    with served(create_app(parts), GatewaySettings().proxies) as gateway:
        edge = Edge("localhost", certificate, key, gateway, _LIMIT, directory, port, plain_port, _PREFIX)
        trust = ssl.create_default_context(cafile=str(certificate))
        url = f"https://localhost:{port}"
        with _nginx(edge):
            yield Front(url, f"http://localhost:{plain_port}", trust, edge, records)


@contextmanager
def _nginx(edge: Edge, *, buffering: bool = False) -> Iterator[None]:
    file = edge.directory / "nginx.conf"
    text = configuration(edge)
    if buffering:
        assert "proxy_buffering off;" in text
        text = text.replace("proxy_buffering off;", "proxy_buffering on;")
    file.write_text(text, encoding="utf-8")
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    checked = subprocess.run([nginx, "-t", "-c", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr, checked.stderr
    running = subprocess.Popen([nginx, "-c", str(file), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not (edge.directory / "nginx.pid").exists() or not (edge.directory / "nginx.pid").read_text():
            assert running.poll() is None, (edge.directory / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        running.terminate()
        running.wait(20)


def test_links_of_answers_lead_through_the_edge(front: Front) -> None:
    with front.client() as client:
        made = client.post(f"{_PREFIX}/api/v1/jobs", json=BODY)
        assert made.status_code == 201, made.text
        link = made.json()["links"]["self"]
        assert link.startswith(f"{_PREFIX}/api/v1/jobs/")
        assert client.get(link).json()["job_id"] == made.json()["job_id"]
        assert client.get("/api/v1/jobs").status_code == 404, "outside of the prefix is nothing"


def test_headers_of_safety_are_on_every_answer(front: Front) -> None:
    with front.client() as client:
        for path in (f"{_PREFIX}/api/v1/instruments", f"{_PREFIX}/api/v1/jobs/none", "/elsewhere"):
            answer = client.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert "nginx/" not in answer.headers["server"], path


@pytest.mark.parametrize("path", ["metrics", "livez", "readyz"])
def test_figures_and_probes_stay_inside(front: Front, path: str) -> None:
    with front.client() as client:
        assert client.get(f"{_PREFIX}/{path}").status_code == 404
        assert client.get(f"{_PREFIX}//{path}").status_code == 404


def test_another_name_is_not_served(front: Front) -> None:
    with front.client() as client:
        answer = client.get(f"{_PREFIX}/api/v1/instruments", headers={"Host": "evil.example"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith("unknown-host")


def test_a_caller_cannot_say_from_where_it_comes(front: Front, tmp_path: Path) -> None:
    heard: list[dict[str, str]] = []

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (port,) = free_ports(1)
    edge = replace(front.edge, gateway=server.server_port, port=port, plain_port=0, directory=tmp_path)
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"}
    try:
        for trusted, seen in (((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.7")):
            with _nginx(replace(edge, trusted=trusted)), httpx.Client(verify=front.trust, trust_env=False) as client:
                client.get(f"https://localhost:{port}{_PREFIX}/x", headers=told)
            assert heard[-1]["x-forwarded-for"] == seen, "only a balancer that the operator trusts is believed"
            assert heard[-1]["x-forwarded-proto"] == "https"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_oda_api_works_through_the_edge_below_a_path(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    mpl.use("Agg")
    from oda_api.api import DispatcherAPI  # noqa: PLC0415 - draws when it is imported

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(front.edge.certificate))
    api = DispatcherAPI(url=f"{front.url}{_PREFIX}/dispatch-data")
    assert {"isgri", "jemx", "spi_acs", "polar"} <= set(api.get_instruments_list())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_pyvo_works_through_the_edge_below_a_path(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyvo.dal import AsyncTAPJob, TAPService  # noqa: PLC0415 - astropy takes its time

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(front.edge.certificate))
    root = f"{front.url}{_PREFIX}/vo"
    service = TAPService(f"{root}/tap")
    assert "ivoa.obscore" in service.tables
    addresses = [url.content for one in service.capabilities for way in one.interfaces for url in way.accessurls]
    assert addresses
    assert all(address.startswith(f"{root}/tap") for address in addresses), addresses
    query = "SELECT table_name FROM TAP_SCHEMA.tables"
    assert "ivoa.obscore" in set(service.run_sync(query)["table_name"])
    job = service.submit_job(query)
    assert job.url.startswith(f"{root}/tap/async/")
    job.run().wait()
    assert "ivoa.obscore" in set(job.fetch_result()["table_name"])
    job.delete()
    made = AsyncTAPJob.create(f"{root}/isgri/isgri_image", "", SCWS="201600270010", BANDS="20-40")
    assert made.url.startswith(f"{root}/isgri/isgri_image/async/")
    assert made.phase == "PENDING"
    gc.collect()  # pyvo leaves connections open


def test_a_long_body_is_refused(front: Front) -> None:
    with front.client() as client:
        answer = client.post(f"{_PREFIX}/api/v1/jobs", content=b"x" * (_LIMIT + 1))
        assert answer.status_code == 413


def test_events_come_one_by_one(front: Front) -> None:
    """Each step of a job is played once the one before was told: what keeps an event back keeps all that follow."""
    with front.client() as client:
        job = client.post(f"{_PREFIX}/api/v1/jobs", json=BODY).json()["job_id"]
        label = "201600270010.001"
        steps: list[Callable[[], None]] = [
            lambda: front.records.plan(job, [label]),
            lambda: front.records.move(job, unit_row("image", label, UnitState.DONE)),
            lambda: front.records.finish(job),
        ]
        told: list[str] = []
        with client.stream("GET", f"{_PREFIX}/api/v1/jobs/{job}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    told.append(line.removeprefix("event: "))
                    if told[-1] == "job" and steps:
                        steps.pop(0)()
        assert told[-1] == "end"
        assert told.count("job") >= 4


@pytest.mark.parametrize(("buffering", "how"), [(False, "in time"), (True, "late")])
def test_the_edge_itself_keeps_nothing_back(front: Front, tmp_path: Path, how: str, *, buffering: bool) -> None:
    """The gateway asks nginx for streams without a buffer (`X-Accel-Buffering`); this backend does not."""
    heard = threading.Event()

    class Teller(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._tell("first")
            self._tell("in time" if heard.wait(_HEARD_S) else "late")
            self.wfile.write(b"0\r\n\r\n")

        def _tell(self, text: str) -> None:
            event = f"data: {text}\n\n".encode()
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Teller)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    (port,) = free_ports(1)
    edge = replace(front.edge, gateway=server.server_port, port=port, plain_port=0, directory=tmp_path)
    told = []
    try:
        with (
            _nginx(edge, buffering=buffering),
            httpx.Client(verify=front.trust, trust_env=False) as client,
            client.stream("GET", f"https://localhost:{port}{_PREFIX}/x") as stream,
        ):
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    told.append(line.removeprefix("data: "))
                    heard.set()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert told == ["first", how]


def test_many_streams_beside_each_other(front: Front) -> None:
    with front.client() as client:
        job = client.post(f"{_PREFIX}/api/v1/jobs", json=BODY).json()
    codes: list[int] = []
    ready, over = threading.Barrier(41, timeout=60), threading.Event()

    def follow() -> None:
        with front.client() as own, own.stream("GET", f"{_PREFIX}/api/v1/jobs/{job['job_id']}/events") as stream:
            codes.append(stream.status_code)
            ready.wait()
            over.wait(30)

    threads = [threading.Thread(target=follow) for _ in range(40)]
    for thread in threads:
        thread.start()
    ready.wait()
    over.set()
    for thread in threads:
        thread.join()
    assert codes == [200] * 40


def test_without_tls_pages_are_sent_on_and_nothing_else(front: Front) -> None:
    with httpx.Client(base_url=front.plain, trust_env=False) as client:
        answer = client.get(f"{_PREFIX}/api/v1/instruments?token=secret")
        assert answer.status_code == 301
        assert answer.headers["location"].startswith(f"https://localhost:{front.edge.port}{_PREFIX}/")
        assert client.post(f"{_PREFIX}/api/v1/jobs", json=BODY).status_code == 403


def test_no_argument_is_in_the_log(front: Front) -> None:
    with front.client() as client:
        client.get(f"{_PREFIX}/api/v1/instruments?token=very-secret")
    time.sleep(0.2)
    written = (front.edge.directory / "access.log").read_text() + (front.edge.directory / "error.log").read_text()
    assert "/api/v1/instruments" in written
    assert "very-secret" not in written


def test_a_gateway_that_is_away_is_told_in_its_words(front: Front, tmp_path: Path) -> None:
    port, gateway = free_ports(2)
    edge = replace(front.edge, gateway=gateway, port=port, plain_port=0, directory=tmp_path)
    with _nginx(edge), httpx.Client(verify=front.trust, trust_env=False) as client:
        answer = client.get(f"https://localhost:{port}{_PREFIX}/api/v1/instruments")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Ask again" in json.loads(answer.text)["detail"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "mesh.example.org; return 200"}, "is not the name of a host"),
        ({"prefix": "/a b"}, "must look like /odamesh"),
        ({"prefix": "/api"}, "not begin with /api"),
        ({"certificate": Path("/nowhere/c.pem")}, "--certificate /nowhere/c.pem is not there"),
        ({"key": Path('/tmp/"; }')}, "paths of letters"),
        ({"trusted": ("10.0.0.0/33",)}, "--trusted 10.0.0.0/33"),
    ],
)
def test_what_cannot_be_written_down_is_refused(tmp_path: Path, changed: dict[str, object], told: str) -> None:
    certificate, key = self_signed(tmp_path)
    edge = Edge("localhost", certificate, key, 8080, _LIMIT, tmp_path)
    with pytest.raises(SetupProblem, match=told):
        configuration(replace(edge, **changed))  # type: ignore[arg-type]


def test_the_command_writes_it_and_has_the_certificate_watched(stack: Stack, tmp_path: Path) -> None:
    for server in (stack.probes, stack.prometheus):
        server.ensure()
    certificate, key = self_signed(tmp_path)
    words = ["edge", "--name", "mesh.example.org", "--certificate", str(certificate), "--key", str(key)]
    told = CliRunner().invoke(stack_command.app, [*words, "--port", "8443", "--prefix", "/odamesh"])
    assert told.exit_code == 0, told.output
    layout = stack.setting.layout
    assert "export ODAMESH_GATEWAY_HOSTS=mesh.example.org" in told.output
    assert "export ODAMESH_GATEWAY_PREFIX=/odamesh" in told.output
    assert f"server 127.0.0.1:{mesh_processes.ports()['gateway']};" in (layout.edge / "nginx.conf").read_text()

    def watched() -> set[str]:
        answer = httpx.get(f"{stack.prometheus.address}/api/v1/targets", trust_env=False).json()
        targets = answer["data"]["activeTargets"]
        return {target["labels"]["instance"] for target in targets if target["labels"]["job"] == "certificate"}

    deadline = time.monotonic() + 60
    while watched() != {"mesh.example.org:8443"}:
        assert time.monotonic() < deadline, watched()
        time.sleep(0.2)
    refused = CliRunner().invoke(stack_command.app, [*words[:-1], str(tmp_path / "none.pem")])
    assert refused.exit_code == 1
    assert "none.pem is not there" in refused.stderr
