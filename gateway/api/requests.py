"""Requests: the permanent link of what was asked for, and having it made again."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.documents import PREFIX, JobDocument, job_document, root
from gateway.calling import Calling, Traced
from gateway.parts import Given
from gateway.problem import Problem
from mesh.contracts import Analysis, Lane, Selection
from mesh.intake import Wish
from mesh.intake.wish import USER

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}

router = APIRouter(
    prefix=PREFIX, tags=["requests"], responses={404: {**_PROBLEM, "description": "nobody ever asked for it"}}
)


class RequestDocument(BaseModel):
    """What was asked for; it never changes and is never deleted."""

    request_key: str
    instrument: str
    product: str
    selection: Selection
    parameters: dict[str, Any]
    links: dict[str, str]
    """Addresses: self, and jobs, to which a POST has it made again."""


class Again(BaseModel):
    """Who wants a request made again."""

    model_config = ConfigDict(extra="forbid")

    lane: Lane = Field(default=Lane.USER, description="priority")
    user: str | None = Field(default=None, pattern=USER, description="who asks, where nobody or an operator says so")


@router.post(
    "/requests", responses={422: {**_PROBLEM, "description": "fields to change, each with its allowed values"}}
)
def check(wish: Wish, request: Request, parts: Given, caller: Calling) -> RequestDocument:
    """Check a request without having it done: every default filled in, and the key that it would have.

    Nothing is stored, so the links lead to it only once somebody has submitted it.
    """
    return _document(request, parts.intake.check(wish, caller))


@router.get("/requests/{request_key}")
def request_of(request_key: str, request: Request, parts: Given) -> RequestDocument:
    """Tell what was asked for under a key."""
    return _document(request, parts.intake.request(request_key))


@router.post(
    "/requests/{request_key}/jobs",
    status_code=status.HTTP_201_CREATED,
    responses={
        422: {**_PROBLEM, "description": "the instrument has changed since and does not take the request any more"},
        503: {**_PROBLEM, "description": "store or broker out of reach; resend after Retry-After"},
    },
)
def again(
    *,
    request_key: str,
    wish: Again,
    request: Request,
    response: Response,
    parts: Given,
    caller: Calling,
    trace: Traced,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="equal key, equal job")] = None,
) -> JobDocument:
    """Have a request made again: what is in the store is used, what is not is computed."""
    asker = caller.acting_for(wish.user)
    view = parts.intake.again(request_key, asker, lane=wish.lane, key=idempotency_key, trace=trace)
    document = job_document(root(request), view)
    response.headers["Location"] = document.links["self"]
    return document


def _document(request: Request, analysis: Analysis) -> RequestDocument:
    own = f"{root(request)}/requests/{analysis.key}"
    fields = {name: getattr(analysis, name) for name in ("instrument", "product", "selection", "parameters")}
    return RequestDocument(request_key=analysis.key, **fields, links={"self": own, "jobs": f"{own}/jobs"})
