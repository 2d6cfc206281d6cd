"""Jobs as callers know them: submitted, looked at, followed, listed. What the gateway needs, and no more."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any

import redis

from mesh.contracts import Analysis, Job, JobEnd, JobView, Link, ProductFile, StageProduct, UnitRow
from mesh.errors import ContractViolation, Deleted, IdTaken, NotFound
from mesh.states import JobState, UnitState
from mesh.store import names
from mesh.store.built_views import BuiltViews
from mesh.store.connect import redis_answers
from mesh.store.library import Library
from mesh.store.objects import Objects
from mesh.store.products import ProductEntry, Products
from mesh.store.requests import Requests
from mesh.store.run_reader import GOOD, RunReader
from mesh.store.runs import RECORD_SECONDS
from mesh.store.views import job_fields, view_of_documents
from mesh.store.waiting import reasons_to_wait

_LISTED_JOBS = 100_000
_SCANNED_AT_ONCE = 5_000
_CLAIM_SECONDS = 600
"""Longer than storing a job takes; afterwards the document itself says whose the id is."""


class Jobs:
    """Jobs by their id. A job that the index forgot is shown from its documents.

    Synchronous and cheap: a view takes two round trips to Redis. Every method raises StoreUnavailable when MinIO or
    Redis is out of reach.
    """

    def __init__(self, objects: Objects, index: redis.Redis) -> None:
        self._requests = Requests(objects)
        self._products = Products(objects, index)
        self._runs = RunReader(index)
        self._redis: Any = index
        self._library = Library(index)
        self._built = BuiltViews()

    def submit(self, analysis: Analysis, job: Job) -> None:
        """Store a job and its analysis, then enter it into the index; doing it again changes nothing.

        The job is safe once this returns: what is lost on its further way is found again from the documents.
        """
        self.enter(analysis, self.store(analysis, job))

    def store(self, analysis: Analysis, job: Job) -> Job:
        """Store a job and its analysis; return the job that is stored under its id, which may be an earlier one.

        Of two at once with one id, one is stored. The store sees to that, and the claim where the store cannot.

        Raises:
            IdTaken: the id belongs to a job of another request.
        """
        if self._claim(job) != job.request_key:
            raise IdTaken(f"another request has claimed job {job.job_id}")
        self._requests.put_analysis(analysis)
        if self._requests.put_new_job(job):
            return job
        stored = self._requests.job(job.job_id)
        if stored.request_key != job.request_key:
            raise IdTaken(f"job {job.job_id} is stored for another request")
        return stored

    @redis_answers()
    def _claim(self, job: Job) -> str:
        """Return the request that claimed the id of a job first."""
        claim = names.job_claim(job.job_id)
        before = self._redis.set(claim, job.request_key, nx=True, get=True, ex=_CLAIM_SECONDS)
        return str(before or job.request_key)

    @redis_answers()
    def enter(self, analysis: Analysis, job: Job) -> None:
        """Enter a stored job into the index, as one that no run serves yet; a draft waits for its owner.

        Raises:
            IdTaken: the index has a job of that id that asks for something else.
            Deleted: the job was deleted lately.
        """
        fields = [text for field in job_fields(analysis, job).items() for text in field]
        arguments = [job.job_id, job.request_key, job.user, "draft" if job.draft else "", _place(job), _LISTED_JOBS]
        refused = self._library.call("enter", *arguments, *fields)
        if refused == "deleted":
            raise Deleted(f"job {job.job_id} was deleted", request_key=job.request_key)
        if refused:
            raise IdTaken(f"the index has another request under job {job.job_id}")
        if job.destroy_after is not None:
            self._redis.zadd(names.DESTROY, {job.job_id: _instant(job.destroy_after)})
        if job.execution_s:
            self._redis.zadd(names.LIMITED, {job.job_id: job.execution_s})

    def job(self, job_id: str) -> Job:
        """Return the document of a job; NotFound where there is none."""
        return self._requests.job(job_id)

    def start(self, job_id: str) -> Job:
        """Make a draft a job that waits to be planned, in store and index; doing it again changes nothing.

        Raises:
            NotFound: there is no such job.
        """
        job = self._requests.change_job(job_id, lambda before: before.model_copy(update={"draft": False}))
        self.enter(self._requests.analysis(job.request_key), job)
        return job

    def revise(self, job_id: str, analysis: Analysis, asked: Any, labels: tuple[str, ...]) -> bool:
        """Let a draft ask for something else, in store and index; false where it is no draft any more.

        Raises:
            NotFound: there is no such job.
        """
        self._requests.put_analysis(analysis)
        update = {"request_key": analysis.key, "asked": asked, "labels": labels}
        job = self._requests.change_job(
            job_id, lambda before: before.model_copy(update=update) if before.draft else before
        )
        if not job.draft:
            return False
        with redis_answers():
            if self._redis.exists(names.job_record(job_id)):
                self._redis.hset(names.job_record(job_id), mapping=job_fields(analysis, job))
        return True

    def keep_until(self, job_id: str, destroy_after: str) -> None:
        """Change when a job is deleted, in store and index.

        Raises:
            NotFound: there is no such job.
        """
        self._requests.change_job(job_id, lambda before: before.model_copy(update={"destroy_after": destroy_after}))
        with redis_answers():
            if self._redis.exists(names.job_record(job_id)):
                self._redis.hset(names.job_record(job_id), "destroy_after", destroy_after)
            self._redis.zadd(names.DESTROY, {job_id: _instant(destroy_after)})

    def limit_execution(self, job_id: str, seconds: int) -> None:
        """Change how long a job may execute, in store and index; 0: as long as it takes.

        Raises:
            NotFound: there is no such job.
        """
        self._requests.change_job(job_id, lambda before: before.model_copy(update={"execution_s": seconds}))
        with redis_answers():
            if self._redis.exists(names.job_record(job_id)):
                self._redis.hset(names.job_record(job_id), "execution_s", seconds)
            if seconds:
                self._redis.zadd(names.LIMITED, {job_id: seconds})
            else:
                self._redis.zrem(names.LIMITED, job_id)

    @redis_answers()
    def limited(self) -> list[str]:
        """Return the jobs that may execute only so long, as far as they are not known to have ended."""
        found: list[str] = self._redis.zrange(names.LIMITED, 0, -1)
        return found

    @redis_answers()
    def unlimited(self, job_id: str) -> None:
        """Note that how long a job may execute does not matter any more."""
        self._redis.zrem(names.LIMITED, job_id)

    def share(self, job_id: str, *, shared: bool) -> None:
        """Let whoever has its id look at a job, or no longer, in store and index.

        Raises:
            NotFound: there is no such job.
        """
        self._requests.change_job(job_id, lambda before: before.model_copy(update={"shared": shared}))
        with redis_answers():
            if self._redis.exists(names.job_record(job_id)):
                self._redis.hset(names.job_record(job_id), "shared", "1" if shared else "")

    @redis_answers()
    def due(self, now: float) -> list[str]:
        """Return the jobs that are to be deleted by *now* [s since 1970]."""
        found: list[str] = self._redis.zrange(names.DESTROY, "-inf", now, byscore=True)
        return found

    @redis_answers()
    def destroyed(self, job_id: str) -> None:
        """Note that a job was deleted when its time had come, or that there is none."""
        self._redis.zrem(names.DESTROY, job_id)

    def index_destruction(self) -> None:
        """Enter when jobs are to be deleted into an index that forgot it: reads every job's document, once."""
        with redis_answers():
            if self._redis.exists(names.DESTROY_INDEXED):
                return
        for job_id, _ in self._requests.jobs():
            with suppress(NotFound, ContractViolation):
                job = self._requests.job(job_id)
                if job.destroy_after is not None:
                    with redis_answers():
                        self._redis.zadd(names.DESTROY, {job_id: _instant(job.destroy_after)})
        with redis_answers():
            self._redis.set(names.DESTROY_INDEXED, "1")

    @redis_answers()
    def enter_ended(self, analysis: Analysis, job: Job, end: JobEnd) -> None:
        """Enter a job that has ended into an index that forgot it."""
        pipeline = self._redis.pipeline(transaction=True)
        self._list(pipeline, analysis, job)
        outcome = {"run_id": end.run_id or ""}
        if end.state is JobState.ABORTED:
            outcome |= {"state": end.state.value, "finished": end.finished, "end_reason": end.reason}
        pipeline.hset(names.job_record(job.job_id), mapping=outcome)
        pipeline.expire(names.job_record(job.job_id), RECORD_SECONDS)
        pipeline.execute()

    @redis_answers()
    def new(self, older_than: float) -> list[str]:
        """Return the jobs that were submitted more than *older_than* seconds ago and that no run serves yet."""
        seconds, _ = self._redis.time()
        found: list[str] = self._redis.zrange(names.NEW_JOBS, "-inf", seconds - older_than, byscore=True)
        return found

    def view(self, job_id: str) -> JobView:
        """Return a job as its caller sees it.

        Raises:
            Deleted: it was there, and its request still is.
            NotFound: there is no such job.
        """
        views = self._views([job_id])
        if not views:
            self._say_deleted(job_id)
            raise NotFound(f"there is no job {job_id}")
        return views[0]

    def views_of(self, job_ids: Sequence[str]) -> dict[str, JobView]:
        """Return those of several jobs that exist, read at once; one whose records are as before is the same object."""
        return {view.job_id: view for view in self._views(job_ids)}

    def analysis(self, request_key: str) -> Analysis:
        """Return what was asked for under a key; it stays when its jobs are deleted.

        Raises:
            NotFound: nobody ever asked for it.
        """
        return self._requests.analysis(request_key)

    def requests(self, digits: str, limit: int = 2) -> list[str]:
        """Return the keys of the first requests whose key begins with some digits."""
        return self._requests.beginning(digits, limit)

    def link(self, request_key: str, owner: str) -> Link | None:
        """Return where a permanent link leads; None where nobody has opened it yet."""
        return self._requests.link(request_key, owner)

    def put_link(self, link: Link) -> None:
        """Store where a permanent link leads."""
        self._requests.put_link(link)

    def ended(self, job_id: str) -> bool:
        """Say whether a job has ended, or was deleted.

        Raises:
            NotFound: there is no such job.
        """
        try:
            self._requests.end(job_id)
        except NotFound:
            self._requests.job(job_id)
            return False
        return True

    def rows(
        self, job_id: str, offset: int = 0, limit: int = 100, states: Iterable[UnitState] | None = None
    ) -> list[UnitRow]:
        """Return a page of the table science window x step, in the order of the plan.

        Args:
            job_id: the job.
            offset: rows to leave out; with *states*, among the rows in those states.
            limit: most rows to return.
            states: only rows in these states; None: all.

        Raises:
            NotFound: there is no such job.
        """
        run_id = self.run_of(job_id)
        wanted = None if states is None else tuple(states)
        if run_id is None:
            return []
        rows = self._runs.rows(run_id, offset, limit, wanted)
        if rows is not None:
            return rows
        try:
            kept = self._requests.outcome(run_id)
        except NotFound:
            return []
        if wanted is None:
            return list(islice(self._requests.rows(kept, offset), limit))
        return list(islice((row for row in self._requests.rows(kept) if row.state in wanted), offset, offset + limit))

    def row(self, job_id: str, stage: str, label: str) -> UnitRow:
        """Return one row of the table, e.g. to find the key of its product.

        Raises:
            NotFound: there is no such job, or its table has no such row.
        """
        run_id = self.run_of(job_id)
        text = None if run_id is None else self._runs.row(run_id, names.row_name(stage, label))
        if text is not None:
            return UnitRow.read_json(text)
        if run_id is not None and self._runs.knows_rows(run_id):
            raise NotFound(f"job {job_id} has no unit {stage} {label}")
        for row in self.rows(job_id, 0, 2**31):
            if (row.stage, row.label) == (stage, label):
                return row
        raise NotFound(f"job {job_id} has no unit {stage} {label}")

    @redis_answers()
    def beginning(self, digits: str, limit: int = 20) -> list[JobView]:
        """Return those of the listed jobs whose id begins with some hexadecimal digits, newest first, briefly.

        It looks at every listed job, some hundred thousand at most, a few thousand at a time.
        """
        found: dict[str, float] = {}
        for job_id, place in self._redis.zscan_iter(names.ALL_JOBS, match=f"{digits}*", count=_SCANNED_AT_ONCE):
            found[job_id] = place
            if len(found) >= limit:
                break
        return self._views(sorted(found, key=lambda job_id: -found[job_id]), brief=True)

    @redis_answers()
    def recent(self, user: str | None = None, limit: int = 50, before: str | None = None) -> list[JobView]:
        """Return jobs, newest first, without their warnings and products.

        Args:
            user: only this user's; None: everybody's.
            limit: most jobs to return.
            before: id of the last job of the page before; None: from the newest.
        """
        listing = names.ALL_JOBS if user is None else names.jobs_of(user)
        first = 0
        if before is not None:
            rank = self._redis.zrevrank(listing, before)
            if rank is None:
                return []
            first = rank + 1
        return self._views(self._redis.zrevrange(listing, first, first + limit - 1), brief=True)

    def events(self, run_id: str, after_id: str = "0", limit: int = 1000) -> list[tuple[str, dict[str, Any]]]:
        """Return what happened to a run after an event, oldest first; see `RunReader.events`.

        Raises:
            EventsLost: some entries after *after_id* are not kept any more; look at the view and the rows instead.
        """
        return self._runs.events(run_id, after_id, limit)

    def last_event(self, run_id: str) -> str:
        """Return the id of the newest event of a run, from which a follower of now starts; "0": there is none."""
        return self._runs.last_event(run_id)

    def result(self, job_id: str, offset: int = 0, limit: int = 100) -> list[StageProduct]:
        """Return a page of the products that are the result of a job; empty until it is COMPLETED.

        Raises:
            NotFound: there is no such job.
        """
        view = self.view(job_id)
        if offset + limit <= len(view.products) or view.products_total <= len(view.products):
            return list(view.products[offset : offset + limit])
        rows = self._result_rows(view.run_id or "", offset, limit)
        entries = self._products.find_many([row.key for row in rows])
        return [
            StageProduct(stage=row.stage, label=row.label, key=row.key, files=self._files(row.key, entries))
            for row in rows
        ]

    def run_of(self, job_id: str) -> str | None:
        """Return the run that serves a job; None until it is planned.

        Raises:
            NotFound: there is no such job.
        """
        found, run_id = self.indexed_run(job_id)
        return run_id if found else self.view(job_id).run_id

    @redis_answers()
    def indexed_run(self, job_id: str) -> tuple[bool, str | None]:
        """Say whether the index knows a job, and which run serves it."""
        request_key, run_id = self._redis.hmget(names.job_record(job_id), "request_key", "run_id")
        return request_key is not None, run_id or None

    def _list(self, pipeline: Any, analysis: Analysis, job: Job) -> None:
        pipeline.hset(names.job_record(job.job_id), mapping=job_fields(analysis, job))
        for listing in (names.ALL_JOBS, names.jobs_of(job.user)):
            pipeline.zadd(listing, {job.job_id: _place(job)})
            pipeline.zremrangebyrank(listing, 0, -_LISTED_JOBS - 1)
        if job.destroy_after is not None:
            pipeline.zadd(names.DESTROY, {job.job_id: _instant(job.destroy_after)})

    def _result_rows(self, run_id: str, offset: int, limit: int) -> list[UnitRow]:
        """Return a page of the good rows of the stages that are the result."""
        indexed = self._runs.result_rows(run_id, offset, limit)
        if indexed is not None:
            return indexed
        kept = self._requests.outcome(run_id)
        good = (row for row in self._requests.rows(kept) if row.stage in kept.result_stages and row.state in GOOD)
        return list(islice(good, offset, offset + limit))

    def _files(self, key: str, entries: Mapping[str, ProductEntry]) -> tuple[ProductFile, ...]:
        if key in entries:
            return entries[key].files
        manifest = self._products.read(key)
        return manifest.files if manifest else ()

    @redis_answers()
    def _views(self, job_ids: Sequence[str], *, brief: bool = False) -> list[JobView]:
        """Return the views of those jobs that exist; what the records do not tell any more is in the documents."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        for job_id in job_ids:
            pipeline.hgetall(names.job_record(job_id))
        (seconds, _), *jobs = pipeline.execute()
        runs = self._run_records({job["run_id"] for job in jobs if "run_id" in job})
        views: list[JobView] = []
        for job_id, job in zip(job_ids, jobs, strict=True):
            run, counts = runs.get(job.get("run_id", ""), ({}, {}))
            if job.get("request_key") and (run or not job.get("run_id")):
                view = self._built.of(job, run, counts)
            else:
                found = self._view_of_documents(job_id)
                if found is None:
                    continue
                view = found
            views.append(view.model_copy(update={"warnings": (), "products": ()}) if brief else view)
        reasons = reasons_to_wait(self._redis, views, seconds)
        return [self._built.waiting(view, reasons.get(view.job_id, view.waits)) for view in views]

    def _run_records(self, run_ids: Iterable[str]) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """Return run -> its record and its counts by state; a job that was submitted just now has none to ask for."""
        if not (wanted := sorted(run_ids)):
            return {}
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in wanted:
            pipeline.hgetall(names.run_record(run_id))
            pipeline.hgetall(names.run_record(run_id, "counts"))
        answers = pipeline.execute()
        return dict(zip(wanted, zip(answers[::2], answers[1::2], strict=True), strict=True))

    def _say_deleted(self, job_id: str) -> None:
        try:
            end = self._requests.end(job_id)
        except NotFound:
            return
        if end.deleted:
            msg = f"job {job_id} was deleted on {end.deleted[:10]}"
            raise Deleted(msg, request_key=end.request_key)

    def _view_of_documents(self, job_id: str) -> JobView | None:
        try:
            job = self._requests.job(job_id)
        except NotFound:
            return None
        analysis = self._requests.analysis(job.request_key)
        end = result = None
        try:
            end = self._requests.end(job_id)
            result = self._requests.outcome(end.run_id) if end.run_id else None
        except NotFound:
            pass
        return view_of_documents(analysis, job, end, result)


def _place(job: Job) -> float:
    """Place of a job in the listings: when it was submitted [s since 1970]."""
    return _instant(job.submitted)


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
