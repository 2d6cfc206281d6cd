"""Causes that are servers: away, blocked, forgetful; and doors that fail because of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import minio
from minio.credentials import StaticProvider

from mesh.store import names
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.surroundings import gateway
from tests.bench.drill import drill_request, scw_ids
from tests.chaos.ground import Ground
from tests.chaos.settings import broker_configured

_PAUSE_S = 2.0
_HEARD_OF = 20
"""Products: so many messages come to the cache service, and are tried again."""
_GOOD_FOR_BAD = 300
"""So many good answers for each bad one that those are well below 0.6 % of all."""
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
    """Stop the object store while callers go on asking: they get 503. Later they are answered, many times."""
    ground.stack.store.stop()
    over = threading.Event()
    asked: list[int] = []
    caller = threading.Thread(target=_ask, args=(over, asked), daemon=True)
    caller.start()
    try:
        yield
    finally:
        over.set()
        caller.join()
        ground.stack.store.ensure()
    ground.until_ready()
    with gateway() as client:
        for _ in range(_GOOD_FOR_BAD * len(asked)):
            client.get("/instruments").raise_for_status()


@contextmanager
def incomplete_index(ground: Ground) -> Iterator[None]:
    """Take from the index the mark that it is complete, and let the cache service not see what is in the store."""
    index: Any = ground.index()
    with refused_by_store(ground, "cache"):
        index.delete(names.INDEX_COMPLETE)
        yield


@contextmanager
def refused_by_store(ground: Ground, service: str) -> Iterator[None]:
    """Have the store refuse the account of a service.

    Raises:
        LookupError: the store knows no accounts, or they are not this stack's.
    """
    server = ground.stack.store
    if server.stands_in or server.named_by:
        msg = "accounts are disabled in a MinIO of the stack's own alone"
        raise LookupError(msg)
    own = ground.connections.store
    administrator: Any = minio.MinioAdmin(
        endpoint=own.endpoint, credentials=StaticProvider(own.access_key, own.secret_key), secure=own.secure
    )
    account = server.credentials[service].s3_access_key
    administrator.user_disable(account)
    try:
        yield
    finally:
        administrator.user_enable(account)


@contextmanager
def refused_by_redis(ground: Ground) -> Iterator[None]:
    """Have Redis refuse the account of the cache service while it hears of products."""
    index: Any = ground.index()
    account = ground.stack.redis.credentials["cache"].redis_user
    index.execute_command("ACL", "SETUSER", account, "off")
    index.client_kill_filter(user=account)
    try:
        job = ground.submit(_HEARD_OF)
        yield
    finally:
        index.execute_command("ACL", "SETUSER", account, "on")
    ground.until_ended(job)


def _ask(over: threading.Event, asked: list[int]) -> None:
    """Submit again and again until it is over; keeps the status of each answer."""
    with gateway() as client:
        while not over.wait(_PAUSE_S):
            asked.append(client.post("/jobs", json=drill_request(scw_ids(1))).status_code)


REFUSED = Cause(
    "a Redis that refuses the cache service",
    refused_by_redis,
    # What failed counts for five minutes.
    (Raised("HandlersFail", 300, clear_s=500),),
    takes=frozenset({Part.CACHE}),
    needs=frozenset({Part.SLOTS}),
)
CAUSES = (
    Cause("Redis stopped", redis_away, (Raised("ServerDown", 90),), takes=frozenset({Part.MESH})),
    Cause("a broker without memory", broker_blocks, (Raised("BrokerAlarm", 90),), takes=frozenset({Part.MESH})),
    Cause(
        "callers while the store is away",
        store_away,
        (Raised("DoorsFailFast", 150, clear_s=500), Raised("DoorsFailSlowly", 180, clear_s=2_400)),
        takes=frozenset({Part.MESH}),
    ),
)
INDEX = Cause(
    "an index without its mark, and a store that refuses the cache service",
    incomplete_index,
    (Raised("CacheIndexIncomplete", 720),),
    takes=frozenset({Part.CACHE}),
)
