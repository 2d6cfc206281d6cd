"""Requests: the permanent link of what was asked for, and having it made again."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.documents import PREFIX, JobDocument, job_document, root
from gateway.calling import Traced
from gateway.parts import Given
from gateway.problem import Problem
from mesh.contracts import Lane, Selection
from mesh.intake import Caller
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
    user: str = Field(default="anonymous", pattern=USER)


@router.get("/requests/{request_key}")
def request_of(request_key: str, request: Request, parts: Given) -> RequestDocument:
    """Tell what was asked for under a key."""
    analysis = parts.intake.request(request_key)
    own = f"{root(request)}/requests/{request_key}"
    fields = {name: getattr(analysis, name) for name in ("instrument", "product", "selection", "parameters")}
    return RequestDocument(request_key=request_key, **fields, links={"self": own, "jobs": f"{own}/jobs"})


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
    trace: Traced,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="equal key, equal job")] = None,
) -> JobDocument:
    """Have a request made again: what is in the store is used, what is not is computed."""
    caller = Caller.anybody(wish.user)
    view = parts.intake.again(request_key, caller, lane=wish.lane, key=idempotency_key, trace=trace)
    document = job_document(root(request), view)
    response.headers["Location"] = document.links["self"]
    return document
