"""What a permanent link answers: what was asked for, where it stands, and the files."""

from typing import Any
from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel, Field

from gateway.api.documents import PREFIX, LinkedProduct, root
from gateway.links.citation import title
from mesh.contracts import JobView, ProductFile, Selection, StageProduct
from mesh.contracts.event import Failure
from mesh.intake.caller import Caller, may_look
from mesh.intake.links import LINK_DIGITS, Opened
from mesh.states import UnitState, job_is_final

REMOVED, NOT_MADE = "REMOVED", "NOT MADE"
_WARNINGS = 20


class LinkDocument(BaseModel):
    """A request, and what it gave."""

    title: str = Field(description="in words")
    request_key: str
    instrument: str
    product: str
    selection: Selection
    parameters: dict[str, Any]
    state: str = Field(
        description="of the job that makes it: PENDING, QUEUED, EXECUTING, COMPLETED or ERROR; REMOVED: its products "
        "were removed from the store; NOT MADE: nobody has had it made through this link"
    )
    partial: bool = Field(description="it was made, but not of all windows")
    waits: str = Field(description="why nothing of it runs; empty while something does")
    failure: Failure | None
    counts: dict[UnitState, int]
    warnings: tuple[str, ...] = Field(description="the first ones")
    made: str | None = Field(description="when it ended, UTC")
    products: tuple[LinkedProduct, ...] = Field(description="the first hundred")
    products_total: int
    links: dict[str, str] = Field(description="addresses: self, cite, bibtex, request; job where the caller may see it")


def link_path(request: Request, request_key: str) -> str:
    """Return the path of the permanent link of a request, as the caller sees it."""
    return permanent(root(request), request_key)


def permanent(base: str, request_key: str) -> str:
    """Return the path of a permanent link; *base* is from `gateway.api.documents.root`."""
    return f"{base.removesuffix(PREFIX)}/r/{request_key[:LINK_DIGITS]}"


def link_document(request: Request, opened: Opened, caller: Caller, query: str) -> LinkDocument:
    """Return the document of a link.

    Args:
        request: that is answered.
        opened: what the link leads to.
        caller: who opened it.
        query: of the link, where it is signed; its addresses have the same.
    """
    analysis, job = opened.analysis, opened.job
    own, tail = link_path(request, analysis.key), f"?{query}" if query else ""
    also = f"&{query}" if query else ""
    links = {"self": own + tail, "cite": f"{own}/cite?format=text{also}", "bibtex": f"{own}/cite?format=bibtex{also}"}
    links["request"] = f"{root(request)}/requests/{analysis.key}"
    if job is not None and may_look(caller, job):
        links["job"] = f"{root(request)}/jobs/{job.job_id}"
    shown = job.products if job is not None and not opened.removed else ()
    return LinkDocument(
        title=title(analysis),
        request_key=analysis.key,
        instrument=analysis.instrument,
        product=analysis.product,
        selection=analysis.selection,
        parameters=analysis.parameters,
        state=NOT_MADE if job is None else REMOVED if opened.removed else job.state.value,
        partial=job.partial if job else False,
        waits=job.waits if job else "",
        failure=job.failure if job else None,
        counts=job.counts if job else {},
        warnings=job.warnings[:_WARNINGS] if job else (),
        made=job.finished if job else None,
        products=tuple(_linked(own, product, tail) for product in shown),
        products_total=job.products_total if job and shown else len(shown),
        links=links,
    )


def runs(job: JobView | None) -> bool:
    """Say whether it is being made."""
    return job is not None and not job_is_final(job.state)


def _linked(own: str, product: StageProduct, tail: str) -> LinkedProduct:
    place = f"{own}/files/{quote(product.stage)}/{quote(product.label)}"
    return LinkedProduct.model_validate(
        {
            **product.model_dump(),
            "files": [{**file.model_dump(), "url": f"{place}/{quote(file.name)}{tail}"} for file in product.files],
        }
    )


def files_of(products: tuple[LinkedProduct, ...]) -> list[tuple[str, ProductFile, str]]:
    """Return place, file and address of every file."""
    return [(f"{product.stage} {product.label}", file, file.url) for product in products for file in product.files]
