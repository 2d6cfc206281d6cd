"""Users: what they have on the mesh, and the limits before they bite."""

from typing import Annotated

from fastapi import APIRouter, Path

from gateway.api.documents import PREFIX
from gateway.calling import Calling
from gateway.parts import Given
from mesh.intake import Usage
from mesh.intake.wish import USER

router = APIRouter(prefix=PREFIX, tags=["users"])


@router.get("/users/{user}/usage")
def usage(user: Annotated[str, Path(pattern=USER)], parts: Given, caller: Calling) -> Usage:
    """Tell what a user has waiting and has spent today, and how much of each is allowed; of others, to operators."""
    return parts.intake.usage(user, caller)
