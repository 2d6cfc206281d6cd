"""Marks of the mesh as a whole in Redis: whose turn it is to sweep, and whether Redis has lost anything."""

from typing import Any
from uuid import uuid4

import redis

from mesh.store import names
from mesh.store.connect import redis_answers


class Marks:
    """The marks. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def take_turn(self, seconds: float) -> bool:
        """Say whether the caller may sweep now: one in the whole mesh and in so many seconds may."""
        return bool(self._redis.set(names.SWEEP_LOCK, "1", nx=True, px=int(seconds * 1000)))

    @redis_answers()
    def generation(self) -> str | None:
        """Return the life of the server that the records belong to; None when there are no records."""
        found: str | None = self._redis.get(names.GENERATION)
        return found

    @redis_answers()
    def server_generation(self) -> str:
        """Return the present life of the server: another one after each of its starts.

        A server that was killed may have lost its last second; one that was flushed has lost all.
        """
        return str(self._redis.info("server")["run_id"])

    @redis_answers()
    def begin_rebuild(self) -> str:
        """Note that records are being rebuilt; returns what `end_rebuild` takes."""
        token = uuid4().hex
        self._redis.set(names.REBUILDING, token)
        return token

    @redis_answers()
    def end_rebuild(self, begun: str, generation: str) -> bool:
        """Say that the records are complete, as of this life of the server; false if data were lost meanwhile."""
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.watch(names.REBUILDING)
                if pipeline.get(names.REBUILDING) != begun:
                    return False
                pipeline.multi()
                pipeline.delete(names.REBUILDING)
                pipeline.set(names.GENERATION, generation)
                pipeline.execute()
        except redis.WatchError:
            return False
        return True
