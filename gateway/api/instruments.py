"""Instruments: what this mesh can do, straight from the instrument files."""

from fastapi import APIRouter, Request

from gateway.api.documents import PREFIX, InstrumentDocument, instrument_document, root
from gateway.problem import KINDS, Problem
from mesh.errors import NotFound
from mesh.instruments import instruments

router = APIRouter(prefix=PREFIX, tags=["instruments"])


@router.get("/instruments")
def every(request: Request) -> list[InstrumentDocument]:
    """List the instruments with their products and parameters."""
    return [instrument_document(root(request), entry) for entry in instruments().values()]


@router.get("/instruments/{name}", responses={404: {"model": Problem, "description": "no such instrument"}})
def one(name: str, request: Request) -> InstrumentDocument:
    """Describe one instrument."""
    known = instruments()
    if name not in known:
        msg = f"There is no instrument {name!r}; this mesh has: {', '.join(known)}."
        raise NotFound(msg)
    return instrument_document(root(request), known[name])


@router.get("/problems/{name}", tags=["problems"])
def problem(name: str) -> dict[str, str | int]:
    """Explain one kind of problem document."""
    if name not in KINDS:
        msg = f"There is no kind of problem {name!r}; the kinds: {', '.join(KINDS)}."
        raise NotFound(msg)
    kind = KINDS[name]
    return {"title": kind.title, "status": kind.status, "advice": kind.advice}
