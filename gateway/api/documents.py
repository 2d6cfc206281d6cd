"""What the interface answers: the mesh's own views, with the addresses of everything that belongs to them."""

from typing import Any, Literal
from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel, Field

from mesh.contracts import JobView, ProductFile, StageProduct, UnitRow
from mesh.instrument import Instrument, Role
from mesh.intake.links import LINK_DIGITS
from mesh.parameters import LISTS, Parameter, ParameterType
from mesh.states import job_is_final

PREFIX = "/api/v1"
LAST_OFFSET = 10**9
"""Beyond every table: larger ones are refused instead of asked of the store."""


class LinkedFile(ProductFile):
    """One file of a product and where to get it."""

    url: str
    """Does not expire; redirects to a link that does."""


class LinkedProduct(StageProduct):
    """The files of one finished unit that are a result of the job."""

    files: tuple[LinkedFile, ...]


class JobDocument(JobView):
    """One job as its caller sees it, with its links."""

    final: bool
    """Whether the state is the last one."""
    links: dict[str, str]
    """Addresses: self, units, products, events, request, permanent, archive, provenance, code; cancel until it has
    ended, start of a draft."""
    products: tuple[LinkedProduct, ...] = ()


class JobList(BaseModel):
    """One page of jobs, newest first."""

    jobs: tuple[JobDocument, ...]
    next: str | None = Field(description="address of the page of older jobs")


class LinkedRow(UnitRow):
    """One row of the table, with the job whose run made its product where that was another one."""

    made_by: str | None = None
    """Address of that job."""


class UnitTable(BaseModel):
    """One page of the table science window x step."""

    rows: tuple[LinkedRow, ...]
    offset: int
    total: int = Field(description="units of the job, whatever the filter")
    next: str | None = Field(description="address of the next page")


class ProductList(BaseModel):
    """One page of the products that are the result of a job."""

    products: tuple[LinkedProduct, ...]
    offset: int
    total: int = Field(description="products that are the result of the job")
    next: str | None = Field(description="address of the next page")


class ParameterDocument(BaseModel):
    """One parameter of a product."""

    type: ParameterType
    label: str = Field(description="what a form calls it")
    unit: str | None
    default: Any
    allowed: str = Field(description="the limits as a sentence")
    minimum: float | None
    maximum: float | None
    step: float | None = Field(description="the value is a multiple of it")
    choices: tuple[str, ...] | None
    most: int | None = Field(description="most entries of a list; null: it is none")
    group: Literal["basic", "advanced"] = Field(description="advanced ones few callers need")
    help: str


class ProductDocument(BaseModel):
    """One product of an instrument."""

    title: str
    help: str
    stages: tuple[str, ...]
    selection: tuple[Literal["windows", "time", "cone"], ...] = Field(
        description="what it can be selected by: a list of science windows, a time range, a cone on the sky; empty: "
        "its parameters name what it is made of"
    )
    results: dict[str, Role] = Field(description="pattern of file names, with * and ?, and what such a file is")
    parameters: dict[str, ParameterDocument]


class InstrumentDocument(BaseModel):
    """One instrument and what it makes."""

    name: str
    title: str
    help: str
    calibration: str
    products: dict[str, ProductDocument]
    links: dict[str, str]


def root(request: Request) -> str:
    """Return the path of the interface as the caller sees it, also behind a proxy that strips a prefix."""
    return f"{request.scope.get('root_path', '')}{PREFIX}"


def job_document(base: str, view: JobView) -> JobDocument:
    """Return a job with its links; *base* is from `root`."""
    own = f"{base}/jobs/{view.job_id}"
    final = job_is_final(view.state)
    links = {"self": own, "units": f"{own}/units", "products": f"{own}/products", "events": f"{own}/events"}
    links["request"] = f"{base}/requests/{view.request_key}"
    links["permanent"] = f"{base.removesuffix(PREFIX)}/r/{view.request_key[:LINK_DIGITS]}"
    for name in ("archive", "provenance", "code"):
        links[name] = f"{own}/{name}"
    if not final:
        links["cancel"] = own
    if view.draft and not final:
        links["start"] = f"{own}/start"
    fields = dict(view)
    fields["products"] = tuple(linked_product(own, product) for product in view.products)
    return JobDocument.model_construct(**fields, final=final, links=links)


def brief_document(base: str, view: JobView) -> JobDocument:
    """Return a job without its products, for lists and streams."""
    return job_document(base, view.model_copy(update={"products": ()}))


def linked_row(base: str, row: UnitRow) -> LinkedRow:
    """Return a row with its link; a run has the id of the job that it was opened for."""
    made_by = f"{base}/jobs/{row.cached_from}" if row.cached_from else None
    return LinkedRow.model_construct(**dict(row), made_by=made_by)


def instrument_document(base: str, instrument: Instrument) -> InstrumentDocument:
    """Return the public part of an instrument file."""
    products = {
        name: ProductDocument(
            title=product.title,
            help=product.help,
            stages=product.stages,
            selection=_selection(instrument, name),
            results=dict(product.results),
            parameters={
                parameter: _parameter(parameter, declared)
                for parameter, declared in instrument.product_parameters(name).items()
            },
        )
        for name, product in instrument.products.items()
    }
    return InstrumentDocument(
        name=instrument.name,
        title=instrument.title,
        help=instrument.help,
        calibration=instrument.calibration,
        products=products,
        links={"self": f"{base}/instruments/{instrument.name}", "submit": f"{base}/jobs"},
    )


def _selection(instrument: Instrument, product: str) -> tuple[Literal["windows", "time", "cone"], ...]:
    if not instrument.takes_windows(product):
        return ()
    if instrument.archive is None:
        return ("windows",)
    return ("time",) if instrument.sliced else ("windows", "time", "cone")


def _parameter(name: str, declared: Parameter) -> ParameterDocument:
    words = name.replace("_", " ")
    return ParameterDocument(
        type=declared.type,
        label=f"{words[0].upper()}{words[1:]}",
        unit=declared.unit,
        default=declared.default,
        allowed=declared.allowed,
        minimum=declared.minimum,
        maximum=declared.maximum,
        step=declared.multiple_of,
        choices=declared.choices,
        most=declared.most_entries if declared.type in LISTS else None,
        group="advanced" if declared.advanced else "basic",
        help=declared.help,
    )


def linked_product(own: str, product: StageProduct) -> LinkedProduct:
    """Return a product with the addresses of its files; *own* is the address of its job."""
    place = f"{own}/products/{quote(product.stage)}/{quote(product.label)}"
    files = tuple(LinkedFile.model_construct(**dict(file), url=f"{place}/{quote(file.name)}") for file in product.files)
    return LinkedProduct.model_construct(stage=product.stage, label=product.label, key=product.key, files=files)
