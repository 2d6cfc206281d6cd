"""A whole mesh whose processes take turns: gateway, dispatcher, worker and cache, each of which can die at any call."""

import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from mesh.audit import audit
from mesh.broker.delivery import ATTEMPT_HEADER
from mesh.broker.outgoing import Outgoing
from mesh.broker.settle import Action, decide
from mesh.broker.topology import EVENTS, REQUESTS, UNITS, cancel_key, delete_key, submit_key
from mesh.contracts import (
    Analysis,
    CancelJob,
    DeleteJob,
    Job,
    JobView,
    Lane,
    PackedUnit,
    Selection,
    Unit,
    UnitEvent,
    read_unit,
)
from mesh.errors import BadInput, MeshError, TransientFailure
from mesh.instruments import instrument
from mesh.runner.fake import FakeRunner
from mesh.runner.protocol import Work
from mesh.runner.workspace import Workspace
from mesh.service.execution import Executor
from mesh.service.unit_events import final_event, retry_event
from mesh.states import job_is_final, unit_is_final
from mesh.store.announcements import Announcement, Announcements
from mesh.store.eviction import Eviction
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.parts import Parts
from mesh.store.pins import Pins
from mesh.store.products import Products
from services.cache.cache import Cache
from services.dispatcher.dispatcher import Dispatcher
from tests.integration.crash_points.injector import Died, FaultyRedis, Injector, MemoryBroker, MemoryObjects

_MESSAGES = 400
"""More than any scenario has: beyond it messages go round for ever."""
_TRIES = 20
_ROUNDS = 8
_IMAGE = "fake:0"
_EMPTY_AT_REST = (
    "window:*",
    "backlog:*",
    "units:watched",
    "units:retrying:*",
    "runs",
    "jobs:new",
    "mesh:evicting",
    "lease:*",
)


