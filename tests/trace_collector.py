"""A collector of traces in the process of the tests: takes OTLP over HTTP, as the mesh sends it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """One span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty: it has none."""
    seconds: float
    attributes: dict[str, Any]
    events: tuple[str, ...]


@dataclass
class Collector:
    """What was sent to one address."""

    url: str
    spans: list[Seen] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes) -> None:
        """Keep the spans of one message."""
        message = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            for of_process in message.resource_spans:
                service = _plain(of_process.resource.attributes)["service.name"].removeprefix("odamesh-")
                for scope in of_process.scope_spans:
                    self.spans += [_seen(service, span) for span in scope.spans]
            self.changed.notify_all()

    def trace(self, trace_id: str, complete: Callable[[list[Seen]], bool], seconds: float) -> list[Seen]:
        """Return the spans of a trace as soon as it is complete."""
        until = time.monotonic() + seconds
        with self.changed:
            while True:
                found = [span for span in self.spans if span.trace_id == trace_id]
                if complete(found):
                    return found
                left = until - time.monotonic()
                assert left > 0, f"not complete: {sorted({f'{span.service}: {span.name}' for span in found})}"
                self.changed.wait(left)


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service=service,
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        attributes=_plain(span.attributes),
        events=tuple(event.name for event in span.events),
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Take traces at a free port of loopback for the duration of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
