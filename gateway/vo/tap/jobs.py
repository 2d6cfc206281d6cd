"""Queries as jobs: every gateway knows them, and the one that was asked to run one does so.

A query that its gateway did not end, because that was stopped, is told to have failed as soon as that is sure.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from vo_models.uws.types import ExecutionPhase

from gateway.uws.documents import Result, UwsJob
from gateway.uws.waiting import LONGEST_SECONDS
from gateway.vo import votable
from gateway.vo.parameters import Parameters
from gateway.vo.tap.database import SECONDS
from gateway.vo.tap.uploads import Fetch, check_length, parted, places_of, with_tables
from mesh.errors import MeshError, NotFound, StoreUnavailable
from mesh.intake import Caller
from mesh.intake.caller import is_anonymous
from mesh.intake.errors import JobStarted, TooMuchWaiting
from mesh.store.queries import Query, pack

_MOST_JOBS, _MOST_OF_ONE = 200, 50
_MOST_BYTES = 2_000_000
"""Of a table as it is kept: all together must not fill the index."""
_KEPT = timedelta(hours=1)
_MOST_KEPT = timedelta(hours=24)
_PENDING, _QUEUED = ExecutionPhase.PENDING.value, ExecutionPhase.QUEUED.value
_EXECUTING = ExecutionPhase.EXECUTING.value
ENDED = frozenset(phase.value for phase in (ExecutionPhase.COMPLETED, ExecutionPhase.ERROR, ExecutionPhase.ABORTED))
_RUNS = frozenset({_QUEUED, _EXECUTING})
_LOST_AFTER_S = {_QUEUED: 600.0, _EXECUTING: SECONDS + 40.0}
"""A query that stands still for longer was left by a gateway that is not there any more."""
_LOST = "The gateway that ran this query was stopped: send the query again."
_AT_ONCE = 4
_ASK_SECONDS, _LOOK_SECONDS = 0.5, 0.3
_COME_BACK_SECONDS = 60
_log = structlog.get_logger(__name__)

Answer = Callable[[Parameters, Callable[[], bool]], bytes]
"""From the parameters of a query, and whether nobody waits any more, to its table."""


class QueryRecords(Protocol):
    """Where queries are kept for all gateways; see `mesh.store.queries.Queries`."""

    def put(self, query: Query) -> None:
        """Keep a new query."""

    def get(self, job_id: str) -> Query | None:
        """Return a query."""

    def of(self, owner: str | None) -> list[Query]:
        """Return the queries of somebody, or of everybody, newest first."""

    def count(self, owner: str) -> tuple[int, int]:
        """Return how many queries somebody has, and how many there are."""

    def change(self, job_id: str, phases: frozenset[str], changes: Mapping[str, Any]) -> Query | None:
        """Change a query that is in one of some phases; None: it is not."""

    def put_table(self, query: Query, packed: str) -> None:
        """Keep the table of a query, packed."""

    def table(self, job_id: str) -> bytes | None:
        """Return the table of a query."""

    def put_uploads(self, query: Query, packed: Mapping[str, str]) -> None:
        """Keep tables that were sent with a query, by name, packed."""

    def uploads(self, job_id: str) -> dict[str, bytes]:
        """Return the tables that were sent with a query, by name."""

    def delete(self, query: Query) -> None:
        """Forget a query."""


class QueryJobs:
    """The queries of all gateways, and those that this one runs.

    Args:
        records: where they are kept.
    """

    def __init__(self, records: QueryRecords) -> None:
        self._records = records
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="query")
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End what runs here; it is told to have failed."""
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def create(self, caller: Caller, sent: Parameters, fetch: Fetch) -> Query:
        """Make a query that waits to be started.

        Raises:
            TooMuchWaiting: there are too many.
            InvalidParameter: a table that it needs is missing, or they are too long.
        """
        own, total = self._records.count(caller.name)
        if own >= _MOST_OF_ONE or total >= _MOST_JOBS:
            msg = f"{own} queries of {caller.name} are kept, {total} of all: delete one, or come again later."
            raise TooMuchWaiting(msg, seconds=_COME_BACK_SECONDS)
        plain, tables = parted(sent, fetch)
        now = datetime.now(UTC)
        query = Query(
            job_id=secrets.token_hex(16),
            owner=caller.name,
            sent=dict(plain.values),
            created=now.isoformat(),
            destruction=(now + _KEPT).isoformat(),
            phase=_PENDING,
            uploaded=sum(map(len, tables.values())),
        )
        self._keep_tables(query, tables)
        self._records.put(query)
        return query

    def look(self, job_id: str, caller: Caller) -> Query:
        """Return a query of the caller.

        Raises:
            NotFound: there is none.
        """
        query = self._records.get(job_id)
        if query is None or (query.owner != caller.name and not caller.is_operator):
            msg = f"There is no query {job_id[:64]!r}; queries are kept for an hour."
            raise NotFound(msg)
        return self._settled(query)

    def of(self, caller: Caller) -> list[Query]:
        """Return the queries of the caller, of an operator everybody's, newest first."""
        return [self._settled(query) for query in self._records.of(None if caller.is_operator else caller.name)]

    def revise(self, query: Query, sent: Parameters, fetch: Fetch) -> None:
        """Change parameters of a query that was not started; tables come to those that it has.

        Raises:
            JobStarted: it was.
            InvalidParameter: a table is missing, is there already, or all are too long.
        """
        plain, tables = parted(sent, fetch)
        now = {**query.sent, **plain.values}
        if tables:
            now["upload"] = (*query.sent.get("upload", ()), *plain.all("upload"))
        places_of(Parameters(now))
        uploaded = query.uploaded + sum(map(len, tables.values()))
        check_length(uploaded)
        if query.phase == _PENDING:
            self._keep_tables(query, tables)
        changes = {"sent": now, "uploaded": uploaded}
        if self._records.change(query.job_id, frozenset({_PENDING}), changes) is None:
            msg = f"Query {query.job_id} was started: its parameters stay."
            raise JobStarted(msg)

    def _keep_tables(self, query: Query, tables: Mapping[str, str]) -> None:
        if tables:
            self._records.put_uploads(query, {name: pack(content.encode()) for name, content in tables.items()})

    def keep_until(self, query: Query, wanted: datetime) -> None:
        """Change when a query is forgotten; a day from now at the latest."""
        until = min(wanted, datetime.now(UTC) + _MOST_KEPT)
        self._records.change(query.job_id, ENDED | _RUNS | {_PENDING}, {"destruction": until.isoformat()})

    def start(self, query: Query, answer: Answer) -> None:
        """Run a query here that was not started; one that was stays as it is."""
        moved = self._move(query.job_id, frozenset({_PENDING}), _QUEUED, started=_now())
        if moved is not None:
            self._pool.submit(self._run, moved, answer)

    def abort(self, query: Query) -> None:
        """End a query; one that has ended stays as it is."""
        told = {"ended": _now(), "error": "The query was cancelled."}
        self._move(query.job_id, _RUNS | {_PENDING}, ExecutionPhase.ABORTED.value, **told)

    def delete(self, query: Query) -> None:
        """Forget a query; one that runs is ended."""
        self._records.delete(query)

    def table(self, query: Query) -> bytes:
        """Return the table of a query that has one.

        Raises:
            NotFound: it has none.
        """
        table = self._records.table(query.job_id) if query.phase == ExecutionPhase.COMPLETED.value else None
        if table is None:
            msg = f"Query {query.job_id} is {query.phase} and has no result: {query.error or 'wait for it'}"
            raise NotFound(msg)
        return table

    def _run(self, query: Query, answer: Answer) -> None:
        if self._move(query.job_id, frozenset({_QUEUED}), _EXECUTING, started=_now()) is None:
            return
        watch = _Watch(lambda: self._stopped.is_set() or self._is_over(query.job_id))
        try:
            uploads = {name: content.decode() for name, content in self._records.uploads(query.job_id).items()}
            table = answer(with_tables(query.sent, uploads), watch.over)
            packed = pack(table)
            if len(packed) > _MOST_BYTES:
                msg = "The result is too large to be kept: ask for fewer rows or columns, or at /vo/tap/sync."
                self._end(query, ExecutionPhase.ERROR, error=msg)
                return
            self._records.put_table(query, packed)
            self._end(query, ExecutionPhase.COMPLETED, size=len(table))
        except MeshError as error:
            self._end(query, ExecutionPhase.ERROR, error=_LOST if self._stopped.is_set() else str(error))
        except Exception:
            _log.exception("query failed", job_id=query.job_id)
            self._end(query, ExecutionPhase.ERROR, error="The query failed: tell the operator of this mesh.")

    def _is_over(self, job_id: str) -> bool:
        try:
            query = self._records.get(job_id)
        except StoreUnavailable:
            return False
        return query is None or query.phase != _EXECUTING

    def _end(self, query: Query, phase: ExecutionPhase, **told: Any) -> None:
        try:
            self._move(query.job_id, frozenset({_EXECUTING}), phase.value, ended=_now(), **told)
        except StoreUnavailable as error:
            _log.warning("the end of a query could not be told", job_id=query.job_id, error=error.text)

    def _settled(self, query: Query) -> Query:
        """Return a query; one that was left by its gateway has failed."""
        if query.phase not in _RUNS or query.started is None:
            return query
        still = (datetime.now(UTC) - datetime.fromisoformat(query.started)).total_seconds()
        if still < _LOST_AFTER_S[query.phase]:
            return query
        told = {"ended": _now(), "error": _LOST}
        return self._move(query.job_id, frozenset({query.phase}), ExecutionPhase.ERROR.value, **told) or query

    def _move(self, job_id: str, before: frozenset[str], phase: str, **told: Any) -> Query | None:
        return self._records.change(job_id, before, {"phase": phase, **told})


