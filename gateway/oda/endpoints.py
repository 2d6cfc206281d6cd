"""The addresses of the protocol."""

import asyncio
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from gateway.api.fronted import note
from gateway.auth.credential import Credential
from gateway.auth.front import Front
from gateway.auth.identify import Identity
from gateway.calling import Calling, Identified, Traced
from gateway.oda import gallery, metadata
from gateway.oda.answers import GOOD, TOLD, answer, is_window, with_products, written
from gateway.oda.arguments import Arguments, arguments_of
from gateway.oda.code import api_code
from gateway.oda.compression import json_answer, json_stream
from gateway.oda.downloads import download
from gateway.oda.positions import position
from gateway.oda.records import records
from gateway.oda.refusals import Forbidden, Misunderstood
from gateway.oda.revolutions import revolution
from gateway.oda.serving import REFUSED, STATUS, refusal_of, serve
from gateway.oda.standing import Errand, Standing, on_its_way
from gateway.oda.tokens import refreshed, with_mail_options
from gateway.oda.wishes import Asked, read
from gateway.parts import Given, Parts
from mesh.errors import NotFound
from mesh.intake import Caller, Trace

router = APIRouter(include_in_schema=False)

WORKING = frozenset({"/run_analysis", "/refresh_token", "/update_token_email_options"})
"""Addresses where a GET begins a job or makes a token."""
HOLD_SECONDS = 20.0
"""A poll is answered after this long even if nothing has changed; the client itself waits 120 s."""
_TELL_SECONDS = 2.0
"""A poll of a job that moves is answered after this long: the client shows which units are done."""
_LOOK_SECONDS = 1.0
_ROWS = 2000
"""Rows of the table that one answer tells."""
_BLOCK_BYTES = 256 * 1024


@router.get("/run_analysis")
@router.post("/run_analysis")
async def run_analysis(request: Request, parts: Given, identity: Identified, trace: Traced) -> Response:
    """Have an analysis done, or tell where it stands and bring its products."""

    async def run(arguments: Arguments) -> Response:
        caller = await caller_of(parts, identity, arguments)
        errand = await asyncio.to_thread(_errand, parts, caller, trace, arguments)
        job_id = arguments.text("job_id")
        if arguments.text("query_status", "new") != "new":
            if not job_id:
                msg = "query_status says that the job is known: send its job_id, or query_status=new"
                raise Misunderstood(msg)
            standing = await _held(parts, errand, job_id, arguments.text("query_status"))
        else:
            standing = await asyncio.to_thread(errand.submit, arguments.kept())
        return await asyncio.to_thread(_tell, request, parts, errand.asked, standing, arguments)

    return await serve(request, run)


@router.get("/api/instr-list")
@router.get("/instr-list")
async def instruments(request: Request) -> Response:
    """List the instruments."""

    async def run(_: Arguments) -> Response:
        return JSONResponse(metadata.instrument_names())

    return await serve(request, run)


@router.get("/api/meta-data")
@router.get("/meta-data")
async def describe(request: Request) -> Response:
    """Describe an instrument, or one of its products."""

    async def run(arguments: Arguments) -> Response:
        content = metadata.metadata(arguments.text("instrument"), arguments.text("product_type"))
        return json_answer(request, written(content))

    return await serve(request, run)


@router.get("/api/par-names")
async def parameters(request: Request) -> Response:
    """List the names of the parameters of a product."""

    async def run(arguments: Arguments) -> Response:
        names = metadata.names_of_parameters(arguments.text("instrument"), arguments.text("product_type"))
        return JSONResponse(names)

    return await serve(request, run)


@router.get("/inspect-state")
async def inspect_state(request: Request, parts: Given, caller: Calling) -> Response:
    """Tell the caller's jobs that came through this protocol."""

    async def run(arguments: Arguments) -> Response:
        if caller.anonymous and parts.front is not None:
            msg = "A token must be provided."
            raise Forbidden(msg)
        grouped = arguments.text("group_by_job").lower() == "true"
        job_id = arguments.text("job_id") or None
        content = await asyncio.to_thread(records, parts.intake, caller, job_id, grouped=grouped)
        return JSONResponse({"records": content})

    return await serve(request, run)


@router.get("/refresh_token")
async def refresh_token(request: Request, parts: Given, identity: Identified, trace: Traced) -> Response:
    """Bring a token that lasts longer."""
    return await _changed_token(request, parts, identity, trace, refreshed)


@router.get("/update_token_email_options")
async def update_token_email_options(request: Request, parts: Given, identity: Identified, trace: Traced) -> Response:
    """Bring a token with other wishes about mail."""
    return await _changed_token(request, parts, identity, trace, with_mail_options)


async def _changed_token(
    request: Request,
    parts: Parts,
    identity: Identity,
    trace: Trace,
    change: Callable[[Front, Identity, Arguments], str],
) -> Response:
    """Answer with the bare text of a token; a refusal is bare text too, which the client shows."""
    try:
        if parts.front is None:
            msg = "This mesh asks nobody who they are: it needs no token."
            raise Forbidden(msg)
        text = await asyncio.to_thread(change, parts.front, identity, await arguments_of(request))
    except REFUSED as error:
        refusal = refusal_of(error)
        return PlainTextResponse(refusal.text, status_code=STATUS[type(refusal)])
    note(parts, identity.caller, "make-token", trace, detail=f"{change.__name__} through oda_api")
    return PlainTextResponse(text, headers={"Cache-Control": "no-store"})


