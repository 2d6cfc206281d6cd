"""The analyses of an event as jobs of the mesh: submitted in the lane of alerts, looked at, cancelled."""

import json
from collections.abc import Callable, Collection
from typing import Any

import structlog

from mesh.contracts import JobView, Lane, Selection
from mesh.contracts.alert import AlertEvent, AlertJob, Deed
from mesh.errors import Deleted, MeshError, NotFound, TransientFailure
from mesh.intake import Caller, Intake, Wish
from mesh.intake.errors import JobFinal, Refused, WishRefused
from mesh.states import JobState, job_is_final
from services.triggers import metrics
from services.triggers.reports import report_file, results_of

_log = structlog.get_logger(__name__)


class Analyses:
    """Does what is to be done about jobs; each call can be repeated.

    Args:
        intake: of the mesh.
        caller: who asks.
        file: returns a file of a product by key and name.
    """

    def __init__(self, intake: Intake, caller: Caller, file: Callable[[str, str], bytes]) -> None:
        self._intake = intake
        self._caller = caller
        self._file = file

    def work(self, event: AlertEvent, wanted: Collection[str]) -> tuple[AlertJob, ...]:
        """Return the jobs of an event as they are after what had to be done: submitting, looking, cancelling.

        Args:
            event: with its jobs.
            wanted: signatures of those that it still asks for.

        Raises:
            StoreUnavailable: a server does not answer; nothing is lost.
        """
        return tuple(self._one(event, job, wanted=job.signature in wanted) for job in event.jobs)

    def _one(self, event: AlertEvent, job: AlertJob, *, wanted: bool) -> AlertJob:
        if job.ended:
            return job
        if not wanted:
            return self._cancelled(job)
        return self._looked_at(job) if job.job_id else self._submitted(event, job)

    def _submitted(self, event: AlertEvent, job: AlertJob) -> AlertJob:
        wish = Wish(
            instrument=job.instrument,
            product=job.product,
            selection=Selection.model_validate(job.wish["selection"]),
            parameters=job.wish["parameters"],
            lane=Lane.ALERT,
            labels=("alert", event.event_key[:64]),
        )
        # The key makes the id of the job: after a crash the same job is found.
        key = f"{event.event_key} {job.signature} {job.attempt}"
        try:
            view = self._intake.submit(wish, self._caller, key=key, face="triggers")
        except WishRefused as error:
            return job.model_copy(update={"state": JobState.ERROR, "text": str(error)})
        except Deleted as error:
            return job.model_copy(update={"state": JobState.ERROR, "text": str(error)})
        except Refused as error:
            return job.model_copy(update={"text": str(error)})  # too much waits: it is tried again
        # Whoever reads the record may look at its analyses.
        self._intake.share(view.job_id, self._caller, shared=True)
        metrics.JOBS.labels(job.instrument).inc()
        _log.info("analysis asked for", event_key=event.event_key, job_id=view.job_id, product=job.product)
        return self._read(job.model_copy(update={"job_id": view.job_id}), view)

    def _looked_at(self, job: AlertJob) -> AlertJob:
        try:
            return self._read(job, self._intake.look(job.job_id, self._caller))
        except NotFound as error:
            return job.model_copy(update={"state": JobState.ERROR, "text": str(error)})

    def _cancelled(self, job: AlertJob) -> AlertJob:
        if job.job_id:
            try:
                self._intake.cancel(job.job_id, self._caller)
                metrics.CANCELLED.inc()
            except (JobFinal, NotFound):
                pass
            except TransientFailure:
                raise
            except MeshError as error:
                _log.warning("analysis not cancelled", job_id=job.job_id, error=str(error))
        return job.model_copy(update={"state": JobState.ABORTED, "text": "it was no longer wanted"})

    def _read(self, job: AlertJob, view: JobView) -> AlertJob:
        text = f"{view.failure.reason}: {view.failure.text}" if view.failure else view.waits
        # What waits is told in its own words again and again: only an end is kept.
        update: dict[str, Any] = {"state": view.state, "text": text if job_is_final(view.state) else ""}
        if job_is_final(view.state):
            update["products"] = view.products
        if view.state is JobState.COMPLETED:
            update["results"] = self._results(job.product, view)
        return job.model_copy(update=update)

    def _results(self, product: str, view: JobView) -> dict[str, Any]:
        """Return what the report of a product says, in short."""
        for made in view.products:
            name = report_file(product, made)
            if name is not None:
                try:
                    return results_of(product, json.loads(self._file(made.key, name)))
                except (NotFound, ValueError, KeyError, TypeError) as error:
                    _log.warning("report not read", key=made.key, error=str(error))
        return {}


def tried_again(event: AlertEvent) -> tuple[AlertJob, ...]:
    """Return the jobs of an event, where each replay by an operator gives those that failed one more try."""
    replays = sum(one.deed is Deed.REPLAY for one in event.commands)
    return tuple(
        job.model_copy(
            update={"attempt": job.attempt + 1, "job_id": "", "state": None, "text": "", "products": (), "results": {}}
        )
        if job.state in {JobState.ERROR, JobState.ABORTED} and job.attempt <= replays
        else job
        for job in event.jobs
    )