class _Watch:
    """Asks from time to time whether a query is over: the database asks all the time.

    Args:
        ask: says so.
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._next = 0.0
        self._over = False

    def over(self) -> bool:
        """Say whether nobody waits any more."""
        now = time.monotonic()
        if not self._over and now >= self._next:
            self._next = now + _ASK_SECONDS
            self._over = self._ask()
        return self._over


def shown(query: Query, list_address: str) -> UwsJob:
    """Return a query as UWS shows it."""
    address = f"{list_address}/{query.job_id}"
    done = query.phase == ExecutionPhase.COMPLETED.value
    result = Result("result", f"{address}/results/result", votable.MEDIA_TYPE, query.size)
    return UwsJob(
        job_id=query.job_id,
        address=address,
        phase=ExecutionPhase(query.phase),
        created=datetime.fromisoformat(query.created),
        run_id=Parameters(query.sent).text("runid") or None,
        owner=None if is_anonymous(query.owner) else query.owner,
        started=_maybe(query.started) if query.phase != _QUEUED else None,
        ended=_maybe(query.ended),
        duration_s=int(SECONDS),
        destruction=datetime.fromisoformat(query.destruction),
        parameters=[(name.upper(), ",".join(values)) for name, values in query.sent.items()],
        results=[result] if done else [],
        error=query.error,
    )


async def changed(look: Callable[[], Query], seconds: int, phase: str = "") -> Query:
    """Return a query as soon as its phase is another one, or after a while; see `gateway.uws.waiting`.

    Args:
        look: returns the query; runs in a thread.
        seconds: how long to wait; negative: as long as may be.
        phase: wait only while this is the phase; empty: that of now.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + (LONGEST_SECONDS if seconds < 0 else min(seconds, LONGEST_SECONDS))
    query = await asyncio.to_thread(look)
    known = phase or query.phase
    while query.phase not in ENDED and query.phase == known and (left := end - loop.time()) > 0:
        await asyncio.sleep(min(_LOOK_SECONDS, left))
        query = await asyncio.to_thread(look)
    return query


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _now() -> str:
    return datetime.now(UTC).isoformat()
