"""One request of the protocol: its arguments are read, every refusal has a status that the client can tell."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from gateway.auth.errors import IssuerUnavailable, NotSignedIn
from gateway.oda.answers import refused
from gateway.oda.arguments import Arguments, arguments_of
from gateway.oda.refusals import Forbidden, Later, Misunderstood, Refusal
from mesh.errors import InstrumentUnavailable, NotFound, TransientFailure
from mesh.intake.errors import NotAllowed, PlanningBehind, Refused, TooFast, TooManyUsers, TooMuchWaiting

_RETRY_SECONDS = 10
REFUSED = (Refusal, Refused, NotSignedIn, NotFound, InstrumentUnavailable, TransientFailure, IssuerUnavailable)
"""Errors that are answers."""
STATUS: Mapping[type[Refusal], int] = {Misunderstood: 400, Forbidden: 403, Later: 503}
_log = structlog.get_logger(__name__)


async def serve(request: Request, run: Callable[[Arguments], Awaitable[Response]]) -> Response:
    """Serve one request; whatever is not done becomes one of the three statuses that the client can tell apart."""
    session_id = ""
    try:
        arguments = await arguments_of(request)
        session_id = arguments.text("session_id")[:64]
        return await run(arguments)
    except REFUSED as error:
        refusal = refusal_of(error)
        status = STATUS[type(refusal)]
        headers = {"Retry-After": str(_RETRY_SECONDS)} if status == 503 else None
        return JSONResponse(refused(refusal.text, session_id=session_id), status_code=status, headers=headers)


def refusal_of(error: Exception) -> Refusal:
    """Return an error in the words of the protocol."""
    match error:
        case Refusal():
            return error
        case TooMuchWaiting() | TooManyUsers() | PlanningBehind() | TooFast():
            return Later(f"{error}; the client comes again by itself")
        case NotAllowed() | NotSignedIn():
            return Forbidden(str(error))
        case Refused() | NotFound():
            return Misunderstood(str(error))
        case InstrumentUnavailable():
            return Later("the instrument is set up wrongly; tell its operator")
        case _:
            _log.warning("unavailable", error=str(error), kind=type(error).__name__)
            return Later("a server of the mesh does not answer; nothing is lost: the client comes again by itself")
