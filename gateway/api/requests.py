"""Requests: the permanent link of what was asked for, and having it made again."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.api import jobs
from gateway.api.documents import PREFIX, JobDocument, root
from gateway.parts import Given, Parts
from gateway.problem import Problem
from gateway.submission import USER, Submission
from mesh.contracts import Analysis, Lane, Selection
from mesh.errors import NotFound

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}

router = APIRouter(
    prefix=PREFIX, tags=["requests"], responses={404: {**_PROBLEM, "description": "nobody ever asked for it"}}
)

_KEY = re.compile(r"^[0-9a-f]{64}$")


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
    analysis = _find(parts, request_key)
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
    idempotency_key: Annotated[str | None, Header(max_length=200, description="equal key, equal job")] = None,
) -> JobDocument:
    """Have a request made again: what is in the store is used, what is not is computed."""
    analysis = _find(parts, request_key)
    submission = Submission(
        instrument=analysis.instrument,
        product=analysis.product,
        selection=analysis.selection,
        parameters=analysis.parameters,
        lane=wish.lane,
        user=wish.user,
    )
    return jobs.submit(
        submission=submission, request=request, response=response, parts=parts, idempotency_key=idempotency_key
    )


def _find(parts: Parts, request_key: str) -> Analysis:
    if not _KEY.match(request_key):
        msg = f"There is no request {request_key!r}: a request key is 64 hexadecimal digits."
        raise NotFound(msg)
    try:
        return parts.records.analysis(request_key)
    except NotFound:
        msg = f"There is no request {request_key}."
        raise NotFound(msg) from None
