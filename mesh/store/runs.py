"""Runs: one execution of an analysis, its rows, and how events and cancels move them. What the dispatcher works on."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import uuid4

import redis

from mesh import tracing
from mesh.contracts import Analysis, Job, Lane, RunResult, UnitRow
from mesh.contracts.document import Part
from mesh.errors import NotFound, TransientFailure
from mesh.states import JobState, UnitState
from mesh.store import names
from mesh.store.claims import CLAIM_SECONDS
from mesh.store.connect import redis_answers
from mesh.store.leases import TOMBSTONE_SECONDS
from mesh.store.library import Library
from mesh.store.row_change import RowChange, row_text

RECORD_SECONDS = 7 * 86_400
"""How long jobs and runs that are over stay in the index; their documents stay for ever."""
_EVENTS_SECONDS = 86_400
_CHUNK = 250
_RETRYING_ASIDE = 64
"""Units of one user and lane that may wait on the retry ladder without counting in the user's window."""
_Entry = TypeVar("_Entry")


class Run(Part):
    """The record of a run."""

    run_id: str
    request_key: str
    instrument: str
    product: str
    state: JobState
    lane: Lane
    user: str
    opened: str
    started: str | None
    finished: str | None
    steps: dict[str, tuple[str, ...]]
    """Steps of each stage, in the order of the plan."""
    image: str
    """Digest that all stages use; empty until laid out."""
    calibration: str
    laid_out: bool
    """Whether it has its rows."""
    parked: bool = False
    """Whether nobody takes it on until an operator resumes it."""
    planned: frozenset[str]
    """Stages whose units have keys and were queued."""
    left: dict[str, int]
    """Rows of each stage that are not final."""
    traceparent: str = ""
    """Where it was opened: its place in the trace of the request; empty: nobody said."""

    @property
    def complete(self) -> frozenset[str]:
        """Stages without a row that is not final."""
        return frozenset(stage for stage in self.planned if self.left.get(stage, 0) == 0)


class RunChange(NamedTuple):
    """What one event did to one run."""

    run_id: str
    state: JobState
    """Where the run stands now."""
    claimed: bool
    """Whether the caller has the claim on the run: it must take it to its next stage."""


class Cancelled(NamedTuple):
    """What the cancel of a job meant."""

    run_id: str | None
    what: Literal["ended", "job", "run"]
    """ended: the job was over before; job: others still wait for the run; run: nobody does, its rows must be ended."""


