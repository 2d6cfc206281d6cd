"""Service descriptors (DataLink 1.1, section 4): how a client of tables calls a service, with which parameters."""

from collections.abc import Iterable, Iterator

from gateway.vo import votable
from gateway.vo.votable import Column, text_column
from mesh.instrument import Instrument
from mesh.parameters import Parameter

_NUMBERS = {"number": "double", "integer": "long"}


def descriptor(
    identifier: str,
    address: str,
    description: str,
    inputs: Iterable[str],
    *,
    standard: str = "",
    content_type: str = votable.MEDIA_TYPE,
) -> str:
    """Return a descriptor.

    Args:
        identifier: its ID in the document.
        address: of the service.
        description: what it does.
        inputs: PARAM of each parameter.
        standard: identifier of the standard that it follows.
        content_type: of what it answers.
    """
    known = {"accessURL": address, "standardID": standard, "contentType": content_type}
    params = [votable.parameter(text_column(name), value) for name, value in known.items() if value]
    return (
        f'<RESOURCE type="meta" utype="adhoc:service" ID={votable.attribute(identifier)}>\n'
        f"<DESCRIPTION>{votable.content(description)}</DESCRIPTION>\n"
        f'{"".join(params)}<GROUP name="inputParams">\n{"".join(inputs)}</GROUP>\n</RESOURCE>\n'
    )


def inputs_of(instrument: Instrument, product: str, values: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a PARAM for each parameter of a product.

    Args:
        instrument: that makes it.
        product: its name.
        values: by name in upper case those that are filled in.
    """
    given = dict(values)
    if instrument.takes_windows(product):
        for column in _selection_columns(instrument):
            yield votable.parameter(column, given.get(column.name, ""))
    for name, declared in instrument.product_parameters(product).items():
        yield _declared(name.upper(), declared, given.get(name.upper(), ""))


def _declared(name: str, declared: Parameter, value: str) -> str:
    kind = _NUMBERS.get(declared.type, "char")
    column = Column(
        name,
        kind,
        "" if kind != "char" else "*",
        declared.unit or "",
        description=f"{declared.help} {declared.allowed}",
    )
    return votable.parameter(column, value, _values(declared))


def _values(declared: Parameter) -> str:
    bounds = ""
    if declared.type in _NUMBERS:
        bounds = "".join(
            f"<{tag} value={votable.attribute(f'{bound:g}')}/>"
            for tag, bound in (("MIN", declared.minimum), ("MAX", declared.maximum))
            if bound is not None
        )
    words = ("true", "false") if declared.type == "boolean" else declared.choices if declared.type == "choice" else ()
    options = "".join(f"<OPTION value={votable.attribute(word)}/>" for word in words or ())
    return f"<VALUES>{bounds}{options}</VALUES>" if bounds or options else ""


def _selection_columns(instrument: Instrument) -> Iterator[Column]:
    yield text_column("T1", ucd="time.start;obs", description="begin of the time range, UTC in ISO form")
    yield text_column("T2", ucd="time.end;obs", description="its end")
    if instrument.sliced:
        return
    for name, what in (
        ("RA", "centre of the cone in which pointings lie, ICRS"),
        ("DEC", "its declination"),
        ("RADIUS", "its radius"),
    ):
        yield text_column(name, unit="deg", description=what)
    yield text_column("SCWS", description="in place of time and cone: science windows with commas between")
    yield text_column("MAX_POINTINGS", description="of the pointings at most so many")
