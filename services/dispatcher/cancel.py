"""Cancel: ends a job at once, and its run with all containers when nobody else waits for it."""

from collections.abc import Sequence

import structlog

from mesh.broker.publisher import Publisher
from mesh.broker.topology import CONTROL, cancel_key
from mesh.clock import utc_now
from mesh.contracts import CancelUnits, JobEnd
from mesh.errors import BrokerUnavailable, NotFound
from mesh.states import JobState
from mesh.store.ends import Ends
from mesh.store.requests import Requests
from mesh.store.runs import Run, Runs
from services.dispatcher import metrics
from services.dispatcher.events import Notifier
from services.dispatcher.outcome import ended_early, tally_rows

_log = structlog.get_logger(__name__)


class Canceller:
    """Cancels jobs; cancelling again changes nothing, so a message that comes twice does no harm.

    Args:
        runs: records of runs.
        requests: documents of jobs and runs.
        ends: documents of the ends of jobs.
        publisher: for the broadcast that stops containers.
        notifier: told of every change.
    """

    def __init__(self, *, runs: Runs, requests: Requests, ends: Ends, publisher: Publisher, notifier: Notifier) -> None:
        self._runs = runs
        self._requests = requests
        self._ends = ends
        self._publisher = publisher
        self._notifier = notifier

    def cancel(self, job_id: str, reason: str = "") -> str | None:
        """Cancel a job; returns the instrument whose units made room, if any did.

        Args:
            job_id: the job.
            reason: why, where it is not its caller who wants it; a sentence.
        """
        now = utc_now()
        run_id, what = self._runs.cancel(job_id, now, reason)
        if what == "ended":
            self._make_sure_of_end(job_id, run_id)
            return None
        _log.info("job cancelled", job_id=job_id, run_id=run_id, run_goes_on=what == "job" and run_id is not None)
        run = self._run(run_id)
        if run is not None and what == "run":
            self._end_run(run, now)
        self._ends.write()
        if run is None:
            return None
        self._notifier.changed(run.run_id, run.state)
        return run.instrument

    def _make_sure_of_end(self, job_id: str, run_id: str | None) -> None:
        """Write the end of a job whose run is over, if nothing has: a job without one could never be deleted."""
        self._ends.write()
        run = self._run(run_id)
        if run is not None and run.finished is not None:
            self._requests.put_end(JobEnd(job_id=job_id, run_id=run_id, state=run.state, finished=run.finished))

    def _run(self, run_id: str | None) -> Run | None:
        try:
            return self._runs.get(run_id) if run_id else None
        except NotFound:
            return None

    def _end_run(self, run: Run, now: str) -> None:
        for keys in self._runs.drop_rows(run.run_id, now):
            self.stop(run, keys)
        tally = tally_rows(self._runs, self._requests, run.run_id)
        result = ended_early(run, tally, JobState.ABORTED, None, now)
        self._requests.put_result(result)
        metrics.count_end(run, JobState.ABORTED, now)

    def stop(self, run: Run, keys: Sequence[str]) -> None:
        """Tell the workers to stop units; who misses it finds the tombstone before it starts or commits."""
        if not keys:
            return
        try:
            self._publisher.publish(
                CONTROL,
                cancel_key(run.instrument),
                CancelUnits(unit_keys=tuple(keys)),
                message_id=f"cancel-{run.run_id}-{keys[0]}",
                correlation_id=run.run_id,
                mandatory=False,
            )
        except BrokerUnavailable as error:
            _log.warning("broadcast not sent", run_id=run.run_id, units=len(keys), error=str(error))
