"""Causes that are about the edge and about the alarms themselves: a certificate that ends, a receiver that refuses."""

import datetime
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.alarms.cause import Cause, Raised
from tests.alarms.messages import unroutable
from tests.certificate import self_signed
from tests.chaos.ground import Ground

_DAYS_LEFT = 3


@contextmanager
def certificate_ends(ground: Ground) -> Iterator[None]:
    """Have an edge whose certificate ends in three days."""
    address = ground.layout.edge_address
    before = address.read_text(encoding="utf-8") if address.exists() else None
    with TemporaryDirectory() as directory, _tls(Path(directory)) as port:
        address.parent.mkdir(parents=True, exist_ok=True)
        address.write_text(f"localhost:{port}\n", encoding="utf-8")
        ground.stack.prometheus.configure()
        try:
            yield
        finally:
            if before is None:
                address.unlink()
            else:
                address.write_text(before, encoding="utf-8")
            ground.stack.prometheus.configure()


@contextmanager
def receiver_refuses(ground: Ground) -> Iterator[None]:
    """Name a second receiver, which refuses what it is sent, and send it something."""
    file = ground.layout.alarms
    before = file.read_text(encoding="utf-8")
    with _refusing() as url:
        first = before.split('"')[1]
        addresses = json.dumps([first, url])
        file.write_text(f"page = {addresses}\nticket = {addresses}\n", encoding="utf-8")
        ground.stack.alertmanager.ensure()
        try:
            with unroutable(ground):
                yield
        finally:
            file.write_text(before, encoding="utf-8")
            ground.stack.alertmanager.ensure()


@contextmanager
def _tls(directory: Path) -> Iterator[int]:
    certificate, key = self_signed(directory, datetime.timedelta(days=_DAYS_LEFT))
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server):
        yield server.server_port


@contextmanager
def _refusing() -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(400)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    with _serving(server):
        yield f"http://127.0.0.1:{server.server_port}/"


@contextmanager
def _serving(server: HTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CAUSES = (
    Cause(
        # What failed once counts for ten minutes.
        "a unit of an instrument that has no queue, and a second receiver that refuses",
        receiver_refuses,
        (Raised("UnroutedMessages", 90), Raised("AlarmsNotDelivered", 180, clear_s=800)),
    ),
    Cause("an edge whose certificate ends in three days", certificate_ends, (Raised("CertificateEnds", 200),)),
)
