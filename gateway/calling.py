"""Who calls: this gateway knows no accounts, so it takes a caller's word and lets everybody do everything."""

from typing import Annotated

from fastapi import Depends, Request

from mesh.intake import Caller, Trace


def _caller() -> Caller:
    return Caller.anybody()


def _trace(request: Request) -> Trace:
    state = request.scope["state"]
    return Trace(request_id=state["request_id"], traceparent=state["traceparent"])


Calling = Annotated[Caller, Depends(_caller)]
"""An endpoint's parameter of this type holds who calls."""

Traced = Annotated[Trace, Depends(_trace)]
"""An endpoint's parameter of this type holds what goes along with messages."""
