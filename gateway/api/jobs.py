"""Jobs: submit, look, list, cancel, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, status
from pydantic import Field

from gateway.api.documents import (
    LAST_OFFSET,
    PREFIX,
    JobDocument,
    JobList,
    UnitTable,
    brief_document,
    job_document,
    linked_row,
    root,
)
from gateway.api.plain_route import PlainRoute
from gateway.calling import Calling, Traced
from gateway.parts import Given, Parts
from gateway.problem import Problem
from mesh.contracts import JobView
from mesh.intake import Wish
from mesh.intake.analysis import read_instant
from mesh.intake.job_filter import JobFilter
from mesh.intake.wish import USER
from mesh.states import JobState, UnitState

router = APIRouter(prefix=PREFIX, tags=["jobs"])

_PAGE = 100
_ROWS = 1000

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {**_PROBLEM, "description": "no such job"}}


class Submission(Wish):
    """What a caller posts to have an analysis done."""

    user: str | None = Field(
        default=None,
        pattern=USER,
        description="whose job it is, where this mesh asks nobody who they are, or an operator submits for somebody",
    )

    def wish(self) -> Wish:
        """Return what is wished, without who wishes it."""
        return Wish.model_construct(**{name: getattr(self, name) for name in Wish.model_fields})


@router.post(
    "/jobs",
    status_code=status.HTTP_201_CREATED,
    responses={
        400: {**_PROBLEM, "description": "the body is not JSON"},
        409: {**_PROBLEM, "description": "the Idempotency-Key belongs to another request"},
        410: {**_PROBLEM, "description": "the job of this Idempotency-Key was deleted"},
        422: {**_PROBLEM, "description": "fields to change, each with its allowed values"},
        429: {**_PROBLEM, "description": "the user has too much waiting; resend after Retry-After"},
        503: {**_PROBLEM, "description": "the store is out of reach; resend after Retry-After"},
    },
)
def submit(
    *,
    submission: Submission,
    request: Request,
    response: Response,
    parts: Given,
    caller: Calling,
    trace: Traced,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="equal key, equal job")] = None,
) -> JobDocument:
    """Have an analysis done; the answer comes as soon as the request is stored. Its `waits` says what it waits for."""
    asker = caller.acting_for(submission.user)
    asked = submission.model_dump(mode="json", exclude_unset=True)
    view = parts.intake.submit(submission.wish(), asker, key=idempotency_key, trace=trace, face="api", asked=asked)
    document = job_document(root(request), view)
    response.headers["Location"] = document.links["self"]
    return document


@router.get("/jobs")
def jobs(
    *,
    request: Request,
    parts: Given,
    caller: Calling,
    user: Annotated[str | None, Query(max_length=64, description="only this user's")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 20,
    before: Annotated[str | None, Query(max_length=64, description="id of a job: only older ones")] = None,
    instrument: Annotated[str | None, Query(max_length=64, description="only of this instrument")] = None,
    product: Annotated[str | None, Query(max_length=64, description="only of this product")] = None,
    state: Annotated[list[JobState] | None, Query(description="only in these states; repeatable")] = None,
    since: Annotated[
        str | None, Query(max_length=64, description="only submitted from then on, UTC in ISO form")
    ] = None,
    until: Annotated[str | None, Query(max_length=64, description="only submitted before, UTC in ISO form")] = None,
    partial: Annotated[
        bool | None, Query(description="only those of which some windows gave nothing, or none did")
    ] = None,
    digits: Annotated[
        str | None, Query(alias="id", pattern="^[0-9a-f]{4,32}$", description="only those whose id begins so")
    ] = None,
) -> JobList:
    """List my jobs, newest first, without their products; to operators, everybody's."""
    if digits is not None:
        alike = parts.intake.alike(digits, caller, limit=limit)
        return JobList(jobs=tuple(brief_document(root(request), view) for view in alike), next=None)
    wanted = JobFilter(
        instrument=instrument,
        product=product,
        states=frozenset(state or ()),
        since=read_instant(since, "since"),
        until=read_instant(until, "until"),
        partial=partial,
    )
    views, last = parts.intake.jobs_like(wanted, caller, user=user, limit=limit, before=before)
    following = None
    if last is not None:
        query = request.url.include_query_params(before=last).query
        following = f"{root(request)}/jobs?{query}"
    return JobList(jobs=tuple(brief_document(root(request), view) for view in views), next=following)


async def job(job_id: str, request: Request) -> Response:
    """Tell where a job stands: counts per state and stage, warnings, products."""
    parts: Parts = request.app.state.parts
    caller = request.scope["state"]["identity"].caller
    return Response(await parts.polls.text(job_id, caller, root(request), _written), media_type="application/json")


router.add_api_route(
    "/jobs/{job_id}", job, response_model=JobDocument, responses=_UNKNOWN, route_class_override=PlainRoute
)


def _written(base: str, view: JobView) -> bytes:
    return job_document(base, view).model_dump_json().encode()


@router.post(
    "/jobs/{job_id}/start",
    status_code=status.HTTP_202_ACCEPTED,
    responses={**_UNKNOWN, 409: {**_PROBLEM, "description": "the job has ended"}},
)
def start(job_id: str, request: Request, parts: Given, caller: Calling, trace: Traced) -> JobDocument:
    """Start a draft; a job that is started already stays as it is."""
    return brief_document(root(request), parts.intake.start(job_id, caller, trace=trace))


@router.post("/jobs/{job_id}/share", responses=_UNKNOWN)
def share(job_id: str, request: Request, parts: Given, caller: Calling, trace: Traced) -> JobDocument:
    """Share a job: whoever has its address may look at it, follow it and take its products, without an account."""
    return brief_document(root(request), parts.intake.share(job_id, caller, shared=True, trace=trace))


@router.delete("/jobs/{job_id}/share", responses=_UNKNOWN)
def unshare(job_id: str, request: Request, parts: Given, caller: Calling, trace: Traced) -> JobDocument:
    """Share a job no longer."""
    return brief_document(root(request), parts.intake.share(job_id, caller, shared=False, trace=trace))


@router.get("/jobs/{job_id}/asked", responses=_UNKNOWN)
def asked(job_id: str, parts: Given, caller: Calling) -> Any:
    """Tell what was sent to submit the job, as it was sent; null where it was too long to keep."""
    return parts.intake.asked(job_id, caller)


@router.get("/jobs/{job_id}/units", responses=_UNKNOWN)
def units(
    *,
    job_id: str,
    request: Request,
    parts: Given,
    caller: Calling,
    offset: Annotated[int, Query(ge=0, le=LAST_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=_ROWS)] = 200,
    state: Annotated[list[UnitState] | None, Query(description="only these states; repeatable")] = None,
) -> UnitTable:
    """List the rows of the table science window x step, in the order of the plan."""
    view = parts.intake.look(job_id, caller)
    rows = parts.intake.rows(view, offset, limit, frozenset(state) if state else None)
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
    caller: Calling,
    trace: Traced,
    destroy: Annotated[bool, Query(description="also delete its record, in any state; the request stays")] = False,
) -> JobDocument:
    """Cancel a job; what other jobs wait for goes on."""
    end = parts.intake.delete if destroy else parts.intake.cancel
    return brief_document(root(request), end(job_id, caller, trace=trace))
