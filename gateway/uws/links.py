"""The table of links to what a job made (DataLink 1.1): files, previews, logs, provenance, and how to ask again."""

from collections.abc import Iterator
from typing import Any

from gateway.known_requests import KnownRequests
from gateway.provenance import record
from gateway.uws.family import Family
from gateway.uws.wishes import written
from gateway.vo import votable
from gateway.vo.descriptor import descriptor, inputs_of
from gateway.vo.votable import Column, Info, text_column
from mesh.contracts import JobView, ProductFile, StageProduct
from mesh.intake import Intake

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

Row = tuple[Any, ...]


def links_of(family: Family, view: JobView, intake: Intake, requests: KnownRequests) -> Iterator[bytes]:
    """Yield the table of a job that has completed.

    Args:
        family: of the job.
        view: the job.
        intake: knows its results.
        requests: knows what it was asked for.
    """
    infos = [Info("WARNING", "partial result" if view.partial else "warning", text) for text in view.warnings]
    again = again_descriptor(family, view, requests)
    yield from votable.votable(COLUMNS, link_rows(family, view, intake, view.job_id), infos=infos, resources=[again])


def again_descriptor(family: Family, view: JobView, requests: KnownRequests) -> str:
    """Return how to have the same made with other parameters; those of the job are filled in."""
    given = list(written(requests(view.request_key), family.instrument.parameters))
    return descriptor(
        _again(family),
        f"{family.address}/sync",
        f"{family.instrument.products[family.product].title}: the same with other parameters",
        inputs_of(family.instrument, family.product, given),
        content_type=votable.DATALINK_TYPE,
    )


def link_rows(family: Family, view: JobView, intake: Intake, identifier: str) -> Iterator[Row]:
    """Yield the rows of a job that has completed, under an identifier."""
    for offset in range(0, max(view.products_total, len(view.products)), _PAGE):
        for product in intake.result(view, offset, _PAGE):
            for row in _of_product(family, view, product):
                yield (identifier, *row)
    told = "the same with other parameters"
    yield (identifier, None, _again(family), None, "#proc", told, votable.DATALINK_TYPE, None)


def _again(family: Family) -> str:
    """Return the ID of the descriptor."""
    return f"again-{family.product}"


def _of_product(family: Family, view: JobView, product: StageProduct) -> Iterator[Row]:
    made = f"{product.stage} of {product.label}"
    for file in product.files:
        address = family.file_address(view, product, file)
        yield (address, None, None, _semantics(file), f"{made}: {file.name}", file.media_type, file.size)
    log = f"{family.root}/api/v1/jobs/{view.job_id}/units/{product.label}/log?stage={product.stage}"
    yield (log, None, None, "#auxiliary", f"log of {made}", "text/plain", None)
    address_of_record = f"{family.root}/api/v1/products/{product.key}/provenance"
    told = f"provenance of {made} as W3C PROV: inputs, image, calibration, parameters, back to the files of the archive"
    yield (address_of_record, None, None, "#auxiliary", told, record.MEDIA_TYPE, None)


def _semantics(file: ProductFile) -> str:
    return _SEMANTICS.get(file.name.rpartition(".")[2].lower(), "#auxiliary")
