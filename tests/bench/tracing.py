"""What traces cost: the same work with and without them, by turns, so that both meet the same machine."""

import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.bench.latency import post_job_ms
from tests.bench.throughput import noop_units_per_s

_PAIRS = 4


def traces_over_none(client: httpx.Client, mesh_up: Callable[..., None]) -> dict[str, float]:
    """Return medians of figures with all traces sent, each over that of the turn beside it without.

    Args:
        client: of the gateway.
        mesh_up: brings the mesh up with variables that it is given.
    """
    quotients: dict[str, list[float]] = {"noop_units_per_s": [], "post_job_p50": [], "post_job_p99": []}
    with _sink() as url:
        for number in range(_PAIRS):
            # Turns change places, so that a machine that grows slower or faster favours neither.
            turns = (url, "") if number % 2 else ("", url)
            figures = {}
            for address in turns:
                mesh_up(ODAMESH_TRACES=address)
                posts = post_job_ms(client)
                units = noop_units_per_s(client)
                figures[address] = {
                    "noop_units_per_s": units,
                    "post_job_p50": posts["p50"],
                    "post_job_p99": posts["p99"],
                }
            for name, found in quotients.items():
                found.append(figures[url][name] / figures[""][name])
    mesh_up()
    return {name: round(statistics.median(found), 3) for name, found in quotients.items()}


@contextmanager
def _sink() -> Iterator[str]:
    """Take traces and forget them: what a collector does with them is no cost of the mesh."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
