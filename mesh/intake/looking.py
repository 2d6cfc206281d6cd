"""Looking at jobs, their tables and results, and at what was asked for."""

import re
from collections.abc import Iterable
from typing import Any

from mesh.contracts import Analysis, JobView, StageProduct, UnitRow
from mesh.errors import Deleted, NotFound
from mesh.intake.caller import Caller, check_look, check_user, owner_of
from mesh.intake.errors import NotAllowed
from mesh.intake.job_filter import JobFilter
from mesh.intake.pace import Pace
from mesh.intake.quota import Quota, Usage
from mesh.intake.records import JobRecords
from mesh.parameters import shown
from mesh.states import UnitState

_JOB_ID = re.compile(r"[0-9a-f]{32}")
_DIGITS = re.compile(r"[0-9a-f]{1,32}")
_REQUEST_KEY = re.compile(r"[0-9a-f]{64}")
_SEEN_AT_ONCE = 200
_PAGE, _LOOKED_THROUGH = 200, 4000
"""Jobs that a filter looks at, at once and altogether."""


class Looking:
    """Answers for what became of wishes, to whoever may know; safe to share between threads.

    Every method that names a job raises `NotFound` where there is none, `Deleted` where there was one, and
    `StoreUnavailable` when a server does not answer.

    Args:
        records: of jobs.
        quota: what callers may have waiting.
    """

    def __init__(self, *, records: JobRecords, quota: Quota) -> None:
        self._records = records
        self._quota = quota
        self._pace = Pace(records)

    @staticmethod
    def is_job_id(text: str) -> bool:
        """Whether a text can be the id of a job."""
        return _JOB_ID.fullmatch(text) is not None

    def look(self, job_id: str, caller: Caller) -> JobView:
        """Return a job."""
        if not self.is_job_id(job_id):
            msg = f"There is no job {shown(job_id)}: a job id is 32 hexadecimal digits."
            raise NotFound(msg)
        try:
            view = self._records.view(job_id)
        except Deleted:
            raise
        except NotFound:
            msg = f"There is no job {job_id}."
            raise NotFound(msg) from None
        check_look(caller, view)
        return view

    def alike(self, digits: str, caller: Caller, *, limit: int = 20) -> list[JobView]:
        """Return jobs of the caller whose id begins with some digits, newest first, without their products.

        Of an operator, everybody's. What is shared is not found so: its whole id is what opens it.

        Args:
            digits: hexadecimal; what else begins no id.
            caller: who asks.
            limit: most jobs to return.
        """
        if not _DIGITS.fullmatch(digits):
            return []
        views = self._records.beginning(digits, limit if caller.is_operator else _SEEN_AT_ONCE)
        return [view for view in views if caller.is_operator or owner_of(view) == caller.name][:limit]

    def jobs(
        self, caller: Caller, *, user: str | None = None, limit: int = 20, before: str | None = None
    ) -> list[JobView]:
        """Return the newest jobs, newest first, without their products.

        Args:
            caller: who asks.
            user: only this user's; None: the caller's own, for an operator everybody's.
            limit: most jobs to return.
            before: id of a job: only older ones.

        Raises:
            NotAllowed: these are somebody else's, or the caller has no account: such a job is known by its id alone.
        """
        check_user(caller, user or caller.name)
        if caller.is_operator:
            return self._records.recent(user, limit, before)
        if caller.anonymous:
            raise NotAllowed("Only an account has a list of jobs: keep the ids, or sign in.")
        return self._records.recent(caller.name, limit, before)

    def jobs_like(
        self, wanted: JobFilter, caller: Caller, *, user: str | None = None, limit: int = 20, before: str | None = None
    ) -> tuple[list[JobView], str | None]:
        """Return the newest jobs that pass a filter, and the id of the job to go on before; None: there are no more.

        No more than some thousand jobs are looked at: fewer than *limit* may come back though there are more.

        Args:
            wanted: which.
            caller: who asks.
            user: as `jobs` has it.
            limit: most jobs to return.
            before: as `jobs` has it.

        Raises:
            NotAllowed: as `jobs`.
        """
        found: list[JobView] = []
        for _ in range(_LOOKED_THROUGH // _PAGE):
            page = limit if wanted.passes_all else _PAGE
            views = self.jobs(caller, user=user, limit=page, before=before)
            for view in views:
                before = view.job_id
                if wanted.passes(view):
                    found.append(view)
                if len(found) == limit:
                    return found, before
            if len(views) < page or wanted.ends_before(views[-1]):
                return found, None
        return found, before

    def seconds_per_unit(self, instrument: str, product: str) -> float | None:
        """Return the time that a unit of a product took lately, as `Pace` tells it."""
        return self._pace.seconds_per_unit(instrument, product)

    def rows(
        self, view: JobView, offset: int = 0, limit: int = 100, states: Iterable[UnitState] | None = None
    ) -> list[UnitRow]:
        """Return part of the table science window x step, in the order of the plan, of a job that `look` returned."""
        return self._records.rows(view.job_id, offset, limit, states)

    def row(self, view: JobView, stage: str, label: str) -> UnitRow:
        """Return one row of the table of a job that `look` returned.

        Raises:
            NotFound: says which stages there are.
        """
        try:
            return self._records.row(view.job_id, stage, label)
        except NotFound:
            stages = ", ".join(view.stages) or "none yet"
            msg = f"Job {view.job_id} has no unit {stage} of {label}; its stages: {stages}."
            raise NotFound(msg) from None

    def result(self, view: JobView, offset: int = 0, limit: int = 100) -> list[StageProduct]:
        """Return a page of the products that are the result of a job that `look` returned."""
        return self._records.result(view.job_id, offset, limit)

    def asked(self, job_id: str, caller: Caller) -> Any:
        """Return what the caller sent, as it was sent; None where it was not kept."""
        self.look(job_id, caller)
        return self._records.job(job_id).asked

    def request(self, request_key: str) -> Analysis:
        """Return what was asked for under a key; it stays when its jobs are deleted.

        Raises:
            NotFound: nobody ever asked for it, or it is no key.
        """
        if not _REQUEST_KEY.fullmatch(request_key):
            msg = f"There is no request {shown(request_key)}: a request key is 64 hexadecimal digits."
            raise NotFound(msg)
        try:
            return self._records.analysis(request_key)
        except NotFound:
            msg = f"There is no request {request_key}."
            raise NotFound(msg) from None

    def usage(self, user: str, caller: Caller) -> Usage:
        """Return what a user has waiting and has spent today, and how much of each is allowed.

        Raises:
            NotAllowed: it is somebody else.
        """
        check_user(caller, user)
        return self._quota.usage(user)
