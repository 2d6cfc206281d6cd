"""What goes into the archive of a job, under which names; the same as `odamesh get` gives them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gateway.deliver import BLOCK_BYTES
from gateway.problem import Refusal
from gateway.records import ProductStore
from mesh.contracts import JobView, StageProduct
from mesh.intake import Intake

_PAGE = 1000
_SHORT_ID = 12


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Args:
        name: path inside the archive.
        size: bytes.
        blocks: brings its content; called when its turn has come.
        media_type: of its content.
        sha256: of its content; empty: not known.
    """

    name: str
    size: int
    blocks: Callable[[], Iterable[bytes]]
    media_type: str = "application/octet-stream"
    sha256: str = ""

    @classmethod
    def of_text(cls, name: str, text: str | bytes, media_type: str) -> "Member":
        """Return a member with a short content."""
        content = text.encode() if isinstance(text, str) else text
        return cls(name, len(content), lambda: (content,), media_type)


def folder(view: JobView) -> str:
    """Return the folder that an archive of a job has everything in."""
    return f"{view.product}-{view.job_id[:_SHORT_ID]}"


def every_product(intake: Intake, view: JobView) -> list[StageProduct]:
    """Return all products that are the result of a job."""
    found: list[StageProduct] = []
    while page := intake.result(view, len(found), _PAGE):
        found += page
    return found


def check_there(products: ProductStore, view: JobView, found: list[StageProduct], again: str) -> None:
    """Return if a job has products, and all of them are in the store.

    Raises:
        Refusal: says what to do.
    """
    if not found:
        detail = f"Job {view.job_id} is {view.state.value} and has no products."
        raise Refusal("not-found", detail)
    if missing := products.missing([product.key for product in found]):
        detail = f"{len(missing)} of {len(found)} products of this job were removed; POST {again} makes them again."
        raise Refusal("product-removed", detail)


def product_members(products: ProductStore, top: str, found: Iterable[StageProduct]) -> Iterator[Member]:
    """Yield the files of products, as ``<stage>/<file>`` or ``<stage>/<window>/<file>``."""
    for product in found:
        place = f"{top}/{product.stage}" + ("" if product.label == "job" else f"/{product.label}")
        for file in product.files:
            yield Member(
                f"{place}/{file.name}",
                file.size,
                _reader(products, product.key, file.name),
                file.media_type,
                file.sha256,
            )


def _reader(products: ProductStore, key: str, name: str) -> Callable[[], Iterable[bytes]]:
    return lambda: products.blocks(key, name, BLOCK_BYTES)
