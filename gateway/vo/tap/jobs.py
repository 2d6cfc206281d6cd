"""Queries as jobs: kept in this process for an hour, as they take a moment and read what stands elsewhere.

A gateway that is restarted forgets them; where several stand behind one address, that must send a client to one and the
same (docs/operate.md).
"""

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vo_models.uws.types import ExecutionPhase

from gateway.uws.documents import Result, UwsJob
from gateway.uws.waiting import LONGEST_SECONDS
from gateway.vo import votable
from gateway.vo.parameters import Parameters
from gateway.vo.tap.database import SECONDS
from mesh.errors import MeshError, NotFound
from mesh.intake import Caller
from mesh.intake.caller import is_anonymous
from mesh.intake.errors import JobStarted, TooMuchWaiting

_MOST_JOBS, _MOST_OF_ONE = 500, 50
_KEPT = timedelta(hours=1)
_MOST_KEPT = timedelta(hours=24)
_ENDED = frozenset({ExecutionPhase.COMPLETED, ExecutionPhase.ERROR, ExecutionPhase.ABORTED})
_COME_BACK_SECONDS = 60

Answer = Callable[[Parameters, Callable[[], bool]], bytes]
"""From the parameters of a query, and whether nobody waits any more, to its table."""


@dataclass
class QueryJob:
    """One query."""

    owner: str
    sent: Parameters
    destruction: datetime
    job_id: str = field(default_factory=lambda: secrets.token_hex(16))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    phase: ExecutionPhase = ExecutionPhase.PENDING
    started: datetime | None = None
    ended: datetime | None = None
    table: bytes = b""
    error: str = ""
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def shown(self, list_address: str) -> UwsJob:
        """Return it as UWS shows it."""
        address = f"{list_address}/{self.job_id}"
        done = self.phase is ExecutionPhase.COMPLETED
        result = Result("result", f"{address}/results/result", votable.MEDIA_TYPE, len(self.table))
        return UwsJob(
            job_id=self.job_id,
            address=address,
            phase=self.phase,
            created=self.created,
            run_id=self.sent.text("runid") or None,
            owner=None if is_anonymous(self.owner) else self.owner,
            started=self.started,
            ended=self.ended,
            duration_s=int(SECONDS),
            destruction=self.destruction,
            parameters=[(name.upper(), ",".join(values)) for name, values in self.sent.values.items()],
            results=[result] if done else [],
            error=self.error,
        )

    def to(self, phase: ExecutionPhase) -> None:
        """Go to another phase and wake whoever waits for that; on the event loop only."""
        self.phase = phase
        self.moved.set()
        self.moved = asyncio.Event()


class QueryJobs:
    """The queries of one process; belongs to its event loop."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, QueryJob] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()

    def create(self, caller: Caller, sent: Parameters) -> QueryJob:
        """Make a job.

        Raises:
            TooMuchWaiting: there are too many.
        """
        self._forget()
        own = sum(job.owner == caller.name for job in self._jobs.values())
        if own >= _MOST_OF_ONE or len(self._jobs) >= _MOST_JOBS:
            msg = f"{own} queries of {caller.name} are kept, {len(self._jobs)} of all: delete one, or come again later."
            raise TooMuchWaiting(msg, seconds=_COME_BACK_SECONDS)
        job = QueryJob(caller.name, sent, datetime.now(UTC) + _KEPT)
        self._jobs[job.job_id] = job
        return job

    def look(self, job_id: str, caller: Caller) -> QueryJob:
        """Return a job of the caller.

        Raises:
            NotFound: there is none.
        """
        self._forget()
        job = self._jobs.get(job_id)
        if job is None or (job.owner != caller.name and not caller.is_operator):
            msg = f"There is no query {job_id[:64]!r}; queries are kept for an hour."
            raise NotFound(msg)
        return job

    def of(self, caller: Caller) -> list[QueryJob]:
        """Return the jobs of the caller, newest first."""
        self._forget()
        return [job for job in reversed(self._jobs.values()) if job.owner == caller.name or caller.is_operator]

    def change(self, job: QueryJob, sent: Parameters) -> None:
        """Change parameters of a job that was not started.

        Raises:
            JobStarted: it was.
        """
        if job.phase is not ExecutionPhase.PENDING:
            msg = f"Query {job.job_id} is {job.phase.value}: its parameters stay."
            raise JobStarted(msg)
        job.sent = Parameters({**job.sent.values, **sent.values})

    def keep_until(self, job: QueryJob, wanted: datetime) -> None:
        """Change when a job is forgotten; a day from now at the latest."""
        job.destruction = min(wanted, datetime.now(UTC) + _MOST_KEPT)

    def start(self, job: QueryJob, answer: Answer) -> None:
        """Run a job that was not started; one that was stays as it is."""
        if job.phase is ExecutionPhase.PENDING:
            job.started = datetime.now(UTC)
            job.to(ExecutionPhase.EXECUTING)
            task = asyncio.get_running_loop().create_task(self._run(job, answer))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def abort(self, job: QueryJob) -> None:
        """End a job; one that has ended stays as it is."""
        if job.phase not in _ENDED:
            job.error, job.ended = "The query was cancelled.", datetime.now(UTC)
            job.to(ExecutionPhase.ABORTED)

    def delete(self, job: QueryJob) -> None:
        """Forget a job."""
        self.abort(job)
        self._jobs.pop(job.job_id, None)

    async def changed(self, job: QueryJob, seconds: int, phase: str) -> None:
        """Return once the phase of a job is another one, or after a while; see `gateway.uws.waiting`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + (LONGEST_SECONDS if seconds < 0 else min(seconds, LONGEST_SECONDS))
        known = phase or job.phase.value
        while job.phase not in _ENDED and job.phase.value == known and (left := end - loop.time()) > 0:
            try:
                await asyncio.wait_for(job.moved.wait(), left)
            except TimeoutError:
                return

    async def _run(self, job: QueryJob, answer: Answer) -> None:
        stopped = threading.Event()

        def over() -> bool:
            return stopped.is_set() or job.phase is ExecutionPhase.ABORTED

        try:
            table = await asyncio.to_thread(answer, job.sent, over)
        except MeshError as error:
            self._end(job, ExecutionPhase.ERROR, error=str(error))
        except asyncio.CancelledError:
            stopped.set()
            raise
        else:
            self._end(job, ExecutionPhase.COMPLETED, table=table)

    def _end(self, job: QueryJob, phase: ExecutionPhase, *, table: bytes = b"", error: str = "") -> None:
        if job.phase is not ExecutionPhase.ABORTED:
            job.table, job.error, job.ended = table, error, datetime.now(UTC)
            job.to(phase)

    def _forget(self) -> None:
        now = datetime.now(UTC)
        for job in [job for job in self._jobs.values() if job.destruction <= now]:
            self.delete(job)
