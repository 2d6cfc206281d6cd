"""Probes and metrics."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gateway.calling import Calling
from gateway.parts import Given
from mesh import process_metrics
from mesh.errors import NotFound, TransientFailure
from mesh.instruments import instrument_faults
from mesh.intake.caller import check_operator

router = APIRouter(include_in_schema=False)

_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})
_NO_JOB = "0" * 32


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Say that the process answers; waits for no thread, as those may all wait for a server."""
    return {"status": "alive"}


@router.get("/readyz")
def readyz(parts: Given) -> JSONResponse:
    """Say whether a job could be taken now, and if not, which part is missing."""
    checks = {"broker": "ok" if parts.publisher.ready else "not connected", "store": "ok"}
    try:
        # Looks in Redis, then in MinIO: both have answered when it is not found.
        parts.records.view(_NO_JOB)
    except NotFound:
        pass
    except TransientFailure:
        checks["store"] = "does not answer"
    ready = all(state == "ok" for state in checks.values())
    body: dict[str, Any] = {"status": "ready" if ready else "not ready", **checks}
    if faults := instrument_faults():
        body["left_out"] = dict(faults)
    return JSONResponse(body, status_code=200 if ready else 503)


@router.get("/metrics")
def metrics(request: Request, caller: Calling) -> Response:
    """Give Prometheus its numbers: to this machine, and to operators."""
    if request.client is None or request.client.host not in _THIS_MACHINE:
        check_operator(caller)
    media_type, page = process_metrics.page(request.headers.get("accept", ""))
    return Response(page, media_type=media_type)