@router.head("/download_products")
@router.get("/download_products")
async def download_products(request: Request, parts: Given, identity: Identified) -> Response:
    """Bring files of a job as one."""

    async def run(arguments: Arguments) -> Response:
        caller = await caller_of(parts, identity, arguments)
        return await asyncio.to_thread(download, request, parts, caller, arguments)

    return await serve(request, run)


@router.get("/resolve_name")
async def resolve_name(request: Request, parts: Given) -> Response:
    """Tell where a source is."""

    async def run(arguments: Arguments) -> Response:
        return JSONResponse(await asyncio.to_thread(position, parts.names, arguments.text("name")))

    return await serve(request, run)


@router.get("/get_revnum")
async def get_revnum(request: Request, parts: Given) -> Response:
    """Tell the revolution of a time."""

    async def run(arguments: Arguments) -> Response:
        return JSONResponse(await asyncio.to_thread(revolution, parts.archive, arguments.text("time_to_convert")))

    return await serve(request, run)


for path, method in gallery.ABSENT.items():
    router.add_api_route(path, gallery.absent, methods=[method])


def addresses() -> frozenset[str]:
    """Return all addresses of the protocol."""
    return frozenset(route.path for route in router.routes if isinstance(route, APIRoute))


def _errand(parts: Parts, caller: Caller, trace: Trace, arguments: Arguments) -> Errand:
    """Return what a caller wants, read to the end: what is wrong with it is told to polls too."""
    errand = Errand(parts.intake, parts.products, read(arguments), caller, trace)
    _ = errand.request_key
    return errand


def _tell(request: Request, parts: Parts, asked: Asked, standing: Standing, arguments: Arguments) -> Response:
    """Return the answer about a job, with its products once they are there."""
    sent = arguments.parameters()
    base = str(request.base_url).rstrip("/") + request.scope["state"]["oda_base"]
    content = answer(
        standing,
        session_id=arguments.text("session_id"),
        sent=sent,
        code=api_code(base, sent),
        comments=asked.comments,
        rows=parts.intake.rows(standing.job, 0, _ROWS, TOLD) if standing.job.run_id else (),
        windows=_windows(parts, standing),
    )
    if standing.word != "done":
        return json_answer(request, written(content))
    product = parts.intake.result(standing.after[-1], 0, 1)[0]
    blocks = parts.products.blocks(product.key, product.files[0].name, _BLOCK_BYTES)
    return json_stream(request, with_products(content, blocks))


def _windows(parts: Parts, standing: Standing) -> list[str]:
    """Return the science windows that a finished job has used."""
    found: set[str] = set()
    if standing.word == "done" and standing.job.run_id:
        for offset in range(0, standing.job.total, _ROWS):
            rows = parts.intake.rows(standing.job, offset, _ROWS, GOOD)
            found |= {row.label for row in rows if is_window(row.label)}
            if len(rows) < _ROWS:
                break
    return sorted(found)


async def caller_of(parts: Parts, identity: Identity, arguments: Arguments) -> Caller:
    """Return who calls: the door looks for a token in headers and address, a form may have it too.

    Raises:
        NotSignedIn: the token of the form does not count.
        TooFast: too many tokens of this address did not count.
    """
    token = arguments.text("token").strip()
    if parts.front is None or token in {"", "None"} or not identity.caller.anonymous:
        return identity.caller
    return (await parts.front.identify(Credential(token), identity.caller.address)).caller


async def _held(parts: Parts, errand: Errand, job_id: str, known: str) -> Standing:
    """Return where a job stands, as soon as that is something else than the caller knows, or after a while.

    Args:
        parts: tell where jobs stand, and when a run has changed.
        errand: what the job is for.
        job_id: its id.
        known: state that the caller was told last.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    watched = job_id
    moved = False
    while True:
        with parts.bell.listen(watched) as rung:
            standing = await _look(parts, errand, job_id)
            spent = loop.time() - begin
            told = moved and spent >= _TELL_SECONDS
            if standing.word != known or standing.is_over or told or spent >= HOLD_SECONDS:
                return standing
            if standing.watched != watched:
                watched = standing.watched
                continue
            try:
                await asyncio.wait_for(rung.wait(), min(_LOOK_SECONDS, HOLD_SECONDS - spent))
                moved = True
            except TimeoutError:
                pass


async def _look(parts: Parts, errand: Errand, job_id: str) -> Standing:
    """Return where a job stands; what is not over is told without a further question to a server.

    Raises:
        Misunderstood: there is no such job.
        Forbidden: it is that of other parameters.
    """
    try:
        job = await parts.polls.look(job_id, errand.caller)
    except NotFound as error:
        msg = f"job {job_id[:64]!r} is not known: {error}"
        raise Misunderstood(msg) from None
    if job.request_key != errand.request_key:
        await asyncio.to_thread(errand.check_same, job)
    standing = on_its_way(job)
    return await asyncio.to_thread(errand.tell, job) if standing is None else standing
