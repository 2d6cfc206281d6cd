"""The table of links to what a job made (DataLink 1.1): files, previews, logs, provenance, and how to ask again."""

from collections.abc import Iterator
from typing import Any

from gateway.known_requests import KnownRequests
from gateway.uws.family import Family
from gateway.uws.wishes import written
from gateway.vo import votable
from gateway.vo.descriptor import descriptor, inputs_of
from gateway.vo.votable import Column, Info, text_column
from mesh.contracts import JobView, ProductFile, StageProduct
from mesh.intake import Intake

AGAIN = "again"
"""ID of the descriptor of the service that makes such a product."""
COLUMNS = (
    text_column("ID", ucd="meta.id;meta.main"),
    text_column("access_url", ucd="meta.ref.url"),
    text_column("service_def", ucd="meta.ref"),
    text_column("error_message", ucd="meta.code.error"),
    text_column("semantics", ucd="meta.code"),
    text_column("description", ucd="meta.note"),
    text_column("content_type", ucd="meta.code.mime"),
    Column("content_length", "long", unit="byte", ucd="phys.size;meta.file"),
)
_PAGE = 200
_SEMANTICS = {"fits": "#this", "png": "#preview", "gz": "#this"}
"""Terms of the vocabulary of DataLink by the ending of a file."""

_Row = tuple[Any, ...]


def links_of(family: Family, view: JobView, intake: Intake, requests: KnownRequests) -> Iterator[bytes]:
    """Yield the table of a job that has completed.

    Args:
        family: of the job.
        view: the job.
        intake: knows its results.
        requests: knows what it was asked for.
    """
    infos = [Info("WARNING", "partial result" if view.partial else "warning", text) for text in view.warnings]
    given = list(written(requests(view.request_key), family.instrument.parameters))
    again = descriptor(
        AGAIN,
        f"{family.address}/sync",
        f"{family.instrument.products[family.product].title}: the same with other parameters",
        inputs_of(family.instrument, family.product, given),
        content_type=votable.DATALINK_TYPE,
    )
    yield from votable.votable(COLUMNS, _rows(family, view, intake), infos=infos, resources=[again])


def _rows(family: Family, view: JobView, intake: Intake) -> Iterator[_Row]:
    for offset in range(0, max(view.products_total, len(view.products)), _PAGE):
        for product in intake.result(view, offset, _PAGE):
            yield from _of_product(family, view, product)
    yield (view.job_id, None, AGAIN, None, "#proc", "the same with other parameters", votable.DATALINK_TYPE, None)


def _of_product(family: Family, view: JobView, product: StageProduct) -> Iterator[_Row]:
    made = f"{product.stage} of {product.label}"
    for file in product.files:
        address = family.file_address(view, product, file)
        yield (
            *(view.job_id, address, None, None, _semantics(file), f"{made}: {file.name}"),
            *(file.media_type, file.size),
        )
    job = f"{family.root}/api/v1/jobs/{view.job_id}"
    log = f"{job}/units/{product.label}/log?stage={product.stage}"
    yield (view.job_id, log, None, None, "#auxiliary", f"log of {made}", "text/plain", None)
    manifest = f"{family.root}/api/v1/products/{product.key}"
    told = f"provenance of {made}: inputs, image, calibration, parameters"
    yield (view.job_id, manifest, None, None, "#auxiliary", told, "application/json", None)


def _semantics(file: ProductFile) -> str:
    return _SEMANTICS.get(file.name.rpartition(".")[2].lower(), "#auxiliary")
