"""Stand-ins for store and broker: a job's life is played by the test, step by step."""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import structlog
from fastapi import FastAPI

from mesh import tracing
from mesh.contracts import (
    Allowances,
    Analysis,
    CancelJob,
    DeleteJob,
    Document,
    EvictedProduct,
    Job,
    JobView,
    Link,
    Manifest,
    ProductFile,
    Resources,
    StageProduct,
    UnitRow,
)
from mesh.contracts.alert import AlertEntry
from mesh.errors import Deleted, EventsLost, IdTaken, NotFound
from mesh.intake import Quota
from mesh.states import JobState, UnitState
from mesh.store.loads import Load
from mesh.store.queries import Query, unpack


class MemoryRecords:
    """Jobs in memory; each submitted job has a run of its own once the test plans it."""

    def __init__(self) -> None:
        self.analyses: dict[str, Analysis] = {}
        self.jobs: dict[str, Job] = {}
        self.views: dict[str, JobView] = {}
        self.tables: dict[str, dict[tuple[str, str], UnitRow]] = {}
        self.streams: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.results: dict[str, tuple[StageProduct, ...]] = {}
        """Products of the jobs that have more than their view shows."""
        self.deleted: dict[str, str] = {}
        self.read_together: list[list[str]] = []
        """Jobs of each call that looked at several."""
        self.trimmed: dict[str, str] = {}
        """Run -> the first entry that is still kept."""
        self.links: dict[tuple[str, str], Link] = {}
        self.error: Exception | None = None
        self.index_error: Exception | None = None
        """Of the index alone, for whoever enters a job."""

    def analysis(self, request_key: str) -> Analysis:
        """Return what was asked for."""
        self._answer()
        if request_key not in self.analyses:
            raise NotFound(f"the store has no object requests/{request_key}.json")
        return self.analyses[request_key]

    def requests(self, digits: str, limit: int = 2) -> list[str]:
        """Return the requests whose key begins so."""
        self._answer()
        return sorted(key for key in self.analyses if key.startswith(digits))[:limit]

    def link(self, request_key: str, owner: str) -> Link | None:
        """Return where a link leads."""
        self._answer()
        return self.links.get((request_key, owner))

    def put_link(self, link: Link) -> None:
        """Keep where a link leads."""
        self._answer()
        self.links[link.request_key, link.owner] = link

    def store(self, analysis: Analysis, job: Job) -> Job:
        """Keep the documents of a job, unless there are some."""
        self._answer()
        stored = self.jobs.setdefault(job.job_id, job)
        if stored.request_key != job.request_key:
            raise IdTaken(job.job_id)
        self.analyses[analysis.key] = analysis
        return stored

    def enter(self, analysis: Analysis, job: Job) -> None:
        """Enter a job into the index."""
        self._answer()
        if self.index_error is not None:
            raise self.index_error
        self.views[job.job_id] = JobView(
            job_id=job.job_id,
            run_id=None,
            request_key=analysis.key,
            instrument=analysis.instrument,
            product=analysis.product,
            user=job.user,
            lane=job.lane,
            owner=job.owner,
            face=job.face,
            labels=job.labels,
            draft=job.draft,
            destroy_after=job.destroy_after,
            execution_s=job.execution_s,
            state=JobState.PENDING,
            submitted=job.submitted,
            counts={},
            stages={"image": {}, "mosaic": {}},
            steps={"image": ("events", "image"), "mosaic": ("mosaic",)},
        )

    def job(self, job_id: str) -> Job:
        """Return the document of a job."""
        return self.jobs[job_id]

    def start(self, job_id: str) -> Job:
        """Make a draft a job that waits to be planned."""
        self._answer()
        self.jobs[job_id] = job = self.jobs[job_id].model_copy(update={"draft": False})
        self._change(job_id, draft=False)
        return job

    def revise(self, job_id: str, analysis: Analysis, asked: Any, labels: tuple[str, ...]) -> bool:
        """Let a draft ask for something else."""
        self._answer()
        if not self.jobs[job_id].draft:
            return False
        self.analyses[analysis.key] = analysis
        update = {"request_key": analysis.key, "labels": labels}
        self.jobs[job_id] = self.jobs[job_id].model_copy(update={**update, "asked": asked})
        self._change(job_id, **update)
        return True

    def keep_until(self, job_id: str, destroy_after: str) -> None:
        """Change when a job is deleted."""
        self._answer()
        self.jobs[job_id] = self.jobs[job_id].model_copy(update={"destroy_after": destroy_after})
        self._change(job_id, destroy_after=destroy_after)

    def limit_execution(self, job_id: str, seconds: int) -> None:
        """Change how long a job may execute."""
        self._answer()
        self.jobs[job_id] = self.jobs[job_id].model_copy(update={"execution_s": seconds})
        self._change(job_id, execution_s=seconds)

    def share(self, job_id: str, *, shared: bool) -> None:
        """Let others look at a job, or no longer."""
        self._answer()
        self.jobs[job_id] = self.jobs[job_id].model_copy(update={"shared": shared})
        self._change(job_id, shared=shared)

    def view(self, job_id: str) -> JobView:
        """Return a job."""
        self._answer()
        if job_id in self.deleted:
            raise Deleted(f"job {job_id} was deleted on 2026-11-22", request_key=self.deleted[job_id])
        if job_id not in self.views:
            raise NotFound(f"there is no job {job_id}")
        return self.views[job_id]

    def views_of(self, job_ids: Iterable[str]) -> dict[str, JobView]:
        """Return those of several jobs that exist."""
        self._answer()
        asked = list(job_ids)
        self.read_together.append(asked)
        return {job_id: self.views[job_id] for job_id in asked if job_id in self.views and job_id not in self.deleted}

    def rows(
        self, job_id: str, offset: int = 0, limit: int = 100, states: Iterable[UnitState] | None = None
    ) -> list[UnitRow]:
        """Return part of its table."""
        self._answer()
        wanted = set(states) if states is not None else set(UnitState)
        rows = [row for row in self.tables.get(job_id, {}).values() if row.state in wanted]
        return rows[offset : offset + limit]

    def row(self, job_id: str, stage: str, label: str) -> UnitRow:
        """Return one row."""
        self._answer()
        try:
            return self.tables[job_id][stage, label]
        except KeyError:
            raise NotFound(f"job {job_id} has no unit {stage} {label}") from None

    def result(self, job_id: str, offset: int = 0, limit: int = 100) -> list[StageProduct]:
        """Return a page of its products."""
        return list(self.results.get(job_id, self.view(job_id).products)[offset : offset + limit])

    def recent(self, user: str | None = None, limit: int = 50, before: str | None = None) -> list[JobView]:
        """Return the newest jobs."""
        self._answer()
        newest = [view for view in reversed(self.views.values()) if user in {None, view.user}]
        ids = [view.job_id for view in newest]
        if before and before not in ids:
            return []
        first = ids.index(before) + 1 if before else 0
        return newest[first : first + limit]

    def beginning(self, digits: str, limit: int) -> list[JobView]:
        """Return the jobs whose id begins so."""
        self._answer()
        return [view for view in reversed(self.views.values()) if view.job_id.startswith(digits)][:limit]

    def last_event(self, run_id: str) -> str:
        """Return the id of the newest entry."""
        return self.streams[run_id][-1][0] if self.streams.get(run_id) else "0"

    def events(self, run_id: str, after_id: str = "0", limit: int = 1000) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries after one; `trim` played the server that forgot the oldest."""
        self._answer()
        if _order(after_id) < _order(self.trimmed.get(run_id, "0")):
            raise EventsLost("not kept any more")
        return [entry for entry in self.streams.get(run_id, []) if _order(entry[0]) > _order(after_id)][:limit]

    def plan(self, job_id: str, labels: Iterable[str]) -> None:
        """Play the dispatcher: the job has a run and a table of waiting units."""
        table = {("image", label): unit_row("image", label, UnitState.QUEUED) for label in labels}
        table["mosaic", "job"] = unit_row("mosaic", "job", UnitState.WAITING)
        self.tables[job_id] = table
        self.streams[job_id] = []
        self._change(job_id, state=JobState.EXECUTING, run_id=job_id)

    def move(self, job_id: str, *rows: UnitRow) -> None:
        """Play the fan-in: rows changed."""
        stream = self.streams[job_id]
        for row in rows:
            self.tables[job_id][row.stage, row.label] = row
            stream.append((f"{len(stream) + 1}-0", {"type": "unit", "row": row.model_dump(mode="json")}))
        self._change(job_id)

    def finish(self, job_id: str, state: JobState = JobState.COMPLETED, **fields: Any) -> None:
        """Play the end of the run."""
        stream = self.streams.setdefault(job_id, [])
        stream.append((f"{len(stream) + 1}-0", {"type": "run", "state": state.value}))
        self._change(job_id, state=state, **fields)

    def _change(self, job_id: str, **fields: Any) -> None:
        table = self.tables.get(job_id, {})
        counts: dict[UnitState, int] = {}
        for row in table.values():
            counts[row.state] = counts.get(row.state, 0) + 1
        self.views[job_id] = self.views[job_id].model_copy(update={"counts": counts, "total": len(table), **fields})

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error


class MemoryQuota:
    """Loads and allowances as the test sets them."""

    def __init__(self) -> None:
        self.load = Load(jobs=0, units=0, spent_s=0.0, unplanned=0)
        self.allowances = Allowances()
        self.quota = Quota(lambda _user: self.load, lambda: self.allowances)


class RecordingPublisher:
    """Keeps what was published, and what was stored at that moment."""

    def __init__(self, records: MemoryRecords) -> None:
        self.ready = True
        self.sent: list[tuple[str, Document, str, dict[str, Any]]] = []
        self.stored_then: list[set[str]] = []
        self.places: list[str] = []
        """In the trace of each call, as the real publisher finds it."""
        self.broadcasts: list[tuple[str, Document]] = []
        self.alerts: list[tuple[str, AlertEntry]] = []
        self.on_broadcast: Callable[[Document], None] = lambda _: None
        self.on_publish: Callable[[Document], None] = lambda _: None
        self.error: Exception | None = None
        self._records = records

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Keep a message, or fail as told."""
        if self.error is not None:
            raise self.error
        self.sent.append((routing_key, document, message_id, dict(headers)))
        self.places.append(tracing.here())
        self.stored_then.append(set(self._records.views))
        self.on_publish(document)

    def play_ends(self) -> None:
        """Play the dispatcher that cancels and deletes as soon as it is asked to."""

        def end(document: Document) -> None:
            if isinstance(document, CancelJob):
                self._records.finish(document.job_id, JobState.ABORTED)
            elif isinstance(document, DeleteJob):
                self._records.deleted[document.job_id] = self._records.views[document.job_id].request_key

        self.on_publish = end

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Keep an entry for the triggers service, or fail as told."""
        if self.error is not None:
            raise self.error
        self.alerts.append((routing_key, entry))

    def broadcast(self, routing_key: str, document: Document) -> None:
        """Keep a broadcast, and let the test answer it."""
        self.broadcasts.append((routing_key, document))
        self.on_broadcast(document)


class MemoryQueries:
    """Queries of tables that are jobs."""

    def __init__(self) -> None:
        self.kept: dict[str, Query] = {}
        self.tables: dict[str, str] = {}
        self.sent_tables: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def put(self, query: Query) -> None:
        """Keep a query."""
        self.kept[query.job_id] = query

    def get(self, job_id: str) -> Query | None:
        """Return a query whose time has not come."""
        query = self.kept.get(job_id)
        if query is None or datetime.fromisoformat(query.destruction) <= datetime.now(UTC):
            return None
        return query

    def of(self, owner: str | None) -> list[Query]:
        """Return queries, newest first."""
        found = [query for query in self.kept.values() if owner in {None, query.owner} and self.get(query.job_id)]
        return found[::-1]

    def count(self, owner: str) -> tuple[int, int]:
        """Return how many somebody has, and how many there are."""
        return len(self.of(owner)), len(self.of(None))

    def change(self, job_id: str, phases: frozenset[str], changes: Mapping[str, Any]) -> Query | None:
        """Change a query that is in one of some phases."""
        with self._lock:
            query = self.get(job_id)
            if query is None or query.phase not in phases:
                return None
            self.kept[job_id] = changed = query.model_copy(update=dict(changes))
            return changed

    def put_table(self, query: Query, packed: str) -> None:
        """Keep a table."""
        self.tables[query.job_id] = packed

    def table(self, job_id: str) -> bytes | None:
        """Return a table."""
        return unpack(self.tables[job_id]) if job_id in self.tables else None

    def put_uploads(self, query: Query, packed: Mapping[str, str]) -> None:
        """Keep tables that were sent."""
        self.sent_tables.setdefault(query.job_id, {}).update(packed)

    def uploads(self, job_id: str) -> dict[str, bytes]:
        """Return tables that were sent."""
        return {name: unpack(packed) for name, packed in self.sent_tables.get(job_id, {}).items()}

    def delete(self, query: Query) -> None:
        """Forget a query."""
        for kept in (self.kept, self.tables, self.sent_tables):
            kept.pop(query.job_id, None)


class MemoryUploads:
    """Files that callers sent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def keep(self, content: bytes) -> str:
        """Keep a file."""
        digest = hashlib.sha256(content).hexdigest()
        self.files[digest] = content
        return digest

    def there(self, digest: str) -> bool:
        """Say whether it was kept."""
        return digest in self.files


