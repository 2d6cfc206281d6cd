"""A gateway on doubles before the browser: for screens that show what a mesh would have to make for minutes first."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from gateway.application import create_app
from gateway.parts import Parts
from gateway.serving import server_config
from gateway.wakeups import Bell
from mesh.contracts import ProductFile, StageProduct
from mesh.states import JobState
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    log_nothing,
    manifest,
)
from tests.unit.gateway.guarded import Guarded

_PATIENCE_S = 20.0
_TYPES = {".fits": "application/fits", ".json": "application/json", ".png": "image/png"}


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application as the gateway is served, on a free port; gives its address."""
    server = uvicorn.Server(server_config(app, host="127.0.0.1", port=0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _PATIENCE_S
    while not server.started:
        assert thread.is_alive(), "the gateway does not start"
        assert time.monotonic() < deadline, "the gateway does not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_S)


def kept(products: MemoryProducts, stage: str, files: Mapping[str, bytes]) -> StageProduct:
    """Keep a product of a whole job with these files."""
    key = hashlib.sha256(f"{stage} {sorted(files)}".encode()).hexdigest()
    listed = []
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        media_type = next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), "text/plain")
        listed.append(ProductFile(name=name, sha256=digest, size=len(content), media_type=media_type))
        products.files[key, name] = content
    products.manifests[key] = manifest(key, {one.name: one.sha256 for one in listed})
    return StageProduct(stage=stage, label="job", key=key, files=tuple(listed))


def submit(base: str, body: Mapping[str, Any]) -> str:
    """Submit a request over HTTP (the driver of browsers has this thread's event loop); returns the job's id."""
    answer = httpx.post(f"{base}/api/v1/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


def end_with(gateway: "OpenGateway | Guarded", job_id: str, stage: str, files: Mapping[str, bytes]) -> None:
    """Play the mesh: a job ends with one product."""
    made = kept(gateway.products, stage, files)
    gateway.records.plan(job_id, [])
    gateway.records.finish(job_id, JobState.COMPLETED, products=(made,), products_total=1)


class OpenGateway:
    """A gateway that asks nobody who they are, with jobs of a test."""

    def __init__(self) -> None:
        log_nothing()
        self.records, self.products = MemoryRecords(), MemoryProducts()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bell = Bell()
        parts = Parts(
            records=self.records,
            products=self.products,
            publisher=RecordingPublisher(self.records),
            quota=MemoryQuota().quota,
            query_records=MemoryQueries(),
            bell=self._bell,
            files="stream",
            start=self._keep_loop,
        )
        self.app = create_app(parts)

    def _keep_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def ring(self, run_id: str) -> None:
        """Play the broker: a run has changed."""
        assert self._loop is not None, "it is not served yet"
        self._loop.call_soon_threadsafe(self._bell.ring, run_id)

    def add(self, base: str, body: Mapping[str, Any], stage: str, files: Mapping[str, bytes]) -> str:
        """Submit a request, end its job with one product, and return its id."""
        job_id = submit(base, body)
        end_with(self, job_id, stage, files)
        return job_id
