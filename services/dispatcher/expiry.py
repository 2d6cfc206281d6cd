"""Expiry: jobs that ended long ago, or whose caller wanted it, are deleted; what they asked for stays.

Old pages of the audit trail go as well.
"""

import time
from collections.abc import Callable

import structlog

from mesh.errors import ContractViolation, NotFound
from mesh.store.deletion import Deletion
from mesh.store.jobs import Jobs
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from services.dispatcher import metrics

_log = structlog.get_logger(__name__)

_DAY_SECONDS = 86_400.0
# The ends of the jobs of a run are written a moment after its outcome.
_MARGIN_SECONDS = 3600.0


class Expiry:
    """Deletes what is too old; several dispatchers may do so at once.

    Args:
        requests: the documents.
        runs: which are not over.
        deletion: deletes a job.
        jobs: records, with the times at which jobs are to be deleted.
        destroy: ends a job if need be, and deletes it.
        days: how long a job stays after its end; 0: for ever.
        forget_trail: deletes what is too old of the audit trail.
    """

    def __init__(
        self,
        *,
        requests: Requests,
        runs: Runs,
        deletion: Deletion,
        jobs: Jobs,
        destroy: Callable[[str], None],
        days: float,
        forget_trail: Callable[[], object] = lambda: None,
    ) -> None:
        self._forget_trail = forget_trail
        self._jobs = jobs
        self._destroy = destroy
        self._requests = requests
        self._runs = runs
        self._deletion = deletion
        self._days = days

    def look(self) -> int:
        """Delete what is too old now; returns how many jobs."""
        self._forget_trail()
        return self._destroy_due() + self._delete_old()

    def _destroy_due(self) -> int:
        """Delete the jobs whose time to be deleted has come, ended or not."""
        self._jobs.index_destruction()
        due = self._jobs.due(time.time())
        for job_id in due:
            self._each(job_id, self._destroy)
            self._jobs.destroyed(job_id)
        return len(due)

    def _delete_old(self) -> int:
        if not self._days:
            return 0
        latest = time.time() - self._days * _DAY_SECONDS
        ended = {job_id for job_id, when in self._requests.ends() if when.timestamp() < latest}
        deleted = sum(
            self._each(job_id, self._deletion.delete) for job_id, _ in list(self._requests.jobs()) if job_id in ended
        )
        active = self._runs.active()
        for run_id, when in list(self._requests.runs()):
            if when.timestamp() < latest - _MARGIN_SECONDS and run_id not in active:
                self._requests.delete_result(run_id)
        if deleted:
            metrics.EXPIRED.inc(deleted)
            _log.info("jobs expired", jobs=deleted, days=self._days)
        return deleted

    def _each(self, job_id: str, delete: Callable[[str], object]) -> bool:
        try:
            return bool(delete(job_id))
        except (NotFound, ContractViolation) as error:
            # One damaged document must not keep all others.
            _log.error("job cannot be deleted", job_id=job_id, error=str(error))
            return False
