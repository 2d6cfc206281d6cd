"""A machine that does to the records whatever can happen to them, in any order, and looks at them after each step.

It plays callers, dispatchers that die between two steps, a broker that delivers twice and late, workers, and a server
that loses everything. It knows what must be true from documents alone: who asked for what, which ends were written,
which products are there.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, cast

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mesh.contracts import Analysis, Failure, Job, Lane, RunResult, Selection, UnitRow
from mesh.states import FailureKind, JobState, UnitState, job_is_final, unit_is_final
from mesh.store import names
from mesh.store.backlog import Backlog, Released
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.objects import Objects
from mesh.store.row_change import RowChange
from mesh.store.runs import Runs

STEPS: dict[str, tuple[str, ...]] = {"window": ("work",), "merge": ("merge",)}
WINDOWS = {"a": (1, 2, 3), "b": (2, 3, 4, 5, 6), "c": (7,)}
"""Request -> windows; some units are wanted by two of them."""
USERS, LANES = ("ada", "bob"), tuple(Lane)
NOW = "2026-11-22T12:00:00.000Z"
FAILURE = Failure(kind=FailureKind.SCIENCE, reason="NoSource", text="nothing there")
_PICK = st.integers(0, 99)


class Message(NamedTuple):
    """A unit as the broker has it."""

    key: str
    asking: int
    run_id: str


@dataclass
class Asked:
    """A job, as its documents have it."""

    job: Job
    analysis: Analysis
    ends: list[str] = field(default_factory=list)


def _analysis(request: str) -> Analysis:
    return Analysis(instrument="noop", product="noop", selection=Selection(scws=(request,)), parameters={})


def _place(key: str) -> tuple[str, str]:
    """Return stage and label of a unit; its key names them, and the image that it is planned for."""
    stage, label, _ = key.split("-")
    return stage, label


class RecordsMachine(RuleBasedStateMachine):
    """See the module; *client* is set by the test."""

    client: redis.Redis

    @initialize()
    def begin(self) -> None:
        """Begin with an empty server."""
        self.client.flushdb()
        self.index: Any = self.client
        self.jobs, self.runs = Jobs(cast(Objects, None), self.client), Runs(self.client)
        self.backlog, self.leases = Backlog(self.client), Leases(self.client)
        self.asked: dict[str, Asked] = {}
        self.requests: dict[str, str] = {}
        self.products: set[str] = set()
        self.queue: list[Message] = []
        self.events: list[RowChange] = []
        self.dropping: set[str] = set()
        self.unplanning: set[str] = set()
        self.image = 0
        self.clock = 0

    # What callers do

    @rule(request=st.sampled_from(sorted(WINDOWS)), user=st.sampled_from(USERS), lane=st.sampled_from(LANES))
    def submit(self, request: str, user: str, lane: Lane) -> None:
        """Store a job; its message may come at once, later, or be lost."""
        analysis, number = _analysis(request), len(self.asked)
        job = Job(job_id=f"job{number}", request_key=analysis.key, user=user, lane=lane, submitted=NOW)
        self.requests[analysis.key] = request
        self.asked[job.job_id] = Asked(job, analysis)
        self.jobs.enter(analysis, job)

    @precondition(lambda self: self.asked)
    @rule(pick=_PICK, dies=st.booleans())
    def cancel(self, pick: int, *, dies: bool) -> None:
        """Cancel a job; the dispatcher may die before all rows are ended, and the message comes again."""
        job_id = self._pick(sorted(self.asked), pick)
        cancelled = self.runs.cancel(job_id, NOW)
        if cancelled.what == "run" and cancelled.run_id is not None:
            self.dropping.add(cancelled.run_id)
            self._drop(cancelled.run_id, dies=dies)

    @precondition(lambda self: self.dropping)
    @rule(pick=_PICK, dies=st.booleans())
    def cancel_again(self, pick: int, *, dies: bool) -> None:
        """Go on with a cancel that was cut short."""
        self._drop(self._pick(sorted(self.dropping), pick), dies=dies)

    # What dispatchers do

    @precondition(lambda self: self.asked)
    @rule(pick=_PICK)
    def open(self, pick: int) -> None:
        """Take the message of a job in; it may come more than once, and after the end."""
        self._open(self.asked[self._pick(sorted(self.asked), pick)])

    @precondition(lambda self: self._active())
    @rule(pick=_PICK, dies=st.booleans())
    def take_on(self, pick: int, *, dies: bool) -> None:
        """Take a run one step on; the dispatcher may die in the middle of it."""
        self._take_on(self._pick(self._active(), pick), dies=dies)

    @precondition(lambda self: self._active())
    @rule(pick=_PICK, dies=st.booleans())
    def update_image(self, pick: int, *, dies: bool) -> None:
        """Find that the image of a run runs no more."""
        run_id = self._pick(self._active(), pick)
        if self.runs.get(run_id).laid_out:
            self.image += 1
            self.unplanning.add(run_id)
            self._unplan(run_id, dies=dies)

    @rule(per_user=st.integers(1, 3), in_lane=st.integers(1, 4), lost=st.booleans())
    def release(self, per_user: int, in_lane: int, *, lost: bool) -> None:
        """Release units; the answer, or the dispatcher that had it, may be lost."""
        released = self.backlog.release(
            "noop", [lane.value for lane in LANES], per_user=per_user, in_lane=in_lane, most=9, now=NOW, claim="me"
        )
        for unit in released.units:
            assert _place(unit.key) == _place(json.loads(unit.message)["key"])
            if not lost:
                self.queue.append(Message(unit.key, unit.asking, unit.run_id))

    @rule(pick=_PICK)
    def release_into_a_full_queue(self, pick: int) -> None:
        """Release units that the broker refuses, some of them."""
        released = self.backlog.release(
            "noop", [lane.value for lane in LANES], per_user=3, in_lane=4, most=9, now=NOW, claim="me"
        )
        taken = pick % (len(released.units) + 1)
        self.queue += [Message(unit.key, unit.asking, unit.run_id) for unit in released.units[:taken]]
        refused: list[Released] = released.units[taken:]
        self.backlog.put_back(refused)

    @precondition(lambda self: self.index.zcard(names.WATCHED_UNITS))
    @rule(pick=_PICK)
    def publish_again(self, pick: int) -> None:
        """Publish a released unit again that nothing was heard of."""
        key = self._pick(self.index.zrange(names.WATCHED_UNITS, 0, -1), pick)
        self.backlog.not_published([key])
        (silent,) = (unit for unit in self.backlog.silent(99) if unit.key == key)
        if key in self.products:
            self._apply(self._change(Message(key, 0, ""), UnitState.CACHED))
            return
        self.queue.append(Message(key, silent.asking, "sweep"))
        self.backlog.watch(key, silent.tries + 1)

    @precondition(lambda self: self.index.hlen(names.ENDING_JOBS))
    @rule(pick=_PICK, forgotten=st.booleans())
    def write_end(self, pick: int, *, forgotten: bool) -> None:
        """Write the document of an end; who wrote it may die before it notes that."""
        job_id = self._pick(sorted(self.index.hkeys(names.ENDING_JOBS)), pick)
        state = json.loads(self.index.hget(names.ENDING_JOBS, job_id))["state"]
        if not self.asked[job_id].ends:
            self.asked[job_id].ends.append(state)
        assert self.asked[job_id].ends == [state], "a job ends once"
        if not forgotten:
            self.index.hdel(names.ENDING_JOBS, job_id)

    # What broker and workers do

    @precondition(lambda self: self.queue)
    @rule(
        pick=_PICK,
        then=st.sampled_from([UnitState.RUNNING, UnitState.QUEUED, UnitState.DONE, UnitState.FAILED]),
        twice=st.booleans(),
    )
    def execute(self, pick: int, then: UnitState, *, twice: bool) -> None:
        """Execute a unit to some state, in the order of no queue; its message may come again."""
        message = self._pick(self.queue, pick)
        if not twice:
            self.queue.remove(message)
        self._execute(message, then)

    @precondition(lambda self: self.events)
    @rule(pick=_PICK, twice=st.booleans())
    def deliver(self, pick: int, *, twice: bool) -> None:
        """Deliver an event, in the order of no queue; it may come again."""
        event = self._pick(self.events, pick)
        if not twice:
            self.events.remove(event)
        self._apply(event)

    @precondition(lambda self: self.products)
    @rule(pick=_PICK)
    def remove_product(self, pick: int) -> None:
        """Remove a product that no active run has or waits for."""
        key = self._pick(sorted(self.products), pick)
        rows = [row for run_id in self._active() for row in self.runs.rows(run_id)]
        if key not in {row.key for row in rows}:
            self.products.discard(key)
            self.index.delete(names.product_entry(key))

    @precondition(lambda self: self.products)
    @rule()
    def complete_index(self) -> None:
        """Enter every product that the index lacks, after a loss."""
        for key in self.products:
            self._index_product(key)

    # What the server does

    @rule(complete=st.booleans())
    def lose_everything(self, *, complete: bool) -> None:
        """Lose all records; those of jobs without an end are made again from the documents."""
        self.index.flushdb()
        self.dropping.clear()
        self.unplanning.clear()
        if complete:
            for key in self.products:
                self._index_product(key)
        for asked in self.asked.values():
            if not asked.ends:
                self.jobs.enter(asked.analysis, asked.job)
                self.runs.open(asked.analysis, asked.job, STEPS, NOW)

    # What must be true at any time

    @invariant()
    def rows_and_counts_agree(self) -> None:
        """Counters, lists and rows of every active run say the same."""
        for run_id in self._active():
            rows = [json.loads(text) for text in self.index.hvals(names.run_record(run_id, "rows"))]
            counted: dict[str, int] = {}
            left: dict[str, int] = {}
            for row in rows:
                counted[f"{row['stage']}/{row['state']}"] = counted.get(f"{row['stage']}/{row['state']}", 0) + 1
                if not unit_is_final(UnitState(row["state"])):
                    left[row["stage"]] = left.get(row["stage"], 0) + 1
            assert self._numbers(names.run_record(run_id, "counts")) == counted
            assert self._numbers(names.run_record(run_id, "left")) == left
            for state in UnitState:
                listed = set(self.index.zrange(names.run_record(run_id, f"in:{state.value}"), 0, -1))
                assert listed == {f"{row['stage']}/{row['label']}" for row in rows if row["state"] == state.value}

    @invariant()
    def no_unit_is_lost_or_in_two_places(self) -> None:
        """Each unit that a row waits for is released and looked after, or in a backlog that has its turn."""
        watched = set(self.index.zrange(names.WATCHED_UNITS, 0, -1))
        released = self._released()
        assert watched == set(released), "what is released is looked after"
        backlogs = {run_id: self.index.lrange(names.run_record(run_id, "backlog"), 0, -1) for run_id in self._active()}
        for run_id in self._active():
            for row in self.runs.rows(run_id, states=[UnitState.QUEUED, UnitState.RUNNING]):
                assert run_id in self.index.smembers(names.unit_record(row.key, "runs"))
                waiting = [run for run, keys in backlogs.items() if row.key in keys]
                assert row.key in released or run_id in waiting, f"{row.key} of {run_id} is nowhere"
            if [key for key in backlogs[run_id] if key not in released]:
                self._has_its_turn(run_id)

    @invariant()
    def windows_hold_what_is_released(self) -> None:
        """The window of a user and a lane is what of theirs is released, but for what stands aside."""
        released = self._released()
        for lane in LANES:
            own = {key for key, (of, _) in released.items() if of == lane.value}
            in_lane = set(self.index.smembers(names.window("noop", lane.value)))
            aside: set[str] = set()
            for user in USERS:
                retrying = set(self.index.smembers(names.retrying("noop", lane.value, user)))
                in_window = set(self.index.smembers(f"{names.window('noop', lane.value)}:{user}"))
                assert in_window | retrying == {key for key in own if released[key][1] == user}
                assert not in_window & retrying
                aside |= retrying
            assert in_lane == own - aside

    @invariant()
    def every_job_is_on_its_way(self) -> None:
        """A job waits to be planned, or its run works for it, or its end is written or kept to be written."""
        new = set(self.index.zrange(names.NEW_JOBS, 0, -1))
        kept = self.index.hkeys(names.ENDING_JOBS)
        for user in USERS:
            open_jobs = {name for name, one in self.asked.items() if one.job.user == user and self._is_open(name)}
            assert set(self.index.smembers(names.active_jobs(user))) == open_jobs
        for job_id, asked in self.asked.items():
            if asked.ends or job_id in kept:
                continue
            record = self.index.hgetall(names.job_record(job_id))
            run_id = record.get("run_id")
            if run_id is None:
                assert job_id in new
                continue
            assert job_id not in new
            run = self.runs.get(run_id)
            assert run.request_key == asked.analysis.key
            assert not job_is_final(run.state)
            assert job_id in self.index.smembers(names.run_record(run_id, "jobs"))

    @invariant()
    def runs_know_their_callers(self) -> None:
        """An active run is found by its request, and counts in the most urgent lane of its jobs."""
        serving: dict[str, str] = {}
        for run_id in self._active():
            run = self.runs.get(run_id)
            assert serving.setdefault(run.request_key, run_id) == run_id, "two runs make the same"
            assert self.index.get(f"request:{run.request_key}") == run_id
            lanes = [self.asked[job_id].job.lane for job_id in self.index.smembers(names.run_record(run_id, "jobs"))]
            assert run.lane is min(lanes, key=LANES.index)

    @invariant()
    def nothing_stays_for_ever(self) -> None:
        """Keys of what is over lapse."""
        active = set(self._active())
        for name in self.index.scan_iter("run:*", 500):
            if name.split(":")[1] not in active:
                assert self.index.ttl(name) > 0, name
        for name in self.index.scan_iter("unit:*", 500):
            if name.endswith(":over"):
                assert self.index.ttl(name) > 0
                continue
            runs = self.index.smembers(names.unit_record(name.split(":")[1], "runs"))
            assert runs & (active | self.dropping), f"{name}: nobody waits"

    def teardown(self) -> None:
        """Let everything go on without further accidents: every job must come to its end."""
        if not hasattr(self, "asked"):
            return
        for _ in range(60):
            if all(asked.ends for asked in self.asked.values()):
                break
            self._quiet_round()
        assert all(len(asked.ends) == 1 for asked in self.asked.values()), "a job never ends"
        for run_id in sorted(self.dropping):
            self._drop(run_id, dies=False)
        assert not self._active()
        assert not self.index.zcard(names.WATCHED_UNITS)
        assert not list(self.index.scan_iter("window:*"))
        self.nothing_stays_for_ever()
        self.rows_and_counts_agree()

    def _quiet_round(self) -> None:
        for asked in self.asked.values():
            self._open(asked)
        for run_id in sorted(self.dropping):
            self._drop(run_id, dies=False)
        for run_id in self._active():
            self._take_on(run_id, dies=False)
        for _ in range(9):
            self.release(3, 9, lost=False)
        for key in self.index.zrange(names.WATCHED_UNITS, 0, -1):
            asking = int(self.index.hget(names.unit_record(key), "asking"))
            self.queue.append(Message(key, asking, "sweep"))
        while self.queue:
            self._execute(self.queue.pop(), UnitState.DONE)
        while self.events:
            self._apply(self.events.pop())
        while self.index.hlen(names.ENDING_JOBS):
            self.write_end(0, forgotten=False)
        for invariant_of in (self.no_unit_is_lost_or_in_two_places, self.windows_hold_what_is_released):
            invariant_of()

    def _open(self, asked: Asked) -> None:
        if not self.index.exists(names.job_record(asked.job.job_id)):
            if asked.ends:
                return  # the dispatcher looks for an end before it enters a job that the index does not know
            self.jobs.enter(asked.analysis, asked.job)
        opened = self.runs.open(asked.analysis, asked.job, STEPS, NOW)
        if opened is not None:
            assert self.runs.get(opened[0]).request_key == asked.analysis.key

    def _take_on(self, run_id: str, *, dies: bool) -> None:
        run = self.runs.get(run_id)
        if run_id in self.unplanning:
            self._unplan(run_id, dies=dies)
        elif not run.laid_out:
            self._dying(dies, self._rows(run_id), lambda rows: self.runs.lay_out(run_id, rows, "image", "cal"))
        elif "window" not in run.planned:
            self._enqueue(run_id, "window", dies=dies)
            self.runs.set_queued(run_id)
        elif "merge" not in run.planned and "window" in run.complete:
            self._enqueue(run_id, "merge", dies=dies)
        elif run.complete == set(STEPS):
            self._finish(run_id)

    def _finish(self, run_id: str) -> None:
        run = self.runs.get(run_id)
        result = RunResult(
            run_id=run_id,
            request_key=run.request_key,
            state=JobState.COMPLETED,
            started=None,
            finished=NOW,
            steps=STEPS,
            rows=(),
        )
        assert self.runs.finish(result) > 0
        assert self.runs.finish(result) == 0, "a run ends once"

    def _rows(self, run_id: str) -> Iterator[UnitRow]:
        for window in WINDOWS[self.requests[self.runs.get(run_id).request_key]]:
            yield UnitRow(key="", stage="window", label=f"w{window}", state=UnitState.WAITING)
        yield UnitRow(key="", stage="merge", label="job", state=UnitState.WAITING)

    def _enqueue(self, run_id: str, stage: str, *, dies: bool) -> None:
        request = self.requests[self.runs.get(run_id).request_key]

        def units() -> Iterator[tuple[RowChange, bytes]]:
            for label in self.runs.labels(run_id, stage, UnitState.WAITING):
                of = label if stage == "window" else f"{label}{request}"
                message = Message(f"{stage}-{of}-{self.image}", 0, run_id)
                change = self._change(message, UnitState.QUEUED).model_copy(update={"label": label})
                unit = {"key": message.key, "stage": stage, "label": label}
                yield change, json.dumps(unit).encode()

        self._dying(dies, units(), lambda units: self.runs.enqueue(run_id, stage, units, NOW))

    def _dying(self, dies: bool, items: Iterator[Any], work: Callable[[Iterator[Any]], object]) -> None:
        """Work through items, or die before the last of them is written."""

        class _Died(Exception):
            pass

        def until_death() -> Iterator[Any]:
            yield from islice(items, 3)
            if dies:
                raise _Died
            yield from items

        with suppress(_Died):
            work(until_death())

    def _unplan(self, run_id: str, *, dies: bool) -> None:
        steps = self.runs.unplan(run_id, STEPS, NOW)
        if dies:
            next(steps)
            return
        list(steps)
        self.unplanning.discard(run_id)

    def _drop(self, run_id: str, *, dies: bool) -> None:
        dropped = self.runs.drop_rows(run_id, NOW)
        if dies:
            next(dropped)
            return
        list(dropped)
        self.dropping.discard(run_id)

    def _execute(self, message: Message, then: UnitState) -> None:
        if not self.leases.unit_wanted(message.key, message.asking):
            self.events.append(self._change(message, UnitState.CANCELLED))
            return
        if message.key in self.products or then is UnitState.DONE:
            made = message.key not in self.products
            self.products.add(message.key)
            self._index_product(message.key)
            self.events.append(self._change(message, UnitState.DONE if made else UnitState.CACHED))
            return
        self.events.append(self._change(message, then))
        if then is not UnitState.FAILED and message not in self.queue:
            self.queue.append(message)

    def _change(self, message: Message, state: UnitState) -> RowChange:
        self.clock += 1
        stage, label = _place(message.key)
        return RowChange(
            key=message.key,
            stage=stage,
            label=label if stage == "window" else "job",
            state=state,
            attempt=1,
            at=f"2026-11-22T12:00:00.{self.clock:06d}Z",
            failure=FAILURE if state is UnitState.FAILED else None,
            run_id=message.run_id,
            asking=message.asking or None,
        )

    def _apply(self, change: RowChange) -> None:
        final = {
            (run_id, row.stage, row.label): row
            for run_id in self._active()
            for row in self.runs.rows(run_id)
            if unit_is_final(row.state)
        }
        self.runs.apply(change, 60, "me")
        for (run_id, stage, label), row in final.items():
            assert row in self.runs.rows(run_id), f"{stage}/{label} of {run_id} was final"

    def _index_product(self, key: str) -> None:
        stage, label = _place(key)
        entry = {"key": key, "instrument": "noop", "stage": stage, "label": label, "run_id": "earlier", "seconds": 1.0}
        self.index.set(names.product_entry(key), json.dumps({**entry, "files": [], "warnings": []}))

    def _active(self) -> list[str]:
        return sorted(self.runs.active())

    def _is_open(self, job_id: str) -> bool:
        record = self.index.hgetall(names.job_record(job_id))
        if not record or record.get("state") or job_id in self.index.hkeys(names.ENDING_JOBS):
            return False
        return not self.asked[job_id].ends

    def _released(self) -> dict[str, tuple[str, str]]:
        found = {}
        for name in self.index.scan_iter("unit:*", 500):
            if name.count(":") == 1:
                released, lane, user = self.index.hmget(name, "released", "lane", "user")
                if released:
                    found[name.split(":")[1]] = (lane, user)
        return found

    def _has_its_turn(self, run_id: str) -> None:
        callers: dict[str, Lane] = {}
        for job_id in self.index.smembers(names.run_record(run_id, "jobs")):
            job = self.asked[job_id].job
            callers[job.user] = min(callers.get(job.user, job.lane), job.lane, key=LANES.index)
        for user, lane in callers.items():
            assert run_id in self.index.lrange(f"{names.backlog('noop', lane.value)}:{user}", 0, -1)
            assert self.index.zscore(names.backlog("noop", lane.value), user) is not None

    def _numbers(self, name: str) -> dict[str, int]:
        return {key: int(number) for key, number in self.index.hgetall(name).items() if int(number)}

    @staticmethod
    def _pick(items: list[Any], number: int) -> Any:
        return items[number % len(items)]
