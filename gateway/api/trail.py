"""The audit trail, for operators: who did what."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.api.documents import PREFIX
from gateway.calling import Calling
from gateway.parts import Given
from gateway.problem import Problem
from mesh.contracts import TrailEntry
from mesh.intake.caller import check_operator
from mesh.intake.wish import USER

router = APIRouter(
    prefix=PREFIX, tags=["operators"], responses={403: {"model": Problem, "description": "for operators alone"}}
)


@router.get("/audit-trail")
def trail(
    *,
    parts: Given,
    caller: Calling,
    days: Annotated[int, Query(ge=1, le=366, description="how far to look back")] = 7,
    user: Annotated[str | None, Query(pattern=USER, description="only what this caller did")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[TrailEntry]:
    """List what callers did lately, the newest first; what other gateways noted in the last seconds may be missing."""
    check_operator(caller)
    return parts.read_trail(days, user, limit)
