"""The addresses of a family of jobs, all below `/vo/INSTRUMENT/PRODUCT/async`."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from fastapi import APIRouter, status
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.responses import Response
from vo_models.uws.types import ExecutionPhase

from gateway.uws import documents
from gateway.uws.family import MAIN_RESULT, error_of
from gateway.uws.links import links_of
from gateway.uws.phases import phase_of
from gateway.uws.visit import Visiting
from gateway.uws.waiting import changed, until
from gateway.uws.wishes import asked_of, duration_of, read_wish, written
from gateway.uws.wishes import changed as with_changes
from gateway.vo import PREFIX, votable
from gateway.vo.parameters import Parameters
from mesh.contracts import JobView
from mesh.errors import InvalidParameter, NotFound
from mesh.intake.errors import JobFinal
from mesh.states import JobState, job_is_final

router = APIRouter(prefix=f"{PREFIX}/{{instrument}}/{{product}}/async", include_in_schema=False)

FACE = "uws"
_SETTLE_SECONDS = 5.0
"""A cancelled job is waited for this long, so that whoever looks next sees it so."""


@router.get("")
def jobs(visit: Visiting) -> Response:
    """List the jobs of the caller, newest first: PHASE (repeatable), AFTER, LAST."""
    phases = frozenset(phase_named(text) for text in visit.sent.all("phase"))
    last = visit.sent.whole("last")
    if last is not None and last < 1:
        raise InvalidParameter("LAST: at least 1", field="LAST", allowed="a whole number from 1")
    after = instant_of(visit.sent, "after") if "after" in visit.sent else None
    views = visit.family.jobs(visit.intake, visit.caller, phases=phases, after=after, last=last)
    return _xml(documents.job_list(visit.family.brief(view) for view in views))


@router.post("")
def create(visit: Visiting) -> Response:
    """Make a job: a draft, or with PHASE=RUN one that begins at once."""
    run = _wish_to_run(visit.sent)
    wish = read_wish(visit.family.instrument, visit.family.product, visit.sent, draft=not run)
    view = visit.intake.submit(wish, visit.caller, trace=visit.trace, face=FACE, asked=asked_of(visit.sent))
    return _to(visit.family.job_address(view.job_id))


@router.get("/{job_id}")
async def job(job_id: str, visit: Visiting) -> Response:
    """Tell where a job stands; with WAIT once its phase is another one."""
    phase = phase_named(visit.sent.text("phase")).value if "phase" in visit.sent else ""
    view = await changed(visit.parts.bell, lambda: visit.look(job_id), visit.sent.whole("wait") or 0, phase)
    return _xml(documents.job_document(visit.show(view)))


@router.post("/{job_id}")
async def act(job_id: str, visit: Visiting) -> Response:
    """Delete a job with ACTION=DELETE, for clients that cannot send DELETE."""
    if visit.sent.text("action").upper() != "DELETE":
        raise InvalidParameter("ACTION: only DELETE is possible", field="ACTION", allowed="DELETE")
    return await delete(job_id, visit)


@router.delete("/{job_id}")
async def delete(job_id: str, visit: Visiting) -> Response:
    """Delete a job; what it asked for can be asked for again."""

    def send() -> None:
        visit.look(job_id)
        visit.intake.delete(job_id, visit.caller, trace=visit.trace)

    await asyncio.to_thread(send)
    await until(lambda: visit.intake.look(job_id, visit.caller), lambda _: False, _SETTLE_SECONDS)
    return _to(visit.family.list_address)


@router.get("/{job_id}/results")
def results(job_id: str, visit: Visiting) -> Response:
    """List the results of a job."""
    view = visit.look(job_id)
    return _xml(documents.results_document(visit.show(view)))


@router.get(f"/{{job_id}}/results/{MAIN_RESULT}")
def result(job_id: str, visit: Visiting) -> Response:
    """Return the table of links to everything that a job made."""
    view = visit.look(job_id)
    if view.state is not JobState.COMPLETED:
        msg = f"Job {job_id} is {phase_of(view).value} and has no result: {error_of(view) or 'wait for it'}"
        raise NotFound(msg)
    return StreamingResponse(
        links_of(visit.family, view, visit.intake, visit.parts.requests), media_type=votable.DATALINK_TYPE
    )


@router.get("/{job_id}/parameters")
def parameters(job_id: str, visit: Visiting) -> Response:
    """List the parameters of a job, every default filled in."""
    view = visit.look(job_id)
    return _xml(documents.parameters_document(visit.show(view)))


@router.get("/{job_id}/error")
def error(job_id: str, visit: Visiting) -> Response:
    """Say why a job failed."""
    view = visit.look(job_id)
    if not (text := error_of(view)):
        raise NotFound(f"Job {job_id} has no error: it is {phase_of(view).value}.")
    return Response(votable.error_document(text), media_type=votable.MEDIA_TYPE)


@router.get("/{job_id}/{part}")
def part_of(job_id: str, part: str, visit: Visiting) -> Response:
    """Return one word of a job: its phase, quote, executionduration, destruction, owner."""
    return PlainTextResponse(documents.word_of(visit.shown(job_id), part))


@router.post("/{job_id}/phase")
async def move(job_id: str, visit: Visiting) -> Response:
    """Start a draft with PHASE=RUN, cancel a job with PHASE=ABORT."""
    wanted = visit.sent.text("phase").upper()
    if wanted not in {"RUN", "ABORT"}:
        raise InvalidParameter(f"PHASE: {wanted[:32]!r} is not possible", field="PHASE", allowed="RUN or ABORT")

    def look() -> JobView:
        return visit.look(job_id)

    def send() -> None:
        look()
        if wanted == "RUN":
            visit.intake.start(job_id, visit.caller, trace=visit.trace)
            return
        # Who cancels what has ended in the meantime has what they wanted.
        with suppress(JobFinal):
            visit.intake.cancel(job_id, visit.caller, trace=visit.trace)

    await asyncio.to_thread(send)
    if wanted == "ABORT":
        await until(look, lambda view: job_is_final(view.state), _SETTLE_SECONDS)
    return _to(visit.family.job_address(job_id))


@router.post("/{job_id}/parameters")
def change(job_id: str, visit: Visiting) -> Response:
    """Change parameters of a draft."""
    view = visit.look(job_id)
    before = Parameters.of(written(visit.parts.requests(view.request_key), visit.family.instrument.parameters))
    if "runid" not in visit.sent and view.labels:
        before = with_changes(before, Parameters({"runid": (view.labels[0],)}))
    whole = with_changes(before, visit.sent)
    wish = read_wish(visit.family.instrument, visit.family.product, whole, draft=True)
    visit.intake.revise(job_id, wish, visit.caller, trace=visit.trace, asked=asked_of(whole))
    return _to(visit.family.job_address(job_id))


@router.post("/{job_id}/destruction")
def keep_until(job_id: str, visit: Visiting) -> Response:
    """Change when a job is deleted."""
    visit.look(job_id)
    until_then = instant_of(visit.sent, "destruction")
    visit.intake.keep_until(job_id, visit.caller, documents.instant(until_then), trace=visit.trace)
    return _to(visit.family.job_address(job_id))


@router.post("/{job_id}/executionduration")
def limit(job_id: str, visit: Visiting) -> Response:
    """Change how long a job may execute, in seconds; 0: as long as it takes, or as the mesh allows at most."""
    visit.look(job_id)
    seconds = duration_of(visit.sent)
    if seconds is None:
        msg = "EXECUTIONDURATION: give seconds"
        raise InvalidParameter(msg, field="EXECUTIONDURATION", allowed="a whole number")
    visit.intake.limit_execution(job_id, visit.caller, seconds, trace=visit.trace)
    return _to(visit.family.job_address(job_id))


def _wish_to_run(sent: Parameters) -> bool:
    phase = sent.text("phase").upper()
    if phase not in {"", "RUN"}:
        raise InvalidParameter(f"PHASE: {phase[:32]!r} is not possible here", field="PHASE", allowed="RUN")
    return phase == "RUN"


def phase_named(text: str) -> ExecutionPhase:
    """Return the phase of a name.

    Raises:
        InvalidParameter: it is none.
    """
    try:
        return ExecutionPhase(text.strip().upper())
    except ValueError:
        allowed = ", ".join(phase.value for phase in ExecutionPhase)
        raise InvalidParameter(f"PHASE: {text[:32]!r} is none", field="PHASE", allowed=allowed) from None


def instant_of(sent: Parameters, name: str) -> datetime:
    """Return a parameter that is an instant.

    Raises:
        InvalidParameter: it is none.
    """
    text = sent.text(name)
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        allowed = "UTC in ISO form, e.g. 2027-01-31T00:00:00Z"
        raise InvalidParameter(
            f"{name.upper()}: {text[:40]!r} is not {allowed}", field=name.upper(), allowed=allowed
        ) from None


def _to(address: str) -> Response:
    return RedirectResponse(address, status.HTTP_303_SEE_OTHER)


def _xml(document: bytes) -> Response:
    return Response(document, media_type=documents.MEDIA_TYPE)
