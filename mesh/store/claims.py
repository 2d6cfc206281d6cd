"""Claims on runs: who takes a run on now; and the runs that cost one dispatcher after another, which are parked."""

from typing import Any
from uuid import uuid4

import redis

from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.library import Library

CLAIM_SECONDS = 60.0
"""A claimant that was not heard of for so long is dead; claims are kept every quarter of it."""
_DEATHS_SECONDS = 7 * 86_400


class Claims:
    """Claims with expiry, each under a token of its own: only who took a claim keeps it or gives it back.

    Every method raises StoreUnavailable when Redis is out of reach.
    """

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index
        self._library = Library(index)

    @staticmethod
    def token(claimant: str) -> str:
        """Return a new token; the name of the process is for people who look."""
        return f"{claimant}/{uuid4().hex}"

    @redis_answers()
    def take(self, run_id: str, token: str, seconds: float = CLAIM_SECONDS) -> bool:
        """Take the claim on a run: whoever has it takes the run on, and nobody else."""
        key = names.run_record(run_id, "claim")
        return bool(self._redis.set(key, token, nx=True, px=int(seconds * 1000)))

    @redis_answers()
    def keep(self, run_id: str, token: str, seconds: float = CLAIM_SECONDS) -> bool:
        """Have the claim for longer; false where it lapsed, was lost with the data of Redis, or is another's."""
        return bool(self._library.call("keep_claim", run_id, token, int(seconds * 1000)))

    @redis_answers()
    def give_back(self, run_id: str, token: str) -> None:
        """Give the claim back, alive: no death of an earlier claimant counts any more. Another's claim stays."""
        self._library.call("drop_claim", run_id, token)

    @redis_answers()
    def begin(self, run_id: str) -> int:
        """Note that work on a claimed run begins; returns how many claimants before died one after another at it."""
        key = names.run_record(run_id, "deaths")
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.incr(key)
        pipeline.expire(key, _DEATHS_SECONDS)
        return int(pipeline.execute()[0]) - 1

    @redis_answers()
    def park(self, run_id: str, reason: str) -> None:
        """Keep a run from being taken on until an operator resumes it; its callers are told why."""
        self._redis.hset(names.run_record(run_id), mapping={"parked": "1", "waits": reason})

    @redis_answers()
    def parked(self) -> dict[str, str]:
        """Return the parked runs, and why each is."""
        active = sorted(self._redis.smembers(names.ACTIVE_RUNS))
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in active:
            pipeline.hmget(names.run_record(run_id), "parked", "waits")
        found = zip(active, pipeline.execute(), strict=True)
        return {run_id: reason or "" for run_id, (parked, reason) in found if parked}

    @redis_answers()
    def resume(self, run_id: str) -> bool:
        """Let a parked run be taken on again, as if nobody had died at it; false where it is not parked."""
        if not self._redis.hdel(names.run_record(run_id), "parked"):
            return False
        self._redis.hdel(names.run_record(run_id), "waits")
        self._redis.delete(names.run_record(run_id, "deaths"))
        return True
