"""From a job that is accepted to the dispatcher: store it, enter it into the index, publish it."""

from dataclasses import dataclass
from typing import Any

import structlog

from mesh.broker.delivery import CARRIED_HEADERS
from mesh.broker.topology import submit_key
from mesh.contracts import Analysis, CancelJob, DeleteJob, Job, JobView
from mesh.errors import BrokerUnavailable, Deleted, IdTaken, NotFound, StoreUnavailable
from mesh.intake.errors import KeyReused
from mesh.intake.records import JobRecords, RequestPublisher
from mesh.states import JobState
from mesh.store.views import view_of_documents

_log = structlog.get_logger(__name__)

_NO_BROKER = "the message broker does not answer; the job is kept and begins once it does: do not send it again"


@dataclass(frozen=True)
class Trace:
    """What goes along with everything that a call sets off."""

    request_id: str = ""


class HandingOver:
    """Hands jobs, and what is to become of them, to the dispatcher.

    Args:
        records: of jobs.
        publisher: to the dispatcher.
    """

    def __init__(self, records: JobRecords, publisher: RequestPublisher) -> None:
        self._records = records
        self._publisher = publisher

    def take(self, analysis: Analysis, job: Job, trace: Trace) -> JobView:
        """Store, enter and publish; each of the last two alone is enough for the job to begin."""
        try:
            stored = self._records.store(analysis, job)
        except IdTaken:
            raise _reused() from None
        if stored != job and (earlier := self.earlier(stored)):
            return self.hand_over(stored, earlier, trace)[0]
        indexed = True
        try:
            self._records.enter(analysis, stored)
            view = self._records.view(job.job_id)
        except StoreUnavailable as error:
            _log.warning("job stored but not in the index", job_id=job.job_id, error=error.text)
            indexed, view = False, view_of_documents(analysis, stored, None, None)
        view, on_its_way = self.hand_over(stored, view, trace)
        if not indexed and (job.draft or not on_its_way):
            # Only a rebuild of the index would find it.
            text = "the job is stored, but the index does not answer: send it again, with its Idempotency-Key"
            raise StoreUnavailable("NotOnItsWay", text)
        return view

    def hand_over(self, job: Job, view: JobView, trace: Trace) -> tuple[JobView, bool]:
        """Hand a stored job to the dispatcher, unless it is planned; say so where the broker does not answer.

        The dispatcher then finds the job in the index by itself.
        """
        if view.state is not JobState.PENDING or view.draft:
            return view, True
        try:
            # The dispatcher reads from the job what it needs, and not what was sent.
            self.send(submit_key(view.instrument), job.model_copy(update={"asked": None}), view, trace)
        except BrokerUnavailable as error:
            _log.warning("job not on its way yet", job_id=job.job_id, error=error.text)
            return view.model_copy(update={"waits": _NO_BROKER}), False
        return view, True

    def send(self, routing_key: str, document: Job | CancelJob | DeleteJob, view: JobView, trace: Trace) -> None:
        """Tell the dispatcher something about a job; raises `BrokerUnavailable` where nobody confirms it."""
        known = {"user": view.user, "lane": view.lane.value, "request_id": trace.request_id}
        headers: dict[str, Any] = {header: known[name] for name, header in CARRIED_HEADERS.items() if known[name]}
        self._publisher.publish(routing_key, document, message_id=document.job_id, headers=headers)

    def earlier(self, job: Job) -> JobView | None:
        """Return the job that an earlier call with the same idempotency key made, if any."""
        try:
            view = self._records.view(job.job_id)
        except Deleted:
            raise
        except NotFound:
            return None
        if view.request_key != job.request_key:
            raise _reused()
        return view


def _reused() -> KeyReused:
    return KeyReused("This Idempotency-Key belongs to a different request of the same user.")
