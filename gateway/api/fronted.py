"""What the endpoints about callers share: the front, without which there are none, and the note of what was done."""

from typing import Annotated

from fastapi import Depends

from gateway.auth.front import Front
from gateway.parts import Given, Parts
from gateway.problem import Refusal
from mesh.clock import utc_now
from mesh.contracts import TrailEntry
from mesh.intake import Caller, Trace


def _front(parts: Given) -> Front:
    if parts.front is None:
        raise Refusal(
            "no-accounts", "This mesh asks nobody who they are; its operator sets ODAMESH_GATEWAY_ACCOUNTS=yes."
        )
    return parts.front


Fronted = Annotated[Front, Depends(_front)]
"""An endpoint's parameter of this type holds what the mesh knows of callers; without accounts the answer is 409."""


def note(parts: Parts, caller: Caller, deed: str, trace: Trace, *, about: str = "", detail: str = "") -> None:
    """Note in the audit trail what a caller did."""
    entry = TrailEntry(
        at=utc_now(),
        caller=caller.name,
        deed=deed,
        about=about,
        detail=detail,
        address=caller.address,
        request_id=trace.request_id,
    )
    parts.note(entry)
