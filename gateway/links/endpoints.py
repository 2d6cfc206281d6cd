"""The addresses of permanent links, and of signing them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from gateway.api.documents import PREFIX
from gateway.api.fronted import Fronted
from gateway.api.products import product_key
from gateway.calling import Calling, Traced
from gateway.links.citation import Citation, citation
from gateway.links.documents import LinkDocument, link_document, link_path, runs
from gateway.links.page import page
from gateway.links.signature import Grant, signed_query
from gateway.links.visit import Visit, Visiting
from gateway.parts import Given
from gateway.problem import Problem, Refusal
from mesh.intake.links import Opened
from mesh.parameters import shown

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_SIGNED: dict[int | str, dict[str, Any]] = {
    401: {**_PROBLEM, "description": "this mesh is for accounts alone, and the link is not signed"},
    403: {**_PROBLEM, "description": "the signature does not count, or the request needs a role"},
    404: {**_PROBLEM, "description": "there is no such request"},
}
_LOOK_SECONDS = 2

router = APIRouter(tags=["permanent links"], responses=_SIGNED)
own_router = APIRouter(prefix=PREFIX, tags=["permanent links"])


@router.head("/r/{digits}", include_in_schema=False)
@router.get("/r/{digits}", response_model=LinkDocument)
def open_link(
    digits: str,
    request: Request,
    visit: Visiting,
    run: Annotated[bool, Query(description="whether it may be made again where its products were removed")] = True,
) -> Response:
    """Open a request by its permanent link: what was asked for, where it stands, and its files.

    What was removed from the store, or was never made, is made again. Browsers get a page, programs JSON.
    """
    opened = visit.open(digits, run=run and _is_opened(request))
    document = link_document(request, opened, visit.caller, visit.query)
    headers = {"X-Robots-Tag": "nofollow", "Vary": "Accept"}
    if running := runs(opened.job):
        headers |= {"Retry-After": str(_LOOK_SECONDS), "Cache-Control": "no-store"}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(page(document, _citation(request, visit, opened), runs=running), headers=headers)
    return JSONResponse(document.model_dump(mode="json"), headers=headers)


@router.get("/r/{digits}/cite", response_class=PlainTextResponse)
def cite(
    digits: str,
    request: Request,
    visit: Visiting,
    format: Annotated[Literal["text", "bibtex"], Query(description="text or BibTeX")] = "text",  # noqa: A002
) -> PlainTextResponse:
    """Tell how to cite a request."""
    cited = _citation(request, visit, visit.open(digits, run=False))
    if format == "bibtex":
        return PlainTextResponse(cited.bibtex(), media_type="application/x-bibtex")
    return PlainTextResponse(f"{cited.text()}\n")


@router.head("/r/{digits}/files/{stage}/{label}/{name}", include_in_schema=False)
@router.get("/r/{digits}/files/{stage}/{label}/{name}", response_class=Response)
def linked_file(
    *, digits: str, stage: str, label: str, name: str, request: Request, parts: Given, visit: Visiting
) -> Response:
    """Bring one file of what a request gave."""
    opened = visit.open(digits, run=False)
    if opened.job is None or opened.removed:
        again = link_path(request, opened.analysis.key) + (f"?{visit.query}" if visit.query else "")
        raise Refusal("product-removed", f"There is no file {shown(name)} now; GET {again} makes it again.")
    return parts.deliver.file(product_key(parts, opened.job, stage, label), name, request)


class Signing(BaseModel):
    """How long a signed link is to count."""

    model_config = ConfigDict(extra="forbid")

    days: int | None = Field(default=None, ge=1, le=36_500, description="after today; null: no end")


class SignedLink(BaseModel):
    """A link that lets whoever has it see a request of an account, and what it gave."""

    link: str = Field(description="its address")
    until: str | None = Field(description="its last day, UTC; null: it has none")


@own_router.post("/jobs/{job_id}/link", responses={404: {**_PROBLEM, "description": "no such job"}})
def sign(
    *, job_id: str, wish: Signing, request: Request, parts: Given, front: Fronted, caller: Calling, trace: Traced
) -> SignedLink:
    """Sign the permanent link of a job: whoever has it sees what was asked for and its products, without an account."""
    link = parts.permanent_links.sign(job_id, caller, trace=trace)
    last = "" if wish.days is None else f"{datetime.now(UTC) + timedelta(days=wish.days):%Y-%m-%d}"
    query = signed_query(link.request_key, Grant(link.owner, last), front.access().signing.keys)
    return SignedLink(link=f"{_address(request, link.request_key)}?{query}", until=last or None)


@own_router.delete("/jobs/{job_id}/link", status_code=204, responses={404: {**_PROBLEM, "description": "no such job"}})
def take_back(*, job_id: str, parts: Given, caller: Calling, trace: Traced) -> None:
    """Take back every signed link of the owner to the request of a job."""
    parts.permanent_links.take_back(job_id, caller, trace=trace)


def _is_opened(request: Request) -> bool:
    """Say whether somebody opens the link, so that it may be made again: no look, no prefetch, no picture of a page."""
    if request.method == "HEAD" or request.headers.get("sec-purpose"):
        return False
    elsewhere = request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
    return not elsewhere or request.headers.get("sec-fetch-dest") == "document"


def _citation(request: Request, visit: Visit, opened: Opened) -> Citation:
    link = _address(request, opened.analysis.key) + (f"?{visit.query}" if visit.query else "")
    return citation(opened.analysis, opened.job, visit.manifest(opened), link)


def _address(request: Request, request_key: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{link_path(request, request_key)}"
