"""Lanes: what waits and what is at work in each lane of an instrument, for who looks; nothing is changed."""

import json
from typing import Any, NamedTuple

import redis

from mesh.contracts import Lane
from mesh.states import UnitState
from mesh.store import names
from mesh.store.connect import redis_answers


class LaneLoad(NamedTuple):
    """What one lane of an instrument holds now."""

    lane: Lane
    users: int
    """Users with units that wait to be released."""
    waiting: int
    """Units that are not released yet; those of a run that several lanes want count in each of them."""
    released: int
    """Units that were given to the broker and have not ended."""
    running: int
    """Those of them that a worker has told to run."""


class Lanes:
    """The lanes. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def of(self, instrument: str) -> list[LaneLoad]:
        """Return the lanes of an instrument, in four round trips."""
        lanes = list(Lane)
        users, released = self._each(lanes, instrument)
        runs = self._runs(instrument, [(lane, user) for lane in lanes for user in users[lane]])
        lengths = self._lengths({run for some in runs.values() for run in some})
        running = self._running({key for keys in released.values() for key in keys})
        return [
            LaneLoad(
                lane=lane,
                users=len(users[lane]),
                waiting=sum(lengths[run] for run in {run for user in users[lane] for run in runs[lane, user]}),
                released=len(released[lane]),
                running=len(released[lane] & running),
            )
            for lane in lanes
        ]

    def _each(self, lanes: list[Lane], instrument: str) -> tuple[dict[Lane, list[str]], dict[Lane, set[str]]]:
        pipeline = self._redis.pipeline(transaction=False)
        for lane in lanes:
            pipeline.zrange(names.backlog(instrument, lane.value), 0, -1)
            pipeline.smembers(names.window(instrument, lane.value))
        found = pipeline.execute()
        return dict(zip(lanes, found[::2], strict=True)), dict(zip(lanes, map(set, found[1::2]), strict=True))

    def _runs(self, instrument: str, turns: list[tuple[Lane, str]]) -> dict[tuple[Lane, str], list[str]]:
        pipeline = self._redis.pipeline(transaction=False)
        for lane, user in turns:
            pipeline.lrange(names.backlog(instrument, lane.value, user), 0, -1)
        return dict(zip(turns, pipeline.execute(), strict=True))

    def _lengths(self, runs: set[str]) -> dict[str, int]:
        pipeline = self._redis.pipeline(transaction=False)
        for run in runs:
            pipeline.llen(names.run_record(run, "backlog"))
        return dict(zip(runs, map(int, pipeline.execute()), strict=True))

    def _running(self, keys: set[str]) -> set[str]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.hget(names.unit_record(key), "row")
        rows = zip(keys, pipeline.execute(), strict=True)
        return {key for key, row in rows if row and json.loads(row).get("state") == UnitState.RUNNING.value}
