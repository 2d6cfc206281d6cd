"""The documents of requests in MinIO: analyses, links to them, jobs, how jobs ended, outcomes of runs."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from mesh.contracts import Analysis, Job, JobEnd, Link, RowPage, RunResult, UnitRow
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.objects import Objects

_JSON = "application/json"


class Requests:
    """Reads and writes the documents; every method raises StoreUnavailable when MinIO is out of reach."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put_analysis(self, analysis: Analysis) -> None:
        """Store an analysis under its key; storing it again changes nothing."""
        self._objects.put(names.request_object(analysis.key), analysis.encode(), _JSON)

    def analysis(self, request_key: str) -> Analysis:
        """Return an analysis; NotFound when it was never stored."""
        return Analysis.decode(self._objects.get(names.request_object(request_key)))

    def beginning(self, digits: str, limit: int) -> list[str]:
        """Return the keys of the first requests whose key begins with some digits, in their order."""
        entries = islice(self._objects.list(f"{names.REQUESTS}{digits}"), limit)
        return [entry.name.removeprefix(names.REQUESTS).removesuffix(".json") for entry in entries]

    def link(self, request_key: str, owner: str) -> Link | None:
        """Return where a permanent link leads; None where nobody has opened it yet."""
        try:
            return Link.decode(self._objects.get(names.link_object(request_key, owner)))
        except NotFound:
            return None

    def put_link(self, link: Link) -> None:
        """Store where a permanent link leads."""
        self._objects.put(names.link_object(link.request_key, link.owner), link.encode(), _JSON)

    def put_new_job(self, job: Job) -> bool:
        """Store a job unless one is stored under its id; false when one is."""
        return self._objects.put_new(names.job_object(job.job_id), job.encode(), _JSON)

    def change_job(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Change what is stored of a job and return it; of two who do at once, one changes what the other has written.

        Raises:
            NotFound: it was never stored.
        """
        while True:
            text, tag = self._objects.get_tagged(names.job_object(job_id))
            changed = change(Job.decode(text))
            if self._objects.replace(names.job_object(job_id), changed.encode(), tag, _JSON):
                return changed

    def job(self, job_id: str) -> Job:
        """Return a job; NotFound when it was never stored."""
        return Job.decode(self._objects.get(names.job_object(job_id)))

    def put_end(self, end: JobEnd) -> None:
        """Store how a job ended, unless that is stored: a job ends once."""
        self._objects.put_new(names.end_object(end.job_id), end.encode(), _JSON)

    def put_tombstone(self, end: JobEnd) -> None:
        """Store that a job was deleted, in place of how it ended."""
        self._objects.put(names.end_object(end.job_id), end.encode(), _JSON)

    def end(self, job_id: str) -> JobEnd:
        """Return how a job ended; NotFound while it has not."""
        return JobEnd.decode(self._objects.get(names.end_object(job_id)))

    def put_result(self, result: RunResult) -> None:
        """Store the outcome of a run; further pages of its rows must be there before."""
        self._objects.put(names.run_object(result.run_id), result.encode(), _JSON)

    def put_rows(self, page: RowPage) -> None:
        """Store a further page of the rows of a large run."""
        self._objects.put(names.rows_object(page.run_id, page.number), page.encode(), _JSON)

    def result(self, run_id: str) -> RunResult:
        """Return the outcome of a run with all its rows; NotFound while it has none."""
        first = self.outcome(run_id)
        if first.total <= len(first.rows):
            return first
        return first.model_copy(update={"rows": tuple(self.rows(first))})

    def outcome(self, run_id: str) -> RunResult:
        """Return the outcome of a run with its first rows; NotFound while it has none."""
        return RunResult.decode(self._objects.get(names.run_object(run_id)))

    def rows(self, result: RunResult, offset: int = 0) -> Iterator[UnitRow]:
        """Return the rows of a run from *offset* on; only the pages that are asked for are read."""
        yield from result.rows[offset:]
        size = result.rows_a_page
        number = max(1, offset // size)
        skip = max(0, offset - number * size)
        while number * size < result.total:
            page = RowPage.decode(self._objects.get(names.rows_object(result.run_id, number)))
            yield from page.rows[skip:]
            number, skip = number + 1, 0

    def delete_job(self, job_id: str) -> None:
        """Delete a job; how it ended stays."""
        self._objects.delete(names.job_object(job_id))

    def delete_result(self, run_id: str) -> None:
        """Delete the outcome of a run, with its further rows."""
        self._objects.delete(names.run_object(run_id))
        for entry in list(self._objects.list(f"{names.ROWS}{run_id}/")):
            self._objects.delete(entry.name)

    def runs(self) -> Iterator[tuple[str, datetime]]:
        """Return the id of every run that ended and when."""
        return self._ids(names.RUNS)

    def jobs(self) -> Iterator[tuple[str, datetime]]:
        """Return the id of every job and when it was stored."""
        return self._ids(names.JOBS)

    def ends(self) -> Iterator[tuple[str, datetime]]:
        """Return the id of every job that ended and when."""
        return self._ids(names.ENDS)

    def _ids(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for entry in self._objects.list(prefix):
            yield entry.name.removeprefix(prefix).removesuffix(".json"), entry.modified
