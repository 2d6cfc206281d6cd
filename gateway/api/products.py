"""Products: addresses that do not expire, which bring files or lead to links that do expire."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.api.documents import LAST_OFFSET, PREFIX, LinkedProduct, ProductList, linked_product, root
from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from mesh.contracts import JobView, Manifest, StageProduct
from mesh.errors import NotFound
from mesh.parameters import shown
from mesh.states import UnitState

router = APIRouter(
    prefix=PREFIX, tags=["products"], responses={404: {"model": Problem, "description": "no such job, unit or file"}}
)

_PRODUCTS = 1000
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "the file", "content": {"application/octet-stream": {}}},
    206: {"description": "a part of the file, where the gateway brings it"},
    416: {"description": "the file does not have this part"},
    302: {"description": "a link to the file, which expires"},
}
_KEY = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\x00-\x1f/\\]{1,255}")
_THERE = frozenset({UnitState.DONE, UnitState.CACHED})


@router.get("/jobs/{job_id}/products")
def job_products(
    *,
    job_id: str,
    request: Request,
    parts: Given,
    caller: Calling,
    offset: Annotated[int, Query(ge=0, le=LAST_OFFSET)] = 0,
    limit: Annotated[int, Query(ge=1, le=_PRODUCTS)] = 100,
) -> ProductList:
    """List the products that are the result of a job; its own record names the first ones only."""
    view = parts.intake.look(job_id, caller)
    own = f"{root(request)}/jobs/{job_id}"
    found = parts.intake.result(view, offset, limit)
    following = None
    if offset + len(found) < view.products_total:
        query = request.url.include_query_params(offset=offset + limit).query
        following = f"{own}/products?{query}"
    products = tuple(linked_product(own, product) for product in found)
    return ProductList(products=products, offset=offset, total=view.products_total, next=following)


@router.get("/jobs/{job_id}/products/{stage}/{label}")
def unit_product(
    *, job_id: str, stage: str, label: str, request: Request, parts: Given, caller: Calling
) -> LinkedProduct:
    """List the files that one unit of the job made; *label* is a window with its version, or ``job``."""
    view = parts.intake.look(job_id, caller)
    key = product_key(parts, view, stage, label)
    found = parts.products.read(key)
    if found is None:
        again = f"{root(request)}/requests/{view.request_key}/jobs"
        raise _absent(parts, key, again, NotFound(f"There is no product {key}."))
    return linked_product(
        f"{root(request)}/jobs/{job_id}", StageProduct(stage=stage, label=label, key=key, files=found.files)
    )


@router.head("/jobs/{job_id}/products/{stage}/{label}/{name}", include_in_schema=False)
@router.get(
    "/jobs/{job_id}/products/{stage}/{label}/{name}",
    response_class=Response,
    responses=_FILE,
)
def job_product(
    *, job_id: str, stage: str, label: str, name: str, request: Request, parts: Given, caller: Calling
) -> Response:
    """Bring one file that a unit of the job made, or lead to it; *label* is a window with its version, or ``job``."""
    if not _NAME.fullmatch(name):
        msg = f"There is no file {shown(name)}."
        raise NotFound(msg)
    view = parts.intake.look(job_id, caller)
    again = f"{root(request)}/requests/{view.request_key}/jobs"
    return _file(parts, request, product_key(parts, view, stage, label), name, again)


def product_key(parts: Parts, view: JobView, stage: str, label: str) -> str:
    """Return the key of what a unit of a job made.

    Raises:
        NotFound: the job has no such unit, or it has made nothing.
    """
    key = next((entry.key for entry in view.products if (entry.stage, entry.label) == (stage, label)), None)
    if key is None:
        row = parts.intake.row(view, stage, label)
        if row.state not in _THERE:
            msg = f"{stage} of {label} has no product: it is {row.state.value}."
            raise NotFound(msg)
        key = row.key
    return key


def check_key(key: str, name: str = "x") -> None:
    """Return if a key and a name can be those of a product and its file: nothing else is asked of the store.

    Raises:
        NotFound: they cannot.
    """
    if not _KEY.fullmatch(key):
        msg = f"There is no product {shown(key)}: the key of a product is 64 hexadecimal digits."
        raise NotFound(msg)
    if not _NAME.fullmatch(name) or name in {".", ".."}:
        msg = f"There is no file {shown(name)}."
        raise NotFound(msg)


@router.head("/products/{key}/{name}", include_in_schema=False)
@router.get("/products/{key}/{name}", response_class=Response, responses=_FILE)
def product(key: str, name: str, request: Request, parts: Given) -> Response:
    """Bring one file, or lead to it of the product with a content key."""
    check_key(key, name)
    return _file(parts, request, key, name)


@router.get("/products/{key}")
def manifest(key: str, parts: Given) -> Manifest:
    """Return the manifest of a product: its files, inputs, image, calibration, parameters and what it took."""
    check_key(key)
    found = parts.products.read(key)
    if found is None:
        raise _absent(parts, key, "", NotFound(f"There is no product {key}."))
    return found


def _file(parts: Parts, request: Request, key: str, name: str, again: str = "") -> Response:
    """Bring a file; *again* is where the product can be asked for again."""
    try:
        return parts.deliver.file(key, name, request)
    except NotFound as error:
        if parts.products.read(key) is not None:
            raise
        raise _absent(parts, key, again, error) from None


def _absent(parts: Parts, key: str, again: str, never: NotFound) -> Exception:
    """Return the problem of a product that is not there: removed, or (*never*) never made."""
    record = parts.products.removed(key)
    if record is None:
        return never
    how = f"POST {again} makes it again" if again else "it is made again when it is next asked for"
    return Refusal("product-removed", f"Product {key} was removed on {record.evicted[:10]} ({record.reason}); {how}.")
