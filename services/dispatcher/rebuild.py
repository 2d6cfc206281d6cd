"""Rebuilds the records after Redis lost them: jobs that have not ended are taken up again from their documents."""

from collections.abc import Callable

import structlog

from mesh.contracts import JobEnd
from mesh.errors import MeshError, NotFound, TransientFailure
from mesh.states import job_is_final
from mesh.store.jobs import Jobs
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from services.dispatcher import metrics

_log = structlog.get_logger(__name__)
_LISTED = 1000
"""Jobs that have ended and appear in listings again; all others are still found by their id."""


class Rebuild:
    """Makes records of documents.

    Args:
        jobs: records of jobs.
        runs: records of runs.
        requests: the documents.
        take_up: plans a job, as if it had just been submitted.
    """

    def __init__(self, *, jobs: Jobs, runs: Runs, requests: Requests, take_up: Callable[[str], None]) -> None:
        self._jobs = jobs
        self._runs = runs
        self._requests = requests
        self._take_up = take_up

    def rebuild(self) -> None:
        """Take up every job that has not ended and that no active run serves; list the newest of the others again."""
        waiting, ended = self.take_up_lost()
        for job_id in ended[-_LISTED:]:
            self._each(job_id, self._list_again)
        _log.info("records rebuilt", jobs=len(waiting) + len(ended), waiting=len(waiting))

    def take_up_lost(self) -> tuple[list[str], list[str]]:
        """Take up every job that has not ended and that no active run serves, whatever lost it.

        Returns:
            The jobs that have not ended and those that have, the oldest first.
        """
        ends = {job_id for job_id, _ in self._requests.ends()}
        stored = [job_id for job_id, _ in sorted(self._requests.jobs(), key=lambda entry: entry[1])]
        active = self._runs.active()
        waiting = [job_id for job_id in stored if job_id not in ends]
        for job_id in waiting:
            self._each(job_id, lambda job_id: self._resume(job_id, active))
        return waiting, [job_id for job_id in stored if job_id in ends]

    def _each(self, job_id: str, work: Callable[[str], None]) -> None:
        try:
            work(job_id)
        except TransientFailure:
            raise
        except Exception as error:
            # One damaged document must not keep all others from being taken up.
            metrics.SWEEP_FAILURES.labels("rebuild").inc()
            _log.error(
                "job cannot be rebuilt", job_id=job_id, error=str(error), exc_info=not isinstance(error, MeshError)
            )

    def _resume(self, job_id: str, active: frozenset[str]) -> None:
        _, run_id = self._jobs.indexed_run(job_id)
        if run_id in active:
            return
        if run_id is not None and self._was_ended(job_id, run_id):
            return
        job = self._requests.job(job_id)
        self._jobs.enter(self._requests.analysis(job.request_key), job)
        if job.draft:
            return
        self._take_up(job_id)
        metrics.REBUILT.inc()

    def _was_ended(self, job_id: str, run_id: str) -> bool:
        """Write the end of a job whose run has ended, if it was only this last document that is missing."""
        try:
            run = self._runs.get(run_id)
        except NotFound:
            return False
        if not job_is_final(run.state) or run.finished is None:
            return False
        self._requests.put_end(JobEnd(job_id=job_id, run_id=run_id, state=run.state, finished=run.finished))
        return True

    def _list_again(self, job_id: str) -> None:
        known, _ = self._jobs.indexed_run(job_id)
        if not known:
            job = self._requests.job(job_id)
            self._jobs.enter_ended(self._requests.analysis(job.request_key), job, self._requests.end(job_id))
