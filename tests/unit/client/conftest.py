"""The real client against the real application on doubles, over a real socket."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import uvicorn
from fastapi import FastAPI, Response
from starlette.types import Message, Receive, Scope, Send

from gateway.application import create_app
from gateway.parts import Parts
from odamesh.client import Mesh
from odamesh.transport import Transport
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    log_nothing,
)


@dataclass
class Service:
    """A served application, its doubles, and ways to disturb it."""

    url: str
    records: MemoryRecords
    products: MemoryProducts
    publisher: RecordingPublisher
    app: FastAPI
    cuts: int = 0
    """Break so many event streams after their first event."""
    refusals: int = 0
    """Answer so many requests with 503 before they reach the application."""
    positions: list[str | None] = field(default_factory=list)
    """Last-Event-ID of each stream that was opened."""

    def mesh(self) -> Mesh:
        """Return a connected client."""
        return Mesh(Transport(self.url))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, disturbed as told."""
        if scope["type"] == "http" and self.refusals:
            self.refusals -= 1
            await Response(status_code=503, headers={"Retry-After": "0"})(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].endswith("/events"):
            headers = dict(scope["headers"])
            position = headers.get(b"last-event-id")
            self.positions.append(position.decode() if position else None)
            if self.cuts:
                self.cuts -= 1
                send = _cut(send)
        await self.app(scope, receive, send)


class _Cut(Exception):
    pass


def _cut(send: Send) -> Send:
    async def cutting(message: Message) -> None:
        await send(message)
        if b"data:" in message.get("body", b""):
            raise _Cut

    return cutting


@pytest.fixture
def service() -> Iterator[Service]:
    log_nothing()
    records = MemoryRecords()
    products, publisher = MemoryProducts(), RecordingPublisher(records)
    quota = MemoryQuota()
    app = create_app(Parts(records, products, publisher, quota.quota, MemoryQueries()))

    @app.get("/store/{key}/{name}")
    def store(key: str, name: str) -> Response:
        """Stand in for the object store."""
        return Response(products.files[key, name], media_type="application/octet-stream")

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    products.base = f"{url}/store"
    served = Service(url, records, products, publisher, app)
    server = uvicorn.Server(uvicorn.Config(served, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield served
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()
