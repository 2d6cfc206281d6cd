"""The object store's set-up waits for one that is still coming up, and says in one line what else is wrong."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.stack import credentials
from infra.stack.endpoints import Endpoints
from infra.stack.layout import Layout
from infra.stack.object_store import ObjectStore
from infra.stack.problem import SetupProblem
from infra.stack.server import Setting

_REFUSAL = "<Error><Code>{code}</Code><Message>{code}</Message></Error>"


class _Store(BaseHTTPRequestHandler):
    """Has no bucket yet, and refuses to make it a few times."""

    protocol_version = "HTTP/1.1"
    refusals: list[tuple[int, str]]
    made: list[str]

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.refusals:
            status, code = self.refusals.pop(0)
            self._answer(status, _REFUSAL.format(code=code))
        else:
            self.made.append(self.path)
            self._answer(200)

    def _answer(self, status: int, body: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where such a store listens."""
    _Store.made = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Store) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _store(home: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    accounts = credentials.load_or_generate(home / "none")
    store = ObjectStore(Setting(Layout(home, home), Endpoints(s3_endpoint=address), accounts))
    monkeypatch.setattr(store, "_configure_accounts", lambda: None)
    return store


def test_a_store_that_comes_up_is_waited_for(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _Store.refusals = [(503, "XMinioServerNotInitialized")] * 2
    _store(tmp_path, address, monkeypatch).configure()
    assert _Store.made == ["/odamesh"]


def test_a_store_that_refuses_is_one_line(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _Store.refusals = [(403, "AccessDenied")]
    with pytest.raises(SetupProblem, match=r"refuses its set-up.*AccessDenied"):
        _store(tmp_path, address, monkeypatch).configure()
    assert _Store.made == []
