"""Time limits: jobs that have executed for as long as they may are cancelled, and say so."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from mesh.errors import NotFound
from mesh.states import JobState, job_is_final
from mesh.store.jobs import Jobs

_log = structlog.get_logger(__name__)


class TimeLimits:
    """Looks after the jobs that may execute only so long. The index names them, their documents tell it again.

    Args:
        jobs: the records.
        cancel: cancels a job for a reason.
        now: the time.
    """

    def __init__(
        self, jobs: Jobs, cancel: Callable[[str, str], None], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._jobs = jobs
        self._cancel = cancel
        self._now = now

    def jobs(self) -> list[str]:
        """Return the ids of the jobs that must be looked at."""
        return self._jobs.limited()

    def look(self, job_id: str) -> None:
        """Cancel a job that has executed for as long as it may; one that has ended is looked at no more.

        A job that joined a run of others has executed since it came, not since the run began.
        """
        try:
            view = self._jobs.view(job_id)
        except NotFound:
            self._jobs.unlimited(job_id)
            return
        if job_is_final(view.state) or not view.execution_s:
            self._jobs.unlimited(job_id)
            return
        if view.state is not JobState.EXECUTING or view.started is None:
            return
        since = max(datetime.fromisoformat(view.started), datetime.fromisoformat(view.submitted))
        if (self._now() - since).total_seconds() < view.execution_s:
            return
        _log.info("job has executed as long as it may", job_id=job_id, seconds=view.execution_s)
        self._cancel(
            job_id,
            f"The job was cancelled after {view.execution_s} s, as long as it was allowed to execute: ask for the same "
            "again with a longer execution duration. What was made is kept and is not made twice.",
        )
        self._jobs.unlimited(job_id)
