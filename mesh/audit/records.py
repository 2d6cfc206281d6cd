"""Reads what the index in Redis says of jobs, runs, units and products, without the classes that keep it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import redis

from mesh.contracts import UnitRow
from mesh.states import unit_is_final
from mesh.store import names
from mesh.store.connect import redis_answers

_SCAN = 1000


@dataclass(frozen=True)
class RunRecord:
    """A run that is not final, as the index has it."""

    request_key: str
    state: str
    jobs: frozenset[str]
    rows: tuple[UnitRow, ...]
    counts: Mapping[str, int]
    """``<stage>/<state>`` -> rows, as the fan-in counted them; zeros left out."""
    left: Mapping[str, int]
    """Stage -> rows that are not final, as the fan-in counted them; zeros left out."""
    laid_out: bool
    changed: float
    """When something happened to it last [s since 1970]."""
    backlog: frozenset[str]
    """Keys of units that were not released yet."""

    @property
    def recounted(self) -> dict[str, int]:
        """``<stage>/<state>`` -> rows, counted here."""
        return dict(Counter(f"{row.stage}/{row.state.value}" for row in self.rows))

    @property
    def open_keys(self) -> list[str]:
        """Keys of the rows that are not final."""
        return [row.key for row in self.rows if row.key and not unit_is_final(row.state)]


class UnitRecord(NamedTuple):
    """A unit that a row of an active run waits for."""

    runs: frozenset[str]
    """That wait for it."""
    released: bool
    watched: bool
    """Whether it is looked after if nothing is heard of it."""


@dataclass(frozen=True)
class Records:
    """What the index says."""

    now: float
    """Time of the server [s since 1970]."""
    jobs: Mapping[str, Mapping[str, str]]
    """Job -> its record, of the jobs that were asked for and are known."""
    unplanned: frozenset[str]
    """Jobs that wait to be taken up."""
    ending: Mapping[str, float]
    """Jobs whose end is not known to be written -> when they ended [s since 1970]."""
    run_states: Mapping[str, str]
    """Run -> state, of the runs that serve one of the jobs."""
    active: Mapping[str, RunRecord]
    units: Mapping[str, UnitRecord]
    """The units that active runs wait for, as far as the index knows them."""
    released: Mapping[str, bool]
    """Unit that counts as released -> whether the index knows it."""
    at_work: frozenset[str]
    """Units that an owner who lives has leased."""
    products: frozenset[str]
    """Keys that the index of products has."""
    complete: bool
    """Whether the index of products is said to be complete."""


@redis_answers()
def read_records(client: redis.Redis, job_ids: Iterable[str]) -> Records:
    """Read what the index says of these jobs, and of all runs, units and products.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    index: Any = client
    seconds, _ = index.time()
    jobs = {job: record for job, record in _hashes(index, list(job_ids), names.job_record) if record}
    serving = sorted({record["run_id"] for record in jobs.values() if record.get("run_id")})
    states = {run: record["state"] for run, record in _hashes(index, serving, names.run_record) if "state" in record}
    complete = bool(index.exists(names.INDEX_COMPLETE))
    active = {run: record for run in index.smembers(names.ACTIVE_RUNS) if (record := _run(index, run))}
    released = {unit for name in index.scan_iter("window:*", _SCAN) for unit in index.smembers(name)}
    return Records(
        now=float(seconds),
        jobs=jobs,
        unplanned=frozenset(index.zrange(names.NEW_JOBS, 0, -1)),
        ending={job: _finished(text) for job, text in index.hgetall(names.ENDING_JOBS).items()},
        run_states=states,
        active=active,
        units=_units(index, sorted({key for record in active.values() for key in record.open_keys})),
        released={unit: bool(index.exists(names.unit_record(unit))) for unit in released},
        at_work=_at_work(index),
        products=frozenset(name.partition(":")[2] for name in index.scan_iter(names.product_entry("*"), _SCAN)),
        complete=complete,
    )


def _hashes(index: Any, keys: list[str], name: Any) -> Iterator[tuple[str, dict[str, str]]]:
    for start in range(0, len(keys), _SCAN):
        chunk = keys[start : start + _SCAN]
        pipeline = index.pipeline(transaction=False)
        for key in chunk:
            pipeline.hgetall(name(key))
        yield from zip(chunk, pipeline.execute(), strict=True)


def _run(index: Any, run_id: str) -> RunRecord | None:
    pipeline = index.pipeline(transaction=True)
    pipeline.hgetall(names.run_record(run_id))
    pipeline.smembers(names.run_record(run_id, "jobs"))
    pipeline.hvals(names.run_record(run_id, "rows"))
    pipeline.hgetall(names.run_record(run_id, "counts"))
    pipeline.hgetall(names.run_record(run_id, "left"))
    pipeline.xrevrange(names.run_record(run_id, "events"), count=1)
    pipeline.lrange(names.run_record(run_id, "backlog"), 0, -1)
    record, jobs, rows, counts, left, newest, backlog = pipeline.execute()
    if "state" not in record:
        return None
    return RunRecord(
        request_key=record["request_key"],
        state=record["state"],
        jobs=frozenset(jobs),
        rows=tuple(UnitRow.read(json.loads(row)) for row in rows),
        counts={name: int(count) for name, count in counts.items() if int(count)},
        left={stage: int(count) for stage, count in left.items() if int(count)},
        laid_out="laid_out" in record,
        changed=int(newest[0][0].partition("-")[0]) / 1000 if newest else 0.0,
        backlog=frozenset(backlog),
    )


def _units(index: Any, keys: list[str]) -> dict[str, UnitRecord]:
    watched = set(index.zrange(names.WATCHED_UNITS, 0, -1))
    found: dict[str, UnitRecord] = {}
    for start in range(0, len(keys), _SCAN):
        chunk = keys[start : start + _SCAN]
        pipeline = index.pipeline(transaction=False)
        for key in chunk:
            pipeline.hmget(names.unit_record(key), "message", "released")
            pipeline.smembers(names.unit_record(key, "runs"))
        answers = pipeline.execute()
        for key, (message, released), runs in zip(chunk, answers[::2], answers[1::2], strict=True):
            if message is not None:
                found[key] = UnitRecord(frozenset(runs), released is not None, key in watched)
    return found


def _finished(text: str) -> float:
    return datetime.fromisoformat(json.loads(text)["finished"]).timestamp()


def _at_work(index: Any) -> frozenset[str]:
    leased = list(index.scan_iter(names.lease("*"), _SCAN))
    owners = index.mget(leased) if leased else []
    alive = {owner for owner in set(owners) if owner and index.exists(names.owner(owner))}
    return frozenset(name.partition(":")[2] for name, owner in zip(leased, owners, strict=True) if owner in alive)
