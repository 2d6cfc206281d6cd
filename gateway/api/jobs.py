"""Jobs: submit, look, list, cancel, delete."""

import hashlib
import re
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, status

from gateway import metrics
from gateway.api.documents import (
    PREFIX,
    JobDocument,
    JobList,
    UnitTable,
    brief_document,
    job_document,
    linked_row,
    root,
)
from gateway.earlier_products import EarlierProducts
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from gateway.submission import Submission, read_analysis
from mesh.broker.delivery import CARRIED_HEADERS
from mesh.broker.topology import cancel_key, delete_key, submit_key
from mesh.clock import utc_now
from mesh.contracts import Analysis, CancelJob, DeleteJob, Job, JobView, Lane
from mesh.errors import Deleted, NotFound
from mesh.states import JobState, UnitState, job_is_final

router = APIRouter(prefix=PREFIX, tags=["jobs"])

_PAGE = 100
_ROWS = 1000
_ID = re.compile(r"^[0-9a-f]{32}$")

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {**_PROBLEM, "description": "no such job"}}


@router.post(
    "/jobs",
    status_code=status.HTTP_201_CREATED,
    responses={
        400: {**_PROBLEM, "description": "the body is not JSON"},
        422: {**_PROBLEM, "description": "fields to change, each with its allowed values"},
        429: {**_PROBLEM, "description": "the user has too much waiting; resend after Retry-After"},
        503: {**_PROBLEM, "description": "store or broker out of reach; resend after Retry-After"},
    },
)
def submit(
    *,
    submission: Submission,
    request: Request,
    response: Response,
    parts: Given,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="equal key, equal job")] = None,
) -> JobDocument:
    """Have an analysis done; the answer comes as soon as the request is stored and on its way."""
    analysis = read_analysis(submission, EarlierProducts(parts.records, parts.products))
    job = Job(
        job_id=_job_id(submission.user, idempotency_key),
        request_key=analysis.key,
        user=submission.user,
        lane=submission.lane,
        submitted=utc_now(),
    )
    view = _earlier(parts, job, analysis) if idempotency_key is not None else None
    if view is None:
        parts.quota.check(job.user)
        parts.records.submit(analysis, job)
        view = parts.records.view(job.job_id)
    if view.state is JobState.PENDING:
        headers = _headers(request, job.user, job.lane)
        parts.publisher.publish(submit_key(analysis.instrument), job, message_id=job.job_id, headers=headers)
        metrics.SUBMISSIONS.labels(analysis.instrument, analysis.product, job.lane.value).inc()
    document = job_document(root(request), view)
    response.headers["Location"] = document.links["self"]
    return document


@router.get("/jobs")
def jobs(
    *,
    request: Request,
    parts: Given,
    user: Annotated[str | None, Query(description="only this user's")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 20,
    before: Annotated[str | None, Query(description="id of a job: only older ones")] = None,
) -> JobList:
    """List jobs, newest first, without their products."""
    views = parts.records.recent(user, limit, before)
    following = None
    if len(views) == limit:
        query = request.url.include_query_params(before=views[-1].job_id).query
        following = f"{root(request)}/jobs?{query}"
    return JobList(jobs=tuple(brief_document(root(request), view) for view in views), next=following)


@router.get("/jobs/{job_id}", responses=_UNKNOWN)
def job(job_id: str, request: Request, parts: Given) -> JobDocument:
    """Tell where a job stands: counts per state and stage, warnings, products."""
    return job_document(root(request), find(parts, job_id))


@router.get("/jobs/{job_id}/units", responses=_UNKNOWN)
def units(
    *,
    job_id: str,
    request: Request,
    parts: Given,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=_ROWS)] = 200,
    state: Annotated[list[UnitState] | None, Query(description="only these states; repeatable")] = None,
) -> UnitTable:
    """List the rows of the table science window x step, in the order of the plan."""
    view = find(parts, job_id)
    rows = parts.records.rows(job_id, offset, limit, frozenset(state) if state else None)
    following = None
    if len(rows) == limit:
        query = request.url.include_query_params(offset=offset + limit).query
        following = f"{root(request)}/jobs/{job_id}/units?{query}"
    return UnitTable(
        rows=tuple(linked_row(root(request), row) for row in rows), offset=offset, total=view.total, next=following
    )


@router.delete(
    "/jobs/{job_id}",
    status_code=status.HTTP_202_ACCEPTED,
    responses={**_UNKNOWN, 409: {**_PROBLEM, "description": "the job has ended already"}},
)
def cancel(
    *,
    job_id: str,
    request: Request,
    parts: Given,
    destroy: Annotated[bool, Query(description="also delete its record, in any state; the request stays")] = False,
) -> JobDocument:
    """Cancel a job; what other jobs wait for goes on."""
    view = find(parts, job_id)
    if destroy:
        headers = _headers(request, view.user, view.lane)
        deletion = DeleteJob(job_id=job_id)
        parts.publisher.publish(delete_key(view.instrument), deletion, message_id=job_id, headers=headers)
        return brief_document(root(request), view)
    if job_is_final(view.state):
        raise Refusal(
            "job-final", f"Job {job_id} is {view.state.value}: only a job that has not ended can be cancelled."
        )
    headers = _headers(request, view.user, view.lane)
    parts.publisher.publish(cancel_key(view.instrument), CancelJob(job_id=job_id), message_id=job_id, headers=headers)
    return brief_document(root(request), view)


def find(parts: Parts, job_id: str) -> JobView:
    """Return a job.

    Raises:
        NotFound: no such job, or not an id at all.
    """
    if not _ID.match(job_id):
        msg = f"There is no job {job_id!r}: a job id is 32 hexadecimal digits."
        raise NotFound(msg)
    try:
        return parts.records.view(job_id)
    except Deleted:
        raise
    except NotFound:
        msg = f"There is no job {job_id}."
        raise NotFound(msg) from None


def _headers(request: Request, user: str, lane: Lane) -> dict[str, Any]:
    """Return what goes along with everything that the request sets off."""
    state = request.scope["state"]
    known = {"user": user, "lane": lane.value, "request_id": state["request_id"], "traceparent": state["traceparent"]}
    return {header: known[name] for name, header in CARRIED_HEADERS.items()}


def _job_id(user: str, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{user}\n{idempotency_key}".encode()).hexdigest()[:32]


def _earlier(parts: Parts, job: Job, analysis: Analysis) -> JobView | None:
    """Return the job that an earlier request with the same idempotency key made, if any."""
    try:
        view = parts.records.view(job.job_id)
    except NotFound:
        return None
    if view.request_key != analysis.key:
        raise Refusal("idempotency-key-reused", "This Idempotency-Key belongs to a different request of the same user.")
    return view
