"""Who calls, as the door has found out before the endpoint runs."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.auth.identify import Identity
from mesh.intake import Caller, Trace


async def _identity(request: Request) -> Identity:
    identity: Identity = request.scope["state"]["identity"]
    return identity


async def _caller(request: Request) -> Caller:
    return (await _identity(request)).caller


async def _trace(request: Request) -> Trace:
    state = request.scope["state"]
    return Trace(request_id=state["request_id"])


Calling = Annotated[Caller, Depends(_caller)]
"""An endpoint's parameter of this type holds who calls."""

Identified = Annotated[Identity, Depends(_identity)]
"""An endpoint's parameter of this type holds who calls, and by what credential that is known."""

Traced = Annotated[Trace, Depends(_trace)]
"""An endpoint's parameter of this type holds what goes along with messages."""
