"""The addresses of TAP, below `/vo/tap`."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.responses import Response

from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.uws import documents
from gateway.uws.endpoints import instant_of, phase_named
from gateway.uws.family import root_of
from gateway.vo import PREFIX, vosi, votable
from gateway.vo.parameters import Parameters, Sent, SentOrNamed
from gateway.vo.tap.description import capabilities_of, tables_document
from gateway.vo.tap.jobs import Answer, changed, shown
from gateway.vo.tap.query import answer, media_type
from mesh.errors import InvalidParameter, NotFound
from mesh.intake import Caller

TAP = f"{PREFIX}/tap"
router = APIRouter(prefix=TAP, include_in_schema=False)


@router.get("/sync")
@router.post("/sync")
async def sync(request: Request, parts: Given, caller: Calling, sent: SentOrNamed) -> Response:
    """Answer a query."""
    blocks = await asyncio.to_thread(answer, parts, caller, root_of(request), sent)
    return StreamingResponse(blocks, media_type=media_type(sent))


@router.get("/capabilities")
def capabilities(request: Request) -> Response:
    """Describe the service."""
    return _xml(vosi.capabilities_document(capabilities_of(f"{root_of(request)}{TAP}")))


@router.get("/availability")
def availability(parts: Given) -> Response:
    """Say whether a query could be answered now."""
    return _xml(vosi.availability_document(parts))


@router.get("/tables")
def tables() -> Response:
    """Describe the tables."""
    return _xml(tables_document())


@router.get("/async")
def jobs(request: Request, parts: Given, caller: Calling, sent: Sent) -> Response:
    """List the queries of the caller, newest first: PHASE, AFTER, LAST."""
    phases = {phase_named(text).value for text in sent.all("phase")}
    after = instant_of(sent, "after") if "after" in sent else None
    found = [
        query
        for query in parts.queries.of(caller)
        if (not phases or query.phase in phases) and (after is None or datetime.fromisoformat(query.created) > after)
    ]
    address = _list_address(request)
    return _xml(documents.job_list(shown(query, address) for query in found[: sent.whole("last")]))


@router.post("/async")
def create(request: Request, parts: Given, caller: Calling, sent: SentOrNamed) -> Response:
    """Make a query: a draft, or with PHASE=RUN one that runs at once."""
    run = sent.text("phase").upper() == "RUN"
    kept = Parameters({name: values for name, values in sent.values.items() if name not in {"phase", "token"}})
    query = parts.queries.create(caller, kept, parts.far_tables.fetch)
    if run:
        parts.queries.start(query, _answer_for(request, parts, caller))
    return _to(f"{_list_address(request)}/{query.job_id}")


@router.get("/async/{job_id}")
async def job(job_id: str, request: Request, parts: Given, caller: Calling, sent: Sent) -> Response:
    """Tell where a query stands; with WAIT once its phase is another one."""
    phase = phase_named(sent.text("phase")).value if "phase" in sent else ""
    query = await changed(lambda: parts.queries.look(job_id, caller), sent.whole("wait") or 0, phase)
    return _xml(documents.job_document(shown(query, _list_address(request))))


@router.post("/async/{job_id}")
def act(job_id: str, request: Request, parts: Given, caller: Calling, sent: Sent) -> Response:
    """Delete a query with ACTION=DELETE."""
    if sent.text("action").upper() != "DELETE":
        raise InvalidParameter("ACTION: only DELETE is possible", field="ACTION", allowed="DELETE")
    return delete(job_id, request, parts, caller)


@router.delete("/async/{job_id}")
def delete(job_id: str, request: Request, parts: Given, caller: Calling) -> Response:
    """Delete a query."""
    parts.queries.delete(parts.queries.look(job_id, caller))
    return _to(_list_address(request))


@router.get("/async/{job_id}/results/result")
def result(job_id: str, parts: Given, caller: Calling) -> Response:
    """Return the table of a query."""
    query = parts.queries.look(job_id, caller)
    return Response(parts.queries.table(query), media_type=media_type(Parameters(query.sent)))


@router.get("/async/{job_id}/error")
def error(job_id: str, parts: Given, caller: Calling) -> Response:
    """Say why a query failed."""
    query = parts.queries.look(job_id, caller)
    if not query.error:
        raise NotFound(f"Query {job_id} has no error: it is {query.phase}.")
    return Response(votable.error_document(query.error), media_type=votable.MEDIA_TYPE)


@router.get("/async/{job_id}/{part}")
def part_of(job_id: str, part: str, request: Request, parts: Given, caller: Calling) -> Response:
    """Return one part of a query: its phase, parameters, results and times."""
    found = shown(parts.queries.look(job_id, caller), _list_address(request))
    match part:
        case "parameters":
            return _xml(documents.parameters_document(found))
        case "results":
            return _xml(documents.results_document(found))
    return PlainTextResponse(documents.word_of(found, part))


@router.post("/async/{job_id}/{part}")
def change(*, job_id: str, part: str, request: Request, parts: Given, caller: Calling, sent: SentOrNamed) -> Response:
    """Start or cancel a query, change its parameters or when it is deleted."""
    queries = parts.queries
    found = queries.look(job_id, caller)
    match part, sent.text("phase").upper():
        case "phase", "RUN":
            queries.start(found, _answer_for(request, parts, caller))
        case "phase", "ABORT":
            queries.abort(found)
        case "phase", wrong:
            raise InvalidParameter(f"PHASE: {wrong[:32]!r} is not possible", field="PHASE", allowed="RUN or ABORT")
        case "parameters", _:
            queries.revise(found, sent, parts.far_tables.fetch)
        case "destruction", _:
            queries.keep_until(found, instant_of(sent, "destruction"))
        case "executionduration", _:
            sent.whole("executionduration")
        case _:
            raise NotFound(f"A query has no {part[:32]!r} that could be changed.")
    return _to(f"{_list_address(request)}/{job_id}")


def _answer_for(request: Request, parts: Parts, caller: Caller) -> Answer:
    root = root_of(request)

    def run(sent: Parameters, stopped: Callable[[], bool]) -> bytes:
        return b"".join(answer(parts, caller, root, sent, stopped))

    return run


def _list_address(request: Request) -> str:
    return f"{root_of(request)}{TAP}/async"


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)


def _xml(document: bytes) -> Response:
    return Response(document, media_type=documents.MEDIA_TYPE)
