"""The client and the command on a mesh that asks who calls, over a real socket."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner, Result

import odamesh
from mesh.states import JobState
from odamesh.command import app
from odamesh.errors import NoSuchThing, NotAllowed, NotSignedIn
from odamesh.kept_tokens import SendToken, keep_token, token_for, tokens_file
from tests.unit.gateway.guarded import Guarded

_SCW = "201600270010"


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("ODAMESH_URL", "ODAMESH_USER", "ODAMESH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


class _Served(Guarded):
    url = ""


@pytest.fixture
def served() -> Iterator[_Served]:
    gateway = _Served()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    gateway.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(gateway.app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield gateway
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()


def _run(served: _Served, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=stdin, env={"ODAMESH_URL": served.url, "COLUMNS": "200"})


def test_login_tries_a_token_and_keeps_it_for_this_address_alone(served: _Served) -> None:
    refused = _run(served, "login", "--token-file", "-", stdin="odm_wrong")
    assert (refused.exit_code, tokens_file().exists()) == (1, False)
    assert "cannot be read" in refused.output
    done = _run(served, "login", "--token-file", "-", stdin=served.tokens["eve"] + "\n")
    assert done.exit_code == 0, done.output
    assert "as eve" in done.output
    assert "roles operator" in done.output
    assert served.tokens["eve"] not in done.output
    assert tokens_file().stat().st_mode & 0o777 == 0o600
    assert token_for(f"{served.url}/") == served.tokens["eve"]
    assert token_for("http://127.0.0.1:1") is None
    assert "eve" in _run(served, "whoami").output
    submitted = _run(served, "submit", "isgri", "image", "--scw", _SCW, "--no-watch")
    assert submitted.exit_code == 0, submitted.output
    assert next(iter(served.records.views.values())).owner == "eve"
    assert "Signed out" in _run(served, "logout").output
    assert _run(served, "logout").output.strip() == "Nothing was kept."
    assert "without account" in _run(served, "whoami").output


def test_login_asks_for_the_token_without_showing_it(served: _Served) -> None:
    done = _run(served, "login", stdin=served.tokens["ada"] + "\n")
    assert done.exit_code == 0, done.output
    assert served.tokens["ada"] not in done.output


def test_login_sends_no_token_without_tls_to_another_machine() -> None:
    words = ["login", "--token-file", "-", "--url", "http://mesh.invalid"]
    refused = CliRunner().invoke(app, words, input="odm_x")
    assert refused.exit_code == 2
    assert "no TLS" in refused.output


def test_tokens_are_made_listed_and_revoked(served: _Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODAMESH_TOKEN", served.tokens["ada"])
    made = json.loads(_run(served, "token", "new", "--label", "laptop", "--days", "3", "--json").stdout)
    shown = _run(served, "token", "new", "--scope", "read")
    assert shown.stdout.strip().startswith("odm_"), "the token alone on standard output"
    with (
        odamesh.connect(served.url, token=shown.stdout.strip()) as reads,
        pytest.raises(NotAllowed, match="scope write"),
    ):
        reads.isgri.image(scws=[_SCW], wait=False)
    listed = _run(served, "token", "list").output
    assert made["token_id"] in listed
    assert made["token"] not in listed
    assert _run(served, "token", "revoke", made["token_id"]).exit_code == 0
    with pytest.raises(NotSignedIn, match="revoked"):
        odamesh.connect(served.url, token=made["token"])


def test_jobs_of_others_are_not_there_until_they_are_shared(served: _Served) -> None:
    with odamesh.connect(served.url, token=served.tokens["ada"]) as mesh:
        job = mesh.isgri.image(scws=[_SCW], wait=False)
        with odamesh.connect(served.url) as nobody:
            with pytest.raises(NoSuchThing, match="its owner can share it"):
                nobody.job(job.id)
            assert job.share() == f"{served.url}/api/v1/jobs/{job.id}"
            assert nobody.job(job.id).view.shared
            with pytest.raises(NotAllowed):
                nobody.job(job.id).cancel()
            job.share(stop=True)
            with pytest.raises(NoSuchThing):
                nobody.job(job.id)
    keep_token(served.url, served.tokens["ada"])
    assert _run(served, "share", job.id[:8]).output.strip() == f"{served.url}/api/v1/jobs/{job.id}"
    assert "shared no longer" in _run(served, "share", job.id, "--stop").output


def test_the_client_for_asyncio_signs_in_and_follows(served: _Served) -> None:
    keep_token(served.url, served.tokens["ada"])

    async def ask() -> str:
        async with await odamesh.connect_async(served.url) as mesh:
            job = await mesh.isgri.image(scws=[_SCW], wait=False)
            await job.share()
            assert job.view.shared
            await job.share(stop=True)
            served.records.finish(job.id)
            await job.wait()
            assert job.state is JobState.COMPLETED
            return job.view.owner

    assert asyncio.run(ask()) == "ada"


def test_the_token_is_shown_to_the_gateway_and_to_no_store() -> None:
    """A download leads to another address, which must not learn it."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.port == 8080 and request.url.scheme == "http":
            return httpx.Response(302, headers={"Location": "http://gateway.test:9010/file"})
        return httpx.Response(200, content=b"SIMPLE")

    auth = SendToken("http://gateway.test:8080", "odm_secret")
    with httpx.Client(transport=httpx.MockTransport(answer), auth=auth, follow_redirects=True) as client:
        assert client.get("http://gateway.test:8080/api/v1/products/x/y").content == b"SIMPLE"
        client.get("http://gateway.test:9010/file")
        client.get("https://gateway.test:8080/file")
    shown = [str(request.url) for request in seen if "Authorization" in request.headers]
    assert (len(seen), shown) == (4, ["http://gateway.test:8080/api/v1/products/x/y"])
