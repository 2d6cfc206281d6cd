"""Queries of the gateways' tables that are jobs: in Redis, so that every gateway knows each, for an hour or so.

They read what stands elsewhere, and whoever lost one asks again: no document tells of them.
"""

import base64
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import redis
from pydantic import Field

from mesh.contracts.document import Part
from mesh.store import names
from mesh.store.connect import redis_answers

_COMPRESSION = 1
_AT_ONCE = 200


class Query(Part):
    """One query; instants are UTC, ISO 8601 with a zone."""

    job_id: str
    owner: str
    sent: dict[str, tuple[str, ...]]
    """Its parameters."""
    created: str
    destruction: str
    """When it is forgotten."""
    phase: str
    """One of UWS."""
    started: str | None = None
    """When it was asked to run, and from the phase EXECUTING on when it began to."""
    ended: str | None = None
    error: str = ""
    size: int = Field(default=0, ge=0)
    """Bytes of its table."""
    uploaded: int = Field(default=0, ge=0)
    """Characters of the tables that were sent with it."""


class Queries:
    """The queries in Redis. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def put(self, query: Query) -> None:
        """Keep a new query until its destruction."""
        created, destruction = _seconds(query.created), _seconds(query.destruction)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.set(names.query_record(query.job_id), query.model_dump_json(), exat=destruction)
        pipeline.zadd(names.QUERIES, {query.job_id: destruction})
        pipeline.zadd(names.queries_of(query.owner), {query.job_id: created})
        pipeline.expireat(names.queries_of(query.owner), destruction, gt=True)
        # A key without expiry counts as one that never ends: of a new one the line before does nothing.
        pipeline.expireat(names.queries_of(query.owner), destruction, nx=True)
        pipeline.execute()

    @redis_answers()
    def get(self, job_id: str) -> Query | None:
        """Return a query; None: there is none."""
        text = self._redis.get(names.query_record(job_id))
        return None if text is None else Query.read_json(text)

    @redis_answers()
    def of(self, owner: str | None) -> list[Query]:
        """Return the queries of somebody, or of everybody, newest first."""
        listing = names.QUERIES if owner is None else names.queries_of(owner)
        found: list[Query] = []
        ids = self._redis.zrevrange(listing, 0, -1)
        for start in range(0, len(ids), _AT_ONCE):
            texts = self._redis.mget([names.query_record(one) for one in ids[start : start + _AT_ONCE]])
            found += [Query.read_json(text) for text in texts if text is not None]
        return sorted(found, key=lambda query: query.created, reverse=True)

    @redis_answers()
    def count(self, owner: str) -> tuple[int, int]:
        """Return how many queries somebody has, and how many there are; those whose time has come are left out."""
        self._redis.zremrangebyscore(names.QUERIES, "-inf", datetime.now(UTC).timestamp())
        known = set(self._redis.zrange(names.QUERIES, 0, -1))
        own = set(self._redis.zrange(names.queries_of(owner), 0, -1))
        if gone := own - known:
            self._redis.zrem(names.queries_of(owner), *gone)
        return len(own & known), len(known)

    @redis_answers()
    def change(self, job_id: str, phases: frozenset[str], changes: Mapping[str, Any]) -> Query | None:
        """Change a query that is in one of some phases; None: it is in another one, or gone.

        Of two who change it at once one comes after the other.
        """
        record = names.query_record(job_id)
        changed: list[Query] = []

        def work(pipeline: Any) -> None:
            changed.clear()
            text = pipeline.get(record)
            query = None if text is None else Query.read_json(text)
            pipeline.multi()
            if query is None or query.phase not in phases:
                return
            changed.append(query.model_copy(update=dict(changes)))
            destruction = _seconds(changed[0].destruction)
            pipeline.set(record, changed[0].model_dump_json(), exat=destruction)
            pipeline.zadd(names.QUERIES, {job_id: destruction}, xx=True)
            pipeline.expireat(names.query_table(job_id), destruction)
            pipeline.expireat(names.query_uploads(job_id), destruction)
            pipeline.expireat(names.queries_of(query.owner), destruction, gt=True)

        self._redis.transaction(work, record)
        return changed[0] if changed else None

    @redis_answers()
    def put_table(self, query: Query, packed: str) -> None:
        """Keep the table of a query, as `pack` returns it."""
        self._redis.set(names.query_table(query.job_id), packed, exat=_seconds(query.destruction))

    @redis_answers()
    def table(self, job_id: str) -> bytes | None:
        """Return the table of a query; None: there is none."""
        packed = self._redis.get(names.query_table(job_id))
        return None if packed is None else unpack(packed)

    @redis_answers()
    def put_uploads(self, query: Query, packed: Mapping[str, str]) -> None:
        """Keep tables that were sent with a query, by name, each as `pack` returns it."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(names.query_uploads(query.job_id), mapping=dict(packed))
        pipeline.expireat(names.query_uploads(query.job_id), _seconds(query.destruction))
        pipeline.execute()

    @redis_answers()
    def uploads(self, job_id: str) -> dict[str, bytes]:
        """Return the tables that were sent with a query, by name."""
        found: dict[str, str] = self._redis.hgetall(names.query_uploads(job_id))
        return {name: unpack(packed) for name, packed in found.items()}

    @redis_answers()
    def delete(self, query: Query) -> None:
        """Forget a query."""
        own = (names.query_record, names.query_table, names.query_uploads)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(*(name(query.job_id) for name in own))
        pipeline.zrem(names.QUERIES, query.job_id)
        pipeline.zrem(names.queries_of(query.owner), query.job_id)
        pipeline.execute()


def pack(table: bytes) -> str:
    """Return a table as it is kept: compressed, as the text that connections to Redis carry."""
    return base64.b64encode(zlib.compress(table, _COMPRESSION)).decode("ascii")


def unpack(packed: str) -> bytes:
    """Return a table that was packed."""
    return zlib.decompress(base64.b64decode(packed))


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())