class World:
    """One mesh.

    Args:
        real: a Redis database of its own.
        injector: of the faults.
        directory: for the directories of units.
    """

    def __init__(self, real: redis.Redis, injector: Injector, directory: Path) -> None:
        os.environ["ODAMESH_DRILLS"] = "1"
        self.real, self.injector = real, injector
        self.redis = FaultyRedis(real, injector)
        self.objects, self.broker = MemoryObjects(injector), MemoryBroker(injector)
        self.directory = directory
        self.image = _IMAGE
        self.dead_letters: list[Outgoing] = []
        self.unexpected: list[str] = []
        self.refused_labels: set[str] = set()
        self._lives = 0
        self.worker = ""
        self.start_dispatcher()
        self.start_worker()
        self.announce()
        self._gateway = Jobs(self.objects, self.redis)
        seen = MemoryObjects(Injector())
        seen.kept = self.objects.kept
        self.jobs = Jobs(seen, real)
        """What a test looks at: no call of it fails."""

    # processes

    def start_dispatcher(self) -> None:
        """Start a dispatcher in the place of the one that died."""
        self._lives += 1
        self._later: list[Callable[[], None]] = []
        self.dispatcher = Dispatcher(
            objects=self.objects,
            index=self.redis,
            publisher=self.broker,  # type: ignore[arg-type]
            archive="",
            claimant=f"dispatcher-{self._lives}",
            later=self._later.append,
        )

    def start_worker(self) -> None:
        """Start a worker in the place of the one that died; its units are free at once, as on one machine."""
        leases = Leases(self.real)
        if self.worker:
            leases.retire(self.worker)
        self._lives += 1
        self.worker = f"worker-{self._lives}"
        leases.beat(self.worker, 3600)
        runner = FakeRunner(Workspace(self.directory / "work"), image=self.image, crash=self._crash)
        self.executor = Executor(
            instrument=instrument("noop"),
            runner=runner,
            products=Products(self.objects, self.redis),
            archive=lambda: (_ for _ in ()).throw(AssertionError),
            leases=Leases(self.redis),
            worker=self.worker,
            emit=self._emit,
            later=lambda tell: lambda: None,
        )

    def announce(self) -> None:
        """Say what the worker runs."""
        Announcements(self.real).announce(
            "noop",
            Announcement(image=self.image, calibration="noop-1", runner="fake", worker="w", slots=2),
        )

    def update_worker(self) -> None:
        """Replace the worker by one with another image."""
        self.image = "fake:1"
        self.start_worker()
        self.announce()

    # what callers and operators do; each asks again until it is answered

    def submit(self, analysis: Analysis, job: Job) -> None:
        """Store a job and publish it."""

        def work() -> None:
            self._gateway.submit(analysis, job)
            self.broker.publish(REQUESTS, submit_key("noop"), job, message_id=job.job_id)

        self.ask(work)

    def cancel(self, job_id: str) -> None:
        """Ask for the cancel of a job."""
        message = CancelJob(job_id=job_id)
        self.ask(lambda: self.broker.publish(REQUESTS, cancel_key("noop"), message, message_id=job_id))

    def delete(self, job_id: str) -> None:
        """Ask for the deletion of a job."""
        message = DeleteJob(job_id=job_id)
        self.ask(lambda: self.broker.publish(REQUESTS, delete_key("noop"), message, message_id=job_id))

    def evict(self, key: str) -> None:
        """Remove a product, as the cache does; what died in the middle is finished later."""
        eviction = Eviction(self.objects, self.redis, "cache")
        self.ask(lambda: eviction.evict(key, "drill"))

    def ask(self, work: Callable[[], object]) -> None:
        """Do something until it succeeds."""
        for _ in range(_TRIES):
            try:
                work()
            except Died:
                self.injector.dead = False
            except TransientFailure:
                continue
            else:
                return
        raise AssertionError("never answered")

    # messages

    def run(self, messages: int = _MESSAGES) -> None:
        """Let the processes work on messages until there are none, or until so many were taken."""
        for _ in range(messages):
            if not self.broker.waiting:
                return
            self.take(self.broker.waiting.popleft())
        if messages == _MESSAGES:
            self.unexpected.append(f"messages go round: {[entry.routing_key for entry in self.broker.waiting]}")

    def take(self, message: Outgoing) -> None:
        """Have one message handled, by a new process where the first one dies."""
        for _ in range(_TRIES):
            try:
                self._handle(message)
            except Died:
                self.injector.dead = False
                if message.exchange == UNITS:
                    self.start_worker()
                else:
                    self.start_dispatcher()
            except TransientFailure:
                continue  # held, and handled again
            except Exception as error:
                self.unexpected.append(f"{message.routing_key}: {type(error).__name__}: {error}")
                return
            else:
                return
        self.unexpected.append(f"{message.routing_key}: never handled")

    def _handle(self, message: Outgoing) -> None:
        if message.exchange == UNITS:
            self._execute(message)
        elif message.exchange == EVENTS and message.routing_key.startswith("unit."):
            self.dispatcher.happened(UnitEvent.decode(message.body))
        elif message.exchange == REQUESTS and message.routing_key.startswith("cancel."):
            self.dispatcher.cancelled(CancelJob.decode(message.body).job_id)
        elif message.exchange == REQUESTS and message.routing_key.startswith("delete."):
            self.dispatcher.deleted(DeleteJob.decode(message.body).job_id)
        elif message.exchange == REQUESTS:
            self.dispatcher.submitted(Job.decode(message.body))

    def _execute(self, message: Outgoing) -> None:
        """Execute a unit and settle its message, as worker and consumer do."""
        unit, attempt = read_unit(message.body), int(message.headers.get(ATTEMPT_HEADER, 1))
        error: Exception | None = None
        try:
            self.executor.execute(Parts(self.objects).unpack(unit), attempt)
        except Exception as caught:
            error = caught
            try:
                self._tell_end(unit, attempt, caught)
            except MeshError as untold:
                error = untold
        decision = decide(error, attempt)
        if decision.action is Action.RETRY:
            headers = {**message.headers, ATTEMPT_HEADER: decision.next_attempt}
            self.broker.waiting.append(replace(message, headers=headers))
        elif decision.action is Action.DEAD:
            self.dead_letters.append(message)

    def _tell_end(self, unit: Unit | PackedUnit, attempt: int, error: Exception) -> None:
        decision = decide(error, attempt)
        if not decision.told:
            return
        if decision.final:
            self._emit(final_event(unit, attempt=attempt, worker=self.worker, error=error))
        else:
            self._emit(retry_event(unit, attempt=decision.next_attempt, worker=self.worker, error=error))

    def _emit(self, event: UnitEvent) -> None:
        self.broker.publish(EVENTS, event.routing_key, event, message_id=event.event_id)

    def _crash(self, work: Work) -> None:
        unit_file = work.directory.unit_file.read_text(encoding="utf-8")
        if any(f'"{label}' in unit_file for label in self.refused_labels):
            raise BadInput("NoScWData", "the window has no data")

    # time

    def let_time_pass(self) -> None:
        """Let everything lapse that lapses by itself, and let the timers look."""
        self.real.delete("mesh:sweep")
        for key in self.real.scan_iter("run:*:claim"):  # nobody is at work now
            self.real.delete(key)
        for key in self.real.scan_iter("lease:*"):
            if self.real.get(key) != self.worker:
                self.real.delete(key)
        for key in self.real.zrange("units:watched", 0, -1):
            self.real.zadd("units:watched", {str(key): 0})
        for key in self.real.zrange("jobs:new", 0, -1):
            self.real.zadd("jobs:new", {str(key): 1})
        self.announce()
        self.ask_dispatcher(self.executor.keep_leases)
        due, self._later = self._later, []
        for work in (*due, self.dispatcher.resume, self.dispatcher.sweep, self.look_after_products):
            self.ask_dispatcher(work)

    def ask_dispatcher(self, work: Callable[[], object]) -> None:
        """Call a timer; one that fails for a server that is away is called again later."""
        try:
            work()
        except Died:
            self.injector.dead = False
            self.start_dispatcher()
        except TransientFailure:
            pass

    def look_after_products(self) -> None:
        """Do what the cache does by its timers."""
        pins = Pins(self.objects, self.redis)
        if not pins.indexed():
            pins.reindex()
        Cache(Products(self.objects, self.redis), _NoUsage()).look()  # type: ignore[arg-type]
        Eviction(self.objects, self.redis, "cache").finish("drill")

    def recover(self) -> None:
        """Let the mesh come to rest, without further faults."""
        self.injector.armed = False
        for number in range(_ROUNDS):
            self.run()
            self.let_time_pass()
            if number and not self.broker.waiting and not self.real.exists("runs", "units:watched", "jobs:new"):
                return
        self.run()

    # what became of it

    def problems(self) -> list[str]:
        """Return everything that is not as it must be once the mesh has come to rest."""
        found = list(self.unexpected)
        report = audit(self.objects, self.real, pause=0)
        found += [f"{finding.kind} {finding.about}: {finding.text}" for finding in report.findings]
        for name in sorted(self.objects.kept):
            if name.startswith("jobs/"):
                found += self._problems_of(name.removeprefix("jobs/").removesuffix(".json"))
        for pattern in (
            "window:*",
            "backlog:*",
            "units:watched",
            "units:retrying:*",
            "runs",
            "jobs:new",
            "mesh:evicting",
        ):
            found += [f"left: {key}" for key in self.real.scan_iter(pattern)]
        found += [f"left: {key}" for key in self.real.scan_iter("lease:*")]
        found += [
            f"left: {key}"
            for key in self.real.scan_iter("unit:*")
            if not str(key).endswith((":cancelled", ":deaths", ":over"))
        ]
        found += [
            f"without end: {key}"
            for pattern in ("run:*", "job:*", "unit:*")
            for key in self.real.scan_iter(pattern)
            if self.real.ttl(key) == -1
        ]
        found += [f"dead letter: {message.routing_key}" for message in self.dead_letters]
        return found

    def _problems_of(self, job_id: str) -> list[str]:
        view = self.jobs.view(job_id)
        if not job_is_final(view.state):
            return [f"job {job_id} is {view.state.value}: {view.waits}"]
        rows = self.jobs.rows(job_id) if view.state.value != "ABORTED" else []
        return [
            f"row {row.stage}/{row.label} is {row.state.value} in a job that is {view.state.value}"
            for row in rows
            if not unit_is_final(row.state)
        ]

    def view(self, job_id: str) -> JobView:
        """Return a job."""
        return self.jobs.view(job_id)


class _NoUsage:
    def stages(self) -> list[Any]:
        return []


def analysis(windows: int = 2, **parameters: str) -> Analysis:
    """An analysis of the drill instrument, new each time unless it has a salt."""
    return Analysis(
        instrument="noop",
        product="noop",
        selection=Selection(scws=tuple(f"2016{number + 1:04d}0010" for number in range(windows))),
        parameters={
            "behaviour": "done",
            "seconds": 0,
            "merge_seconds": 0,
            "fails": [],
            "salt": uuid.uuid4().hex,
            **parameters,
        },
    )


def job_of(asked: Analysis, user: str = "ada", lane: Lane = Lane.USER) -> Job:
    """A job for an analysis."""
    return Job(
        job_id=uuid.uuid4().hex,
        request_key=asked.key,
        user=user,
        lane=lane,
        submitted="2026-11-22T12:00:00.000Z",
    )
