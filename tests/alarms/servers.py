"""Causes that are servers: away, blocked, forgetful; and doors that fail because of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from infra.stack import mesh_processes
from mesh.store import names
from tests.alarms.cause import Cause
from tests.bench.drill import drill_request, scw_ids
from tests.chaos.ground import Ground
from tests.chaos.settings import broker_configured

_PAUSE_S = 0.5
_NO_MEMORY = "[{rabbit, [{vm_memory_high_watermark, 0.00001}]}].\n"


@contextmanager
def redis_away(ground: Ground) -> Iterator[None]:
    """Stop Redis, and start it again."""
    ground.stack.redis.stop()
    try:
        yield
    finally:
        ground.stack.redis.ensure()
    ground.until_ready()


@contextmanager
def broker_blocks(ground: Ground) -> Iterator[None]:
    """Give the broker next to no memory, so that it blocks its publishers."""
    with broker_configured(_NO_MEMORY):
        yield
    ground.until_ready()


@contextmanager
def store_away(ground: Ground) -> Iterator[None]:
    """Stop the object store while callers go on asking: they get 503."""
    ground.stack.store.stop()
    over = threading.Event()
    caller = threading.Thread(target=_ask, args=(over,), daemon=True)
    caller.start()
    try:
        yield
    finally:
        over.set()
        caller.join()
        ground.stack.store.ensure()
    ground.until_ready()


@contextmanager
def incomplete_index(ground: Ground) -> Iterator[None]:
    """Take from the index, again and again, the mark that it is complete."""
    over = threading.Event()

    def doubt() -> None:
        index: Any = ground.index()
        while not over.wait(_PAUSE_S):
            index.delete(names.INDEX_COMPLETE)

    doubter = threading.Thread(target=doubt, daemon=True)
    doubter.start()
    try:
        yield
    finally:
        over.set()
        doubter.join()


def _ask(over: threading.Event) -> None:
    """Submit, look and submit again until it is over."""
    url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}"
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        while not over.wait(_PAUSE_S):
            client.post("/api/v1/jobs", json=drill_request(scw_ids(1)))


CAUSES = (
    Cause("ServerDown", "Redis stopped", redis_away, 90),
    Cause("BrokerAlarm", "a broker without memory", broker_blocks, 60),
    Cause("DoorsFailFast", "callers while the store is away", store_away, 150, clear_s=500),
    Cause("DoorsFailSlowly", "the same, seen over hours", store_away, 150, clear_s=2_400),
    Cause("CacheIndexIncomplete", "an index that loses its mark", incomplete_index, 720),
)
