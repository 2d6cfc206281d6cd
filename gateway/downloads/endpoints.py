"""A job as one file; and how its products came to be, as W3C PROV and as programs that make them again."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import PlainTextResponse, StreamingResponse

from gateway.api.documents import PREFIX, root
from gateway.api.products import check_key
from gateway.calling import Calling
from gateway.deliver import disposition
from gateway.downloads.crate import METADATA, Described, metadata
from gateway.downloads.members import Member, check_there, every_product, folder, product_members
from gateway.downloads.pack import tarred, zipped
from gateway.links.citation import citation, title
from gateway.links.documents import link_path
from gateway.parts import Given, Parts
from gateway.problem import Problem
from gateway.provenance.code import ENDINGS, Language, code
from gateway.provenance.record import MEDIA_TYPE, Record
from mesh.contracts import Analysis, JobView, Manifest, StageProduct
from mesh.errors import NotFound
from mesh.intake.caller import owner_of

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {**_PROBLEM, "description": "no such job, or it has no products"}}

router = APIRouter(prefix=PREFIX, tags=["products"])


class Form(StrEnum):
    """What an archive is."""

    ZIP = "zip"
    TAR = "tar"
    CRATE = "crate"


_MEDIA = {Form.ZIP: "application/zip", Form.TAR: "application/x-tar", Form.CRATE: "application/zip"}


@router.head("/jobs/{job_id}/archive", include_in_schema=False)
@router.get(
    "/jobs/{job_id}/archive",
    response_class=StreamingResponse,
    responses={**_UNKNOWN, 410: {**_PROBLEM, "description": "products were removed; says how to have them again"}},
)
def archive(
    job_id: str,
    request: Request,
    parts: Given,
    caller: Calling,
    format: Annotated[  # noqa: A002 - the word of the interface
        Form, Query(description="zip or tar: the products; crate: with logs, provenance and programs, as an RO-Crate")
    ] = Form.ZIP,
) -> StreamingResponse:
    """Bring all products of a job as one file, which is written while it is sent."""
    view = parts.intake.look(job_id, caller)
    found = every_product(parts.intake, view)
    check_there(parts.products, view, found, f"{root(request)}/requests/{view.request_key}/jobs")
    members = list(product_members(parts.products, folder(view), found))
    if format is Form.CRATE:
        members = _crate(request, parts, view, found, members)
    if format is Form.TAR:
        size, blocks = tarred(members, int(datetime.fromisoformat(view.finished or view.submitted).timestamp()))
    else:
        size, blocks = zipped(members)
    ending = {Form.ZIP: "zip", Form.TAR: "tar", Form.CRATE: "crate.zip"}[format]
    headers = {"Content-Length": str(size), "Content-Disposition": disposition(f"{folder(view)}.{ending}")}
    return StreamingResponse(
        iter(()) if request.method == "HEAD" else blocks, media_type=_MEDIA[format], headers=headers
    )


@router.get("/jobs/{job_id}/provenance", responses=_UNKNOWN)
def job_provenance(job_id: str, parts: Given, caller: Calling) -> PlainTextResponse:
    """Tell how the products of a job came to be, as W3C PROV-JSON: back to the files of the archive."""
    view = parts.intake.look(job_id, caller)
    found = every_product(parts.intake, view)
    return _prov(_provenance(parts, view, parts.intake.request(view.request_key), found))


@router.get("/products/{key}/provenance", responses=_UNKNOWN)
def product_provenance(key: str, parts: Given) -> PlainTextResponse:
    """Tell how a product came to be, as W3C PROV-JSON; also of one that was removed."""
    check_key(key)
    if _manifest(parts, key) is None:
        raise NotFound(f"There is no product {key[:80]}.")
    record = Record(lambda one: _manifest(parts, one))
    record.add_products([key])
    return _prov(record.content())


@router.get("/jobs/{job_id}/code", response_class=PlainTextResponse, responses=_UNKNOWN)
def job_code(
    job_id: str,
    request: Request,
    parts: Given,
    caller: Calling,
    language: Annotated[Language, Query(description="python, curl, or cli for the odamesh command")] = "python",
) -> PlainTextResponse:
    """Return a program that has the same made again."""
    view = parts.intake.look(job_id, caller)
    analysis = parts.intake.request(view.request_key)
    name = f"{analysis.product}.{ENDINGS[language]}"
    return PlainTextResponse(
        code(language, analysis, _address(request), title(analysis)),
        headers={"Content-Disposition": f"inline; filename={name}"},
    )


def _crate(
    request: Request, parts: Parts, view: JobView, found: list[StageProduct], products: list[Member]
) -> list[Member]:
    """Return the members of a crate: products, logs, provenance, request and programs, described by its metadata."""
    top = folder(view)
    analysis = parts.intake.request(view.request_key)
    members = [*products, *_logs(parts, top, found)]
    provenance = _written(_provenance(parts, view, analysis, found))
    members.append(Member.of_text(f"{top}/provenance.json", provenance, MEDIA_TYPE))
    members.append(Member.of_text(f"{top}/request.json", analysis.encode(), "application/json"))
    for language in ENDINGS:
        text = code(language, analysis, _address(request), title(analysis))
        members.append(Member.of_text(f"{top}/reproduce.{ENDINGS[language]}", text, "text/plain"))
    manifest = _manifest(parts, found[0].key)
    link = f"{request.url.scheme}://{request.url.netloc}{link_path(request, analysis.key)}"
    described = Described(
        title=title(analysis),
        link=link,
        citation=citation(analysis, view, manifest, link).text(),
        version=manifest.code_version if manifest else "",
        keywords=f"INTEGRAL, POLAR, {analysis.instrument}, {analysis.product}",
    )
    text = metadata(view, described, members, top)
    return [Member.of_text(f"{top}/{METADATA}", text, "application/ld+json"), *members]


def _logs(parts: Parts, top: str, found: list[StageProduct]) -> list[Member]:
    members = []
    for product in found:
        try:
            log = parts.products.log(product.key)
        except NotFound:
            continue
        members.append(Member.of_text(f"{top}/logs/{product.stage}-{product.label}.txt", log, "text/plain"))
    return members


def _provenance(parts: Parts, view: JobView, analysis: Analysis, found: list[StageProduct]) -> dict[str, Any]:
    keys = [product.key for product in found]
    record = Record(lambda key: _manifest(parts, key))
    record.add_products(keys)
    record.add_job(view, analysis, keys, owner_of(view))
    return record.content()


def _prov(content: dict[str, Any]) -> PlainTextResponse:
    return PlainTextResponse(_written(content), media_type=MEDIA_TYPE)


def _written(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _manifest(parts: Parts, key: str) -> Manifest | None:
    found = parts.products.read(key)
    if found is not None:
        return found
    removed = parts.products.removed(key)
    return removed.manifest if removed is not None else None


def _address(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{root(request).removesuffix(PREFIX)}"
