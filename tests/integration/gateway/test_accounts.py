"""A real gateway that asks callers who they are, on real servers: what it knows stays, and no token is told."""

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from mesh.accounts.accounts import Accounts
from mesh.accounts.api_tokens import new_token
from mesh.accounts.trail import forget_trail
from mesh.clock import utc_now
from mesh.contracts import Account, TrailEntry, TrailPage
from mesh.intake import Scope
from mesh.settings import Settings, SettingsError
from mesh.store import names
from mesh.store.connect import redis_client
from mesh.store.objects import Objects

_PATIENCE = 60.0
_BODY = {"instrument": "isgri", "product": "image", "selection": {"scws": ["201600270010"]}, "draft": True}
_BODY["destroy_after"] = "2020-01-01T00:00:00"  # the next dispatcher deletes it


@dataclass
class Running:
    """A gateway process, and the administrator's view of its servers."""

    url: str
    log: Path
    objects: Objects
    index: redis.Redis
    token: str
    name: str

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request with a token, by default the operator's."""
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        if token == "":
            del headers["Authorization"]
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=30, **options)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Running]:
    settings = Settings()
    own = settings.home / "credentials" / "gateway.toml"
    try:
        admin = settings.connections("admin")
    except SettingsError as error:
        pytest.skip(f"no servers: {error}")
    objects = Objects(admin.store)
    name = f"test-{uuid.uuid4().hex[:8]}"
    Accounts(objects).change(name, lambda _: Account(name=name, roles=("operator",), created=utc_now()))
    made = new_token(name, tuple(Scope), days=1)
    Accounts(objects).put_token(made.document)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {"ODAMESH_GATEWAY_ACCOUNTS": "yes", "ODAMESH_GATEWAY_PORT": str(port), "ODAMESH_CREDENTIALS": str(own)}
    log = tmp_path / "gateway.log"
    with log.open("wb") as stream:
        environment = {**os.environ, **variables}
        process = subprocess.Popen([sys.executable, "-m", "gateway"], stdout=stream, stderr=stream, env=environment)
    index = redis_client(admin.redis)
    running = Running(f"http://127.0.0.1:{port}", log, objects, index, made.text, name)
    try:
        _wait_ready(running)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)
        index.close()
        disabled = Account(name=name, disabled=True, created=utc_now())
        Accounts(objects).change(name, lambda _: disabled)


def _wait_ready(running: Running) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{running.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(running.log.read_text()[-2000:])


def test_what_is_known_of_callers_survives_a_flush_of_redis(gateway: Running) -> None:
    made = gateway.call("POST", "/tokens", json={"label": "laptop"}).json()
    other = gateway.call("POST", "/tokens", json={}).json()
    assert gateway.call("DELETE", f"/tokens/{other['token_id']}").status_code == 200
    job = gateway.call("POST", "/jobs", made["token"], json=_BODY).json()["job_id"]
    assert gateway.call("POST", f"/jobs/{job}/share", made["token"]).json()["shared"]
    gateway.index.flushall()
    assert gateway.call("GET", "/session", made["token"]).json()["name"] == gateway.name
    assert gateway.call("GET", "/session", other["token"]).status_code == 401
    assert gateway.call("GET", f"/jobs/{job}", "").json()["shared"], "the document tells it"
    deeds = [entry["deed"] for entry in gateway.call("GET", f"/audit-trail?user={gateway.name}").json()]
    assert deeds == ["refused", "share", "submit", "revoke-token", "make-token", "make-token"]
    assert gateway.call("DELETE", f"/jobs/{job}/share").status_code == 200
    assert gateway.call("GET", f"/jobs/{job}", "").status_code == 404


def test_a_share_and_a_start_at_once_lose_nothing(gateway: Running) -> None:
    job = gateway.call("POST", "/jobs", json=_BODY).json()["job_id"]
    assert gateway.call("POST", f"/jobs/{job}/share").json()["shared"]
    assert gateway.call("POST", f"/jobs/{job}/start").status_code == 202
    stored = json.loads(gateway.objects.get(names.job_object(job)))
    assert (stored["shared"], stored["draft"]) == (True, False)
    gateway.call("DELETE", f"/jobs/{job}?destroy=true")


def test_a_browser_follows_a_job_with_its_cookie_alone(gateway: Running) -> None:
    job = gateway.call("POST", "/jobs", json=_BODY).json()["job_id"]
    with httpx.Client(base_url=f"{gateway.url}/api/v1", timeout=30) as browser:
        browser.post("/session", headers={"Authorization": f"Bearer {gateway.token}"}).raise_for_status()
        with browser.stream("GET", f"/jobs/{job}/events") as stream:
            assert stream.status_code == 200
            assert next(line for line in stream.iter_lines() if line.startswith("event:")) == "event: job"
        own = {"Origin": gateway.url}
        assert browser.delete(f"/jobs/{job}", headers={"Origin": "https://evil.example"}).status_code == 403
        assert browser.delete("/session", headers=own).status_code == 204
        assert browser.get(f"/jobs/{job}").status_code == 404
    gateway.call("DELETE", f"/jobs/{job}?destroy=true")


def test_no_token_is_in_the_store_in_redis_in_the_log_or_in_figures(gateway: Running) -> None:
    made = gateway.call("POST", "/tokens", json={}).json()["token"]
    job = gateway.call("POST", "/jobs", "", params={"token": made}, json=_BODY).json()["job_id"]
    for place in ("/jobs", f"/jobs/{job}", "/nothing", "/jobs?limit=1"):
        gateway.call("GET", place, "", params={"token": made})
        gateway.call("GET", place, made)
    gateway.call("POST", "/session", made)
    gateway.call("GET", "/audit-trail")
    written = gateway.log.read_bytes() + httpx.get(f"{gateway.url}/metrics").content
    for prefix in (names.JOBS, names.REQUESTS, names.ACCOUNTS, names.TOKENS, names.TOKEN_USES, names.TRAIL):
        for entry in gateway.objects.list(prefix):
            written += entry.name.encode() + gateway.objects.get(entry.name)
    for key in gateway.index.scan_iter():
        written += str(key).encode()
    written += str(gateway.index.hgetall(names.job_record(job))).encode()
    for secret in (made, gateway.token):
        assert secret.encode() not in written
        assert secret.split("_", 2)[2].encode() not in written
    gateway.call("DELETE", f"/jobs/{job}?destroy=true")


def test_a_proxy_on_this_machine_tells_from_where_a_call_comes(gateway: Running) -> None:
    def name(*addresses: str) -> str:
        headers = {"X-Forwarded-For": ", ".join(addresses)} if addresses else {}
        return str(gateway.call("GET", "/session", "", headers=headers).json()["name"])

    assert name("192.0.2.5") == name("192.0.2.5") != name("192.0.2.6")
    assert name() not in {name("192.0.2.5"), name("192.0.2.6")}
    assert name("203.0.113.9", "192.0.2.5") == name("192.0.2.5"), "what a caller claims before the proxy does not count"
    told = httpx.get(f"{gateway.url}/metrics", headers={"X-Forwarded-For": "192.0.2.5"})
    assert told.status_code == 403


def test_the_dispatcher_forgets_old_days_of_the_trail(gateway: Running) -> None:
    page = TrailPage(entries=(TrailEntry(at="2020-01-01T00:00:00Z", caller="ada", deed="submit"),))
    place = names.trail_object("2020-01-01", uuid.uuid4().hex)
    gateway.objects.put(place, page.encode())
    dispatcher = Objects(Settings().connections("dispatcher").store)
    assert forget_trail(dispatcher, 90) >= 1
    assert not list(gateway.objects.list(place))
