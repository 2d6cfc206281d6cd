"""The one way from every door into the mesh: take a wish, look at what became of it, cancel and delete it."""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from mesh.accounts.roles import Roles
from mesh.broker.topology import cancel_key, delete_key
from mesh.clock import utc_now
from mesh.contracts import Analysis, CancelJob, DeleteJob, Job, JobView, Lane, TrailEntry
from mesh.errors import InvalidParameter
from mesh.intake import metrics
from mesh.intake.analysis import check_labels, read_analysis, read_instant
from mesh.intake.caller import (
    Caller,
    check_change,
    check_lane,
    check_rules,
    check_submit,
    owner_of,
)
from mesh.intake.earlier_products import EarlierProducts
from mesh.intake.errors import JobFinal, JobStarted
from mesh.intake.handing import HandingOver, Trace
from mesh.intake.limits import Limits
from mesh.intake.looking import Looking
from mesh.intake.quota import Quota
from mesh.intake.records import JobRecords, ProductManifests, RequestPublisher
from mesh.intake.uploads import check_uploads
from mesh.intake.wish import MOST_EXECUTION_S, Wish
from mesh.states import job_is_final


class Intake(Looking):
    """Takes wishes and answers for what became of them; safe to share between threads.

    Every method that names a job raises `NotFound` where there is none, `Deleted` where there was one, and
    `StoreUnavailable` when a server does not answer. See `mesh.intake.errors` for what else is raised.

    Args:
        records: of jobs.
        products: by key.
        publisher: to the dispatcher.
        quota: what callers may have waiting.
        limits: how large a wish may be.
        roles: what needs which role; asked for each wish, as an operator may change it.
        note: keeps what a caller did.
    """

    def __init__(
        self,
        *,
        records: JobRecords,
        products: ProductManifests,
        publisher: RequestPublisher,
        quota: Quota,
        limits: Limits,
        roles: Callable[[], Roles] = Roles,
        note: Callable[[TrailEntry], None] = lambda _: None,
    ) -> None:
        super().__init__(records=records, quota=quota)
        self._products = products
        self._roles = roles
        self._note = note
        self._handing = HandingOver(records, publisher)
        self._limits = limits

    def submit(
        self,
        wish: Wish,
        caller: Caller,
        *,
        key: str | None = None,
        trace: Trace | None = None,
        face: str = "",
        asked: Any = None,
        counted: str = "",
    ) -> JobView:
        """Have a wish done; returns as soon as it is stored, and on its way if the broker answers.

        Args:
            wish: what to do.
            caller: for whom.
            key: idempotency key: the same caller, key and analysis are the same job.
            trace: handed on with every message.
            face: the door through which it came.
            asked: what the caller sent through that door, JSON as it was sent.
            counted: who is counted as submitting it, where that is not the caller.

        Raises:
            WishRefused: names every field to change.
            TooMuchWaiting, TooManyUsers, TooFast, PlanningBehind: come again later.
            KeyReused: the key belongs to another request of the caller.
            Deleted: the job of this key was deleted.
            NotAllowed: the caller may not submit, not use the lane, or lacks a role that the analysis needs.
            StoreUnavailable: nothing is sure to be stored; the same wish with the same key may be sent again.
        """
        check_submit(caller, wish.lane)
        check_labels(wish.labels, self._limits)
        analysis = self._read(wish, caller)
        job = Job(
            job_id=_job_id(caller.name, key),
            request_key=analysis.key,
            user=caller.share,
            lane=wish.lane,
            submitted=utc_now(),
            owner=caller.name,
            face=face,
            asked=self._kept(asked),
            labels=wish.labels,
            draft=wish.draft,
            destroy_after=read_instant(wish.destroy_after, "destroy_after"),
            execution_s=self._execution_s(wish.execution_s),
        )
        view = self._handing.earlier(job) if key is not None else None
        if view is None:
            self._quota.check(caller.share, counted or caller.name)
            view = self._handing.take(analysis, job, trace or Trace())
            self._noted(caller, "submit", view, trace)
            metrics.SUBMISSIONS.labels(analysis.instrument, analysis.product, job.lane.value).inc()
            return view
        return self._handing.hand_over(job, view, trace or Trace())[0]

    def upload(self, content: bytes, caller: Caller) -> str:
        """Keep a file as input of jobs, and return the SHA-256 that parameters name it by; counts as a submission.

        Raises:
            NotAllowed: the caller may not submit.
            TooFast: come again later.
            StoreUnavailable: nothing is sure to be stored; the same file may be sent again.
        """
        check_submit(caller, Lane.USER)
        self._quota.pace(caller.name)
        return self._products.uploads.keep(content)

    def check(self, wish: Wish, caller: Caller) -> Analysis:
        """Return the analysis that a wish comes to, every default filled in; nothing is stored or begun.

        Raises:
            WishRefused: names every field to change.
            NotAllowed: the caller may not use the lane, or lacks a role that the analysis needs.
        """
        check_lane(caller, wish.lane)
        return self._read(wish, caller)

    def _read(self, wish: Wish, caller: Caller) -> Analysis:
        find = EarlierProducts(self._records, self._products, caller)
        analysis = read_analysis(wish, find, self._limits)
        check_uploads(analysis, self._products.uploads)
        check_rules(caller, analysis, self._roles())
        return analysis

    def _kept(self, asked: Any) -> Any:
        """Return what is kept of what a caller sent: nothing where it is long, and never a token."""
        if isinstance(asked, dict):
            asked = {name: value for name, value in asked.items() if name.lower() != "token"}
        return asked if asked is not None and len(json.dumps(asked)) <= self._limits.asked_bytes else None

    def again(
        self,
        request_key: str,
        caller: Caller,
        *,
        lane: Lane = Lane.USER,
        key: str | None = None,
        trace: Trace | None = None,
    ) -> JobView:
        """Have a request made again: what is in the store is used, what is not is computed.

        Raises:
            NotFound: nobody ever asked for it.
            WishRefused: the instrument has changed since and does not take the request any more.
            Further errors as `submit`.
        """
        analysis = self.request(request_key)
        wish = Wish(
            instrument=analysis.instrument,
            product=analysis.product,
            selection=analysis.selection,
            parameters=analysis.parameters,
            lane=lane,
        )
        return self.submit(wish, caller, key=key, trace=trace)

    def start(self, job_id: str, caller: Caller, *, trace: Trace | None = None) -> JobView:
        """Start a draft; starting again changes nothing.

        Raises:
            JobFinal: it was cancelled.
            NotAllowed: it belongs to somebody else.
        """
        view = self._to_change(job_id, caller)
        if job_is_final(view.state):
            msg = f"Job {job_id} is {view.state.value}: it can not be started any more; ask for the same again."
            raise JobFinal(msg)
        if not view.draft:
            return view
        job = self._records.start(job_id)
        self._noted(caller, "start", view, trace)
        return self._handing.hand_over(job, self._records.view(job_id), trace or Trace())[0]

    def revise(
        self, job_id: str, wish: Wish, caller: Caller, *, trace: Trace | None = None, asked: Any = None
    ) -> JobView:
        """Let a draft ask for something else; lane and time of deletion stay.

        Raises:
            WishRefused: names every field to change.
            JobStarted: it is no draft any more.
            NotAllowed: it belongs to somebody else, or the caller lacks a role that the analysis needs.
        """
        view = self._to_change(job_id, caller)
        check_labels(wish.labels, self._limits)
        analysis = self._read(wish, caller)
        drafted = view.draft and not job_is_final(view.state)
        if not drafted or not self._records.revise(job_id, analysis, self._kept(asked), wish.labels):
            msg = f"Job {job_id} is no draft any more: what it asks for stays; ask for something else with a new job."
            raise JobStarted(msg)
        self._noted(caller, "revise", view, trace)
        return self._records.view(job_id)

    def keep_until(self, job_id: str, caller: Caller, destroy_after: str, *, trace: Trace | None = None) -> JobView:
        """Change when a job is deleted, whatever its state: UTC in ISO form.

        Raises:
            WishRefused: it is no instant.
            NotAllowed: it belongs to somebody else.
        """
        view = self._to_change(job_id, caller)
        instant = read_instant(destroy_after, "destroy_after") or ""
        self._records.keep_until(job_id, instant)
        self._noted(caller, "keep-until", view, trace)
        return view.model_copy(update={"destroy_after": instant})

    def limit_execution(self, job_id: str, caller: Caller, seconds: int, *, trace: Trace | None = None) -> JobView:
        """Change how long a job may execute before it is cancelled; the mesh may allow less than is wanted.

        Args:
            job_id: the job.
            caller: who wants it.
            seconds: 0: as long as it takes.
            trace: handed on.

        Raises:
            InvalidParameter: it is no duration.
            JobFinal: the job has ended.
            NotAllowed: it belongs to somebody else.
        """
        if not 0 <= seconds <= MOST_EXECUTION_S:
            allowed = f"whole seconds from 0 (no limit) to {MOST_EXECUTION_S}"
            raise InvalidParameter(f"execution_s: {seconds} is out of range", field="execution_s", allowed=allowed)
        view = self._to_change(job_id, caller)
        if job_is_final(view.state):
            raise JobFinal(f"Job {job_id} is {view.state.value}: how long it may execute does not matter any more.")
        granted = self._execution_s(seconds)
        self._records.limit_execution(job_id, granted)
        self._noted(caller, "limit-execution", view, trace)
        return view.model_copy(update={"execution_s": granted})

    def _execution_s(self, wanted: int) -> int:
        """Return how long a job may execute whose caller wants so much; 0 is as long as it takes."""
        most = self._limits.execution_s
        return min(wanted or most, most) if most else wanted

    def look_to_change(self, job_id: str, caller: Caller, deed: str, *, trace: Trace | None = None) -> JobView:
        """Return a job that the caller is about to change otherwise than by the methods here, and note the deed.

        Raises:
            NotAllowed: it belongs to somebody else.
        """
        view = self._to_change(job_id, caller)
        self._noted(caller, deed, view, trace)
        return view

    def _to_change(self, job_id: str, caller: Caller) -> JobView:
        view = self.look(job_id, caller)
        check_change(caller, view)
        return view

    def share(self, job_id: str, caller: Caller, *, shared: bool, trace: Trace | None = None) -> JobView:
        """Let whoever has its id look at a job, follow it and take its products, or no longer.

        Raises:
            NotAllowed: it belongs to somebody else.
        """
        view = self._to_change(job_id, caller)
        self._records.share(job_id, shared=shared)
        self._noted(caller, "share" if shared else "unshare", view, trace)
        return view.model_copy(update={"shared": shared})

    def cancel(self, job_id: str, caller: Caller, *, trace: Trace | None = None) -> JobView:
        """Ask for a job to end; what other jobs wait for goes on.

        Raises:
            JobFinal: it has ended already.
            NotAllowed: it belongs to somebody else.
            BrokerUnavailable: the wish could not be passed on; send it again.
        """
        view = self._to_change(job_id, caller)
        if job_is_final(view.state):
            msg = f"Job {job_id} is {view.state.value}: only a job that has not ended can be cancelled."
            raise JobFinal(msg)
        self._handing.send(cancel_key(view.instrument), CancelJob(job_id=job_id), view, trace or Trace())
        self._noted(caller, "cancel", view, trace)
        return view

    def delete(self, job_id: str, caller: Caller, *, trace: Trace | None = None) -> JobView:
        """Ask for a job, in any state, to end and be forgotten; the request stays.

        Raises:
            NotAllowed: it belongs to somebody else.
            BrokerUnavailable: the wish could not be passed on; send it again.
        """
        view = self._to_change(job_id, caller)
        self._handing.send(delete_key(view.instrument), DeleteJob(job_id=job_id), view, trace or Trace())
        self._noted(caller, "delete", view, trace)
        return view

    def _noted(self, caller: Caller, deed: str, view: JobView, trace: Trace | None) -> None:
        owner, actor = owner_of(view), caller.actor or caller.name
        detail = "" if deed != "submit" and owner == actor else f"{view.instrument} {view.product} of {owner}"
        self._note(
            TrailEntry(
                at=utc_now(),
                caller=actor,
                deed=deed,
                about=view.job_id,
                detail=detail,
                address=caller.address,
                request_id=trace.request_id if trace else "",
            )
        )


def _job_id(user: str, key: str | None) -> str:
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{user}\n{key}".encode()).hexdigest()[:32]
