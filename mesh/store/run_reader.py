"""Reads the table and the events of runs from the index, as callers see them."""

import json
from collections.abc import Sequence
from typing import Any

import redis
from redis.exceptions import ResponseError

from mesh.contracts import UnitRow
from mesh.errors import EventsLost
from mesh.states import UnitState
from mesh.store import names
from mesh.store.connect import redis_answers

GOOD = (UnitState.DONE, UnitState.CACHED)


class RunReader:
    """Runs by their id; None stands for what the index does not know (any more).

    Every method raises StoreUnavailable when Redis is out of reach.
    """

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index

    @redis_answers()
    def events(self, run_id: str, after_id: str = "0", limit: int = 1000) -> list[tuple[str, dict[str, Any]]]:
        """Return what happened to a run after an event, oldest first.

        Each entry is (id, content): {"type": "unit", "row": fields of a UnitRow} or {"type": "run", "state": word}.
        The stream keeps about the last 20 000 entries, and one day after the end of the run.

        Raises:
            EventsLost: some entries after *after_id* are not kept any more; look at the view and the rows instead.
        """
        stream = names.run_record(run_id, "events")
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.xrange(stream, min=f"({after_id}", count=limit)
        pipeline.xinfo_stream(stream)
        entries, about = pipeline.execute(raise_on_error=False)
        if isinstance(about, ResponseError):
            raise EventsLost(f"the events of run {run_id} are not kept any more")
        # What was trimmed lies before the first entry; whether the last one of it was seen cannot be told.
        trimmed = about["entries-added"] > about["length"]
        if trimmed and _order(after_id) < _order(about["first-entry"][0]):
            raise EventsLost(f"events of run {run_id} after {after_id} are not kept any more")
        return [(entry_id, _event(fields)) for entry_id, fields in entries]

    @redis_answers()
    def last_event(self, run_id: str) -> str:
        """Return the id of the newest event of a run, from which a follower of now starts; "0": there is none."""
        newest = self._redis.xrevrange(names.run_record(run_id, "events"), count=1)
        return str(newest[0][0]) if newest else "0"

    @redis_answers()
    def result_rows(self, run_id: str, offset: int, limit: int) -> list[UnitRow] | None:
        """Return a page of the good rows of the stages that are the result; None while a run has none."""
        stages = self._redis.hget(names.run_record(run_id), "result_stages")
        if stages is None:
            return None
        pipeline = self._redis.pipeline(transaction=False)
        for state in GOOD:
            pipeline.zrange(names.run_record(run_id, f"in:{state.value}"), 0, -1, withscores=True)
        wanted = set(json.loads(stages))
        places = sorted(
            (place, row) for found in pipeline.execute() for row, place in found if row.partition("/")[0] in wanted
        )
        return self._read_rows(run_id, [row for _, row in places[offset : offset + limit]])

    @redis_answers()
    def knows_rows(self, run_id: str) -> bool:
        """Say whether the index has the table of a run."""
        return bool(self._redis.exists(names.run_record(run_id, "order")))

    @redis_answers()
    def row(self, run_id: str, row: str) -> str | None:
        """Return a row, by its name, as its hash keeps it."""
        text: str | None = self._redis.hget(names.run_record(run_id, "rows"), row)
        return text

    @redis_answers()
    def rows(self, run_id: str, offset: int, limit: int, states: Sequence[UnitState] | None) -> list[UnitRow] | None:
        """Return a page of the table in the order of the plan, or of its rows in some states; None: no such table."""
        if states is None:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.exists(names.run_record(run_id, "order"))
            pipeline.lrange(names.run_record(run_id, "order"), offset, offset + limit - 1)
            known, page = pipeline.execute()
        else:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.exists(names.run_record(run_id, "order"))
            for state in states:
                pipeline.zrange(names.run_record(run_id, f"in:{state.value}"), 0, offset + limit - 1, withscores=True)
            known, *found = pipeline.execute()
            places = sorted((place, row) for entries in found for row, place in entries)
            page = [row for _, row in places[offset : offset + limit]]
        if not known:
            return None
        return self._read_rows(run_id, page)

    def _read_rows(self, run_id: str, page: Sequence[str]) -> list[UnitRow]:
        texts = self._redis.hmget(names.run_record(run_id, "rows"), page) if page else []
        return [UnitRow.read_json(text) for text in texts if text is not None]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)


def _event(fields: dict[str, str]) -> dict[str, Any]:
    if fields["type"] == "unit":
        return {"type": "unit", "row": json.loads(fields["row"])}
    return {"type": "run", "state": fields["state"]}