class MemoryAlertIndex:
    """The index of alerts, as a test sets it."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}
        self.public: list[tuple[str, int, bool]] = []

    def newest_public(self, limit: int, *, tests: bool) -> list[dict[str, Any]]:
        """Return what was published of events."""
        return [
            {"event_key": key, "public": version} for key, version, test in self.public[:limit] if tests or not test
        ]

    def newest(self, limit: int, before: str | None = None) -> list[dict[str, Any]]:
        """Return the lines after one."""
        keys = [line["event_key"] for line in self.lines]
        start = keys.index(before) + 1 if before in keys else 0
        return self.lines[start : start + limit]

    def by_trigger(
        self, begin: float, end: float, skip: int, limit: int
    ) -> list[tuple[float, str, dict[str, Any] | None]]:
        """Return the lines in the order of their field ``trigger``."""
        rows = [(float(line["trigger"]), str(line["event_key"]), line) for line in self.lines]
        inside = sorted((row for row in rows if begin <= row[0] <= end), key=lambda row: row[:2], reverse=True)
        return list(inside[skip : skip + limit])

    def key_of(self, name: str) -> str | None:
        """Return the event that has a name."""
        return self.names.get(name)


class MemoryProducts:
    """Products and logs by key."""

    def __init__(self, base: str = "http://store.invalid") -> None:
        self.base = base
        self.files: dict[tuple[str, str], bytes] = {}
        self.logs: dict[str, bytes] = {}
        self.manifests: dict[str, Manifest] = {}
        self.evicted: dict[str, EvictedProduct] = {}
        self.dispositions: list[str] = []
        self.uploads = MemoryUploads()

    def removed(self, key: str) -> EvictedProduct | None:
        """Return the record of a removed product."""
        return self.evicted.get(key)

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those that are not there."""
        there = {key for key, _ in self.files} | set(self.manifests)
        return [key for key in keys if key not in there]

    def read(self, key: str) -> Manifest | None:
        """Return a manifest."""
        return self.manifests.get(key)

    def file(self, key: str, name: str) -> ProductFile:
        """Return what is known of a file; of a log without its checksum."""
        if name == "log.txt" and key in self.logs:
            return ProductFile(name=name, sha256="", size=len(self.logs[key]), media_type="text/plain")
        self._check(key, name)
        content = self.files[key, name]
        sha256 = hashlib.sha256(content).hexdigest()
        return ProductFile(name=name, sha256=sha256, size=len(content), media_type="a/b")

    def blocks(self, key: str, name: str, size: int, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Return a file, or a part of it, in blocks."""
        if name == "log.txt" and key in self.logs:
            content = self.logs[key]
        else:
            self._check(key, name)
            content = self.files[key, name]
        content = content[offset : offset + length if length else None]
        return (content[start : start + size] for start in range(0, len(content), size))

    def _check(self, key: str, name: str) -> None:
        if (key, name) not in self.files:
            raise NotFound(f"product {key} has no file {name}")

    def link(self, key: str, name: str, seconds: int, disposition: str = "") -> str:
        """Return an address that names what was asked for."""
        self.dispositions.append(disposition)
        self._check(key, name)
        return f"{self.base}/{key}/{name}?expires={seconds}"

    def log(self, key: str) -> bytes:
        """Return a log."""
        if key not in self.logs:
            raise NotFound(f"there is no log of unit {key}")
        return self.logs[key]


def log_nothing() -> None:
    """Keep the log quiet: by default structlog draws tracebacks with all their variables, which takes seconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def key_of(stage: str, label: str) -> str:
    """Return the key of the product of a place in the table."""
    return hashlib.sha256(f"{stage}/{label}".encode()).hexdigest()


def unit_row(stage: str, label: str, state: UnitState, **fields: Any) -> UnitRow:
    """Return a row whose key follows from its place."""
    return UnitRow(key=key_of(stage, label), stage=stage, label=label, state=state, **fields)


def stage_product(stage: str, label: str, files: Mapping[str, str]) -> StageProduct:
    """Return a product with files of given names and checksums."""
    listed = tuple(
        ProductFile(name=name, sha256=sha256, size=1, media_type="application/fits") for name, sha256 in files.items()
    )
    return StageProduct(stage=stage, label=label, key=key_of(stage, label), files=listed)


def call(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    """Send one request to an application in this process."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def _order(position: str) -> tuple[int, int]:
    first, _, second = position.partition("-")
    return int(first), int(second or 0)


def manifest(key: str, files: Mapping[str, str]) -> Manifest:
    """Return a manifest of a product with these files, name -> sha256."""
    return Manifest(
        key=key,
        instrument="isgri",
        stage="image",
        label="201600270010.001",
        parameters={},
        inputs=(),
        files=tuple(ProductFile(name=name, sha256=sha, size=1, media_type="a/b") for name, sha in files.items()),
        image="sha256:0",
        calibration="c",
        code_version="0",
        started="2026-01-01T00:00:00.000Z",
        finished="2026-01-01T00:00:01.000Z",
        run_id="r",
        resources=Resources(seconds=1.0, runner="fake", worker="w"),
    )
