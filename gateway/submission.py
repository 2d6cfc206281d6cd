"""From the body of a submission to the canonical analysis, or to everything that is wrong with it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from mesh.archive.scw import ScwId
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts import Analysis, Cone, Lane, Selection, TimeRange
from mesh.errors import InvalidRequest, InvalidSelection, MeshError, UnknownParameter
from mesh.instrument import Instrument, instrument

USER = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"
_ERRORS_LIMIT = 20
_SCW = "RRRRPPPPSSSF or RRRRPPPPSSSF.VVV, e.g. 201600270010.001"
_LIST = f"a list of science windows, each {_SCW}"
_TIME = "UTC in ISO form, e.g. 2018-10-29T00:00:00"

_EXAMPLES: list[JsonValue] = [
    {
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": {"scws": ["201600270010", "201600280010"]},
        "parameters": {"bands": [[20, 40], [40, 80]]},
    },
    {
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": {
            "time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"},
            "cone": {"ra": 266.4, "dec": -29.0, "radius": 10},
            "max_pointings": 50,
        },
        "parameters": {"bands": [[20, 40]]},
        "lane": "batch",
    },
]


FindProducts = Callable[[str, Any], Any]
"""From the name of a parameter and what a caller wrote to keys of products; raises `InvalidRequest`."""


class Submission(BaseModel):
    """What a caller posts to have an analysis done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLES})

    instrument: str = Field(description="one of /api/v1/instruments")
    product: str = Field(description="one of the instrument's products")
    selection: Selection = Field(
        default_factory=Selection,
        description="which science windows: a list, or a time range with an optional cone; products made of earlier "
        "products alone take none",
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="what differs from the defaults")
    lane: Lane = Field(default=Lane.USER, description="priority")
    user: str = Field(default="anonymous", pattern=USER)


class SubmissionRefused(MeshError):
    """The submission cannot be planned.

    Args:
        errors: one for each field to change, never empty.
    """

    def __init__(self, errors: tuple[InvalidRequest, ...]) -> None:
        super().__init__("; ".join(error.text for error in errors))
        self.errors = errors


def read_analysis(submission: Submission, find_products: FindProducts) -> Analysis:
    """Return the analysis with defaults filled in and every value in its canonical form.

    Args:
        submission: as it was posted.
        find_products: turns the jobs that it names into the keys of their products.

    Raises:
        SubmissionRefused: names every field to change, not only the first.
    """
    errors: list[InvalidRequest] = []
    parameters: dict[str, Any] = {}
    takes_windows = True
    try:
        chosen = instrument(submission.instrument)
        chosen.product(submission.product)
    except InvalidRequest as error:
        errors.append(error)
    else:
        for entry in _read_parameters(chosen, submission.product, submission.parameters, find_products):
            if isinstance(entry, InvalidRequest):
                errors.append(entry)
            else:
                parameters[entry[0]] = entry[1]
        errors.extend(_selection_errors(chosen, submission.product, submission.selection))
        takes_windows = chosen.takes_windows(submission.product)
    selection: Selection = submission.selection
    for outcome in _read_selection(submission.selection) if takes_windows else ():
        if isinstance(outcome, InvalidRequest):
            errors.append(outcome)
        else:
            selection = outcome
    if errors:
        raise SubmissionRefused(tuple(errors[:_ERRORS_LIMIT]))
    return Analysis(
        instrument=submission.instrument, product=submission.product, selection=selection, parameters=parameters
    )


def _read_parameters(
    chosen: Instrument, product: str, given: Mapping[str, Any], find_products: FindProducts
) -> Iterator[tuple[str, Any] | InvalidRequest]:
    declared = chosen.product_parameters(product)
    known = ", ".join(declared)
    for name in given:
        if name not in declared:
            msg = f"{product} has no parameter {name!r}; it takes: {known}"
            yield UnknownParameter(msg, field=f"parameters.{name}", allowed=known)
    for name, parameter in declared.items():
        try:
            value = given.get(name, parameter.default)
            if parameter.type == "products":
                value = find_products(name, value)
            yield name, parameter.canonical(name, value)
        except InvalidRequest as error:
            yield error