class Runs:
    """The runs in Redis. Every method raises StoreUnavailable when Redis is out of reach."""

    def __init__(self, index: redis.Redis) -> None:
        self._redis: Any = index
        self._library = Library(index)

    @redis_answers()
    def open(
        self, analysis: Analysis, job: Job, steps: Mapping[str, Sequence[str]], now: str
    ) -> tuple[str, bool] | None:
        """Find the active run of an analysis, or open one, for a job.

        Returns:
            The run and whether it was opened now; None when the job was cancelled or deleted before, or asks for
            something else by now.
        """
        arguments = [job.job_id, job.request_key, analysis.instrument, analysis.product, job.lane.value, job.user]
        run_id, opened = self._library.call(
            "open", *arguments, json.dumps(dict(steps)), now, uuid4().hex, tracing.here()
        )
        return (run_id, bool(opened)) if run_id else None

    @redis_answers()
    def get(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            NotFound: the index knows no such run.
        """
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hgetall(names.run_record(run_id))
        pipeline.hgetall(names.run_record(run_id, "left"))
        record, left = pipeline.execute()
        if "state" not in record:
            raise NotFound(f"the index knows no run {run_id}")
        return Run(
            run_id=run_id,
            request_key=record["request_key"],
            instrument=record["instrument"],
            product=record["product"],
            state=JobState(record["state"]),
            lane=Lane(record["lane"]),
            user=record["user"],
            opened=record["opened"],
            started=record.get("started"),
            finished=record.get("finished"),
            steps={stage: tuple(steps) for stage, steps in json.loads(record["steps"]).items()},
            image=record.get("image", ""),
            calibration=record.get("calibration", ""),
            laid_out="laid_out" in record,
            parked="parked" in record,
            planned=frozenset(name.removeprefix("planned:") for name in record if name.startswith("planned:")),
            left={stage: int(count) for stage, count in left.items()},
            traceparent=record.get("traceparent", ""),
        )

    @redis_answers()
    def traces(self, run_ids: Iterable[str]) -> dict[str, str]:
        """Return the places of runs in the traces of their requests; a run that is not known has an empty one."""
        asked = list(run_ids)
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in asked:
            pipeline.hget(names.run_record(run_id), "traceparent")
        return {run_id: place or "" for run_id, place in zip(asked, pipeline.execute(), strict=True)}

    @redis_answers()
    def active(self) -> frozenset[str]:
        """Return the runs that are not final."""
        return frozenset(self._redis.smembers(names.ACTIVE_RUNS))

    @redis_answers()
    def still(self, run_ids: Sequence[str], seconds: float) -> list[str]:
        """Return those runs of which nothing was told for so long, although no unit of them waits for its turn."""
        now, _ = self._redis.time()
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in run_ids:
            pipeline.xrevrange(names.run_record(run_id, "events"), count=1)
            pipeline.exists(names.run_record(run_id, "backlog"))
        answers = pipeline.execute()
        still = []
        for run_id, newest, backlogged in zip(run_ids, answers[::2], answers[1::2], strict=True):
            last = int(newest[0][0].partition("-")[0]) / 1000 if newest else 0.0
            if not backlogged and now - last > seconds:
                still.append(run_id)
        return still

    @redis_answers()
    def oldest(self, run_ids: Sequence[str]) -> dict[Lane, float]:
        """Return the age in seconds of the oldest of some runs in each lane; zero where a lane has none."""
        now, _ = self._redis.time()
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in run_ids:
            pipeline.hmget(names.run_record(run_id), "lane", "opened")
        ages = dict.fromkeys(Lane, 0.0)
        for lane, opened in pipeline.execute():
            if lane and opened:
                try:
                    of, age = Lane(lane), now - datetime.fromisoformat(opened).timestamp()
                except ValueError:
                    continue  # damaged, which whoever takes the run on says; the others have an age all the same
                ages[of] = max(ages[of], age)
        return ages

    @redis_answers()
    def lay_out(
        self,
        run_id: str,
        rows: Iterable[UnitRow],
        image: str,
        calibration: str,
        steps: Mapping[str, Sequence[str]] | None = None,
    ) -> int:
        """Write the rows of a run, all waiting, in the order of the table; a run that has them keeps them.

        They are written in bundles and count once the last one is there; a claimant that died in between is followed
        by one that begins anew. A run that was cancelled takes no more.

        Args:
            run_id: the run.
            rows: all of it.
            image: of all its units.
            calibration: of all its units.
            steps: of the stages that have rows; None: of all that it was opened with.

        Returns:
            How many rows.

        Raises:
            TransientFailure: another claimant began anew meanwhile.
        """
        start = 0
        for bundle in _chunks(rows, _CHUNK):
            texts = [text for row in bundle for text in (names.row_name(row.stage, row.label), row_text(row))]
            answer = self._library.call("lay_rows", run_id, start, *texts)
            if answer == "over":
                return int(self._redis.llen(names.run_record(run_id, "order")))
            if answer == "overtaken":
                raise TransientFailure("Overtaken", "another dispatcher has begun to plan this run anew")
            start += len(bundle)
        fields = {} if steps is None else {"steps": json.dumps(dict(steps))}
        self._note(run_id, image=image, calibration=calibration, laid_out="1", **fields)
        return start

    def unplan(self, run_id: str, steps: Mapping[str, Sequence[str]], now: str) -> Iterator[list[str]]:
        """Take a run back to where it was before it was laid out; repeating it after a claimant died does no harm.

        Args:
            run_id: the run.
            steps: of the stages that it will have.
            now: UTC.

        Yields:
            Keys of released units that nobody waits for any more.
        """
        while True:
            back, *keys = self._unplan_some(run_id, steps, now)
            yield keys
            if back == 0:
                return

    @redis_answers()
    def enqueue(
        self, run_id: str, stage: str, units: Iterable[tuple[RowChange, bytes]], now: str, token: str = ""
    ) -> int:
        """Give the waiting rows of a stage their units, and note that the stage is planned.

        Args:
            run_id: the run.
            stage: the stage that they belong to.
            units: change of the row (state queued with its key, or failed) and message; the message of a failed one is
                not looked at.
            now: UTC.
            token: of the caller's claim; empty where it needs none.

        Returns:
            How many units went to the backlog; the others were cached, are in work for another run, or failed.

        Raises:
            TransientFailure: the claim was lost meanwhile; whoever has it plans the stage.
        """
        backlogged = 0
        for chunk in _chunks(units, _CHUNK):
            arguments: list[str | bytes] = [run_id, now]
            for change, message in chunk:
                arguments += [names.row_name(change.stage, change.label), change.text(), message]
            backlogged += int(self._library.call("enqueue", *arguments))
        if not self._library.call("note_planned", run_id, stage, token):
            raise TransientFailure("Overtaken", "another dispatcher has taken this run on meanwhile")
        return backlogged

    @redis_answers()
    def set_queued(self, run_id: str) -> None:
        """Note that a run is planned; one that executes already, or is over, stays as it is."""
        self._library.call("planned", run_id)

    @redis_answers()
    def wait(self, run_id: str, reason: str) -> None:
        """Note why a run cannot be taken on now; an empty reason: it can."""
        self._note(run_id, waits=reason)

    @redis_answers()
    def note(self, run_id: str, text: str) -> None:
        """Tell the caller why a run is not planned yet."""
        self._note(run_id, note=text)

    @redis_answers()
    def hold(self, run_id: str, keys: Iterable[str]) -> None:
        """Keep products from being removed until a run is over, because its caller named them."""
        self._library.call("hold_products", run_id, *keys)

    @redis_answers()
    def apply(self, change: RowChange, watch_seconds: float, token: str) -> list[RunChange]:
        """Apply one event to every run that waits for the unit; see ``lua/fan_in.lua``.

        Runs whose stage it completes are claimed under *token*.
        """
        watch, lease = int(watch_seconds * 1000), int(CLAIM_SECONDS * 1000)
        arguments = [change.key, change.text(), watch, token, lease, _RETRYING_ASIDE, TOMBSTONE_SECONDS]
        return changes(self._library.call("apply", *arguments))

    @redis_answers()
    def rows(
        self, run_id: str, stages: Iterable[str] | None = None, states: Iterable[UnitState] = tuple(UnitState)
    ) -> list[UnitRow]:
        """Return the rows of a run in the order of the table, or those of some stages and states."""
        pipeline = self._redis.pipeline(transaction=True)
        for state in states:
            pipeline.zrange(names.run_record(run_id, f"in:{state.value}"), 0, -1, withscores=True)
        found = sorted((place, name) for entries in pipeline.execute() for name, place in entries)
        wanted = None if stages is None else set(stages)
        chosen = [name for _, name in found if wanted is None or name.split("/", 1)[0] in wanted]
        rows = []
        for chunk in _chunks(chosen, 1000):
            texts = self._redis.hmget(names.run_record(run_id, "rows"), chunk)
            rows += [UnitRow.read_json(text) for text in texts if text is not None]
        return rows

    def row_pages(self, run_id: str, size: int) -> Iterator[tuple[UnitRow, ...]]:
        """Return all rows of a run in the order of the table, so many at a time."""
        start = 0
        while page := self._row_page(run_id, start, size):
            yield page
            start += size

    @redis_answers()
    def labels(self, run_id: str, stage: str, state: UnitState) -> list[str]:
        """Return the labels of those rows of a stage that are in a state, in the order of the table."""
        found = self._redis.zrange(names.run_record(run_id, f"in:{state.value}"), 0, -1)
        return [label for of, _, label in (name.partition("/") for name in found) if of == stage]

    @redis_answers()
    def _row_page(self, run_id: str, start: int, size: int) -> tuple[UnitRow, ...]:
        page = self._redis.lrange(names.run_record(run_id, "order"), start, start + size - 1)
        texts = self._redis.hmget(names.run_record(run_id, "rows"), page) if page else []
        return tuple(UnitRow.read_json(text) for text in texts if text is not None)

    @redis_answers()
    def finish(self, result: RunResult) -> int:
        """Write the outcome of a run into its record, and note the ends of its jobs for `mesh.store.ends`.

        Returns:
            How many jobs ended with it; none if it was over before.
        """
        outcome = {
            "warnings": json.dumps(result.warnings),
            "warnings_total": result.warnings_total,
            "failure": result.failure.model_dump_json() if result.failure else "",
            "products": "[" + ",".join(product.model_dump_json() for product in result.products) + "]",
            "products_total": result.products_total,
            "partial": "1" if result.partial else "",
            "result_stages": json.dumps(result.result_stages),
        }
        fields: list[str] = [str(entry) for field in outcome.items() for entry in field]
        ended = [result.run_id, result.state.value, result.finished]
        return int(self._library.call("finish", *ended, RECORD_SECONDS, _EVENTS_SECONDS, *fields))

    @redis_answers()
    def cancel(self, job_id: str, now: str, reason: str = "") -> Cancelled:
        """End a job, and its run when nobody else waits for it.

        Args:
            job_id: the job.
            now: UTC.
            reason: why, where it is not its caller who wants it; a sentence.
        """
        run_id, what = self._library.call("cancel", job_id, now, RECORD_SECONDS, _EVENTS_SECONDS, reason)
        return Cancelled(run_id or None, what)

    def drop_rows(self, run_id: str, now: str) -> Iterator[list[str]]:
        """End the open rows of a run that was cancelled or refused; yields keys of units to stop."""
        while True:
            ended, *keys = self._drop_some(run_id, now)
            yield keys
            if ended == 0:
                return

    @redis_answers()
    def _unplan_some(self, run_id: str, steps: Mapping[str, Sequence[str]], now: str) -> list[Any]:
        arguments = [run_id, now, _CHUNK, TOMBSTONE_SECONDS, json.dumps(dict(steps))]
        answer: list[Any] = self._library.call("unplan", *arguments)
        return answer

    def _note(self, run_id: str, **fields: str) -> None:
        self._library.call("note_run", run_id, *(text for field in fields.items() for text in field))

    @redis_answers()
    def _drop_some(self, run_id: str, now: str) -> list[Any]:
        answer: list[Any] = self._library.call(
            "drop", run_id, now, _CHUNK, TOMBSTONE_SECONDS, RECORD_SECONDS, _EVENTS_SECONDS
        )
        return answer


def changes(answer: Iterable[Sequence[Any]]) -> list[RunChange]:
    """Return the changes that a function of the library tells."""
    return [RunChange(run_id, JobState(state), bool(claimed)) for run_id, state, claimed in answer]


def _chunks(entries: Iterable[_Entry], size: int) -> Iterator[list[_Entry]]:
    chunk: list[_Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