def _selection_errors(chosen: Instrument, product: str, given: Selection) -> Iterator[InvalidSelection]:
    """Yield what a product of earlier products, or an instrument that sees the whole sky, cannot be asked for."""
    if not chosen.takes_windows(product):
        for name in Selection.model_fields:
            if getattr(given, name) is not None:
                text = f"{product} is made of what its parameters name: leave the selection out"
                yield _refuse(f"selection.{name}", text, "nothing")
    if chosen.sliced:
        for name in ("scws", "cone", "max_pointings"):
            if getattr(given, name) is not None:
                text = f"{chosen.title} sees the whole sky: leave it out and give a time range"
                yield _refuse(f"selection.{name}", text, f"time: t1 and t2, each {_TIME}")


def _read_selection(given: Selection) -> Iterator[Selection | InvalidSelection]:
    """Yield the canonical selection, or every error."""
    if given.scws is not None and given.time is None:
        yield from _read_list(given, given.scws)
    elif given.time is not None and given.scws is None:
        yield from _read_region(given, given.time)
    else:
        text = "give either scws (a list of science windows) or time (t1 and t2, with an optional cone)"
        yield _refuse("selection", text, f"scws: {_LIST}; or time: t1 and t2, each {_TIME}")


def _read_list(given: Selection, scws: tuple[str, ...]) -> Iterator[Selection | InvalidSelection]:
    errors = [
        _refuse(f"selection.{name}", "belongs to a selection by time; leave it out with scws", "time")
        for name in ("cone", "max_pointings")
        if getattr(given, name) is not None
    ]
    labels: set[str] = set()
    for index, text in enumerate(scws):
        try:
            labels.add(str(ScwId.parse(text)))
        except ValueError as error:
            errors.append(_refuse(f"selection.scws[{index}]", str(error), _SCW))
    if not scws:
        errors.append(_refuse("selection.scws", "the list is empty: name at least one science window", _LIST))
    if errors:
        yield from errors
    else:
        yield Selection(scws=tuple(sorted(labels)))


def _read_region(given: Selection, span: TimeRange) -> Iterator[Selection | InvalidSelection]:
    errors: list[InvalidSelection] = []
    instants: list[float] = []
    for name in ("t1", "t2"):
        try:
            instants.append(ijd_from_utc(getattr(span, name)))
        except ValueError as error:
            reason = str(error).partition(";")[0]
            errors.append(_refuse(f"selection.time.{name}", f"{reason}; allowed: {_TIME}", _TIME))
    if len(instants) == 2 and not instants[0] < instants[1]:
        errors.append(_refuse("selection.time", f"t1 {span.t1} is not before t2 {span.t2}", "t1 < t2"))
    if given.max_pointings is not None and given.max_pointings < 1:
        errors.append(_refuse("selection.max_pointings", f"{given.max_pointings} is below 1", "a whole number from 1"))
    if given.cone is not None:
        errors.extend(_cone_errors(given.cone))
    if errors:
        yield from errors
        return
    cone = given.cone and Cone(ra=given.cone.ra % 360, dec=given.cone.dec, radius=given.cone.radius)
    time = TimeRange(t1=_canonical_time(instants[0]), t2=_canonical_time(instants[1]))
    yield Selection(time=time, cone=cone, max_pointings=given.max_pointings)


def _cone_errors(cone: Cone) -> Iterator[InvalidSelection]:
    ranges = {"ra": (0.0, 360.0), "dec": (-90.0, 90.0), "radius": (0.0, 180.0)}
    for name, (low, high) in ranges.items():
        value = getattr(cone, name)
        inside = math.isfinite(value) and low <= value <= high and not (name == "radius" and value == 0)
        if not inside:
            allowed = f"{'above' if name == 'radius' else 'from'} {low:g} to {high:g} deg"
            yield _refuse(f"selection.cone.{name}", f"{value:g} is out of range; allowed: {allowed}", allowed)


def _canonical_time(ijd: float) -> str:
    """UTC to the millisecond, without trailing zeros: the same instant has the same text."""
    return utc_from_ijd(ijd, 3).rstrip("0").rstrip(".")


def _refuse(field: str, text: str, allowed: str) -> InvalidSelection:
    return InvalidSelection(f"{field}: {text}", field=field, allowed=allowed)
