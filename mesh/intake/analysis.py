"""From a wish to the canonical analysis, or to everything that is wrong with it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from mesh.archive.extent import check_count, count_bound
from mesh.archive.scw import ScwId
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts import Analysis, Cone, Selection, TimeRange
from mesh.errors import InvalidParameter, InvalidRequest, InvalidSelection, UnknownParameter
from mesh.instrument import Instrument
from mesh.instruments import instrument
from mesh.intake.errors import WishRefused
from mesh.intake.limits import Limits
from mesh.intake.wish import Wish
from mesh.parameters import Parameter, shown

_ERRORS_LIMIT = 20
_NAME_LENGTH = 80
_MOST_POINTINGS = 10**9
_SCW = "RRRRPPPPSSSF or RRRRPPPPSSSF.VVV, e.g. 201600270010.001"
_LIST = f"a list of science windows, each {_SCW}"
_TIME = "UTC in ISO form, e.g. 2018-10-29T00:00:00"

FindProducts = Callable[[str, Any, Parameter], Any]
"""From a parameter's name, what a caller wrote, and its declaration to keys of products; raises `InvalidRequest`."""


def read_analysis(wish: Wish, find_products: FindProducts, limits: Limits) -> Analysis:
    """Return the analysis with defaults filled in and every value in its canonical form.

    Args:
        wish: as the door has read it.
        find_products: turns the jobs that it names into the keys of their products.
        limits: how large it may be.

    Raises:
        WishRefused: names every field to change, not only the first.
    """
    try:
        chosen = instrument(wish.instrument)
        product = product_name(chosen, wish.product)
    except InvalidRequest as error:
        # What else is wrong can still be told of the selection.
        others = (entry for entry in _read_selection(wish.selection) if isinstance(entry, InvalidRequest))
        raise WishRefused((error, *islice(others, _ERRORS_LIMIT - 1))) from error
    errors: list[InvalidRequest] = []
    parameters: dict[str, Any] = {}
    selection = wish.selection
    for entry in chain(
        _read_parameters(chosen, product, wish.parameters, find_products, limits),
        _selection_errors(chosen, product, wish.selection),
        _read_selection(wish.selection) if chosen.takes_windows(product) else (),
    ):
        if isinstance(entry, InvalidRequest):
            errors.append(entry)
        elif isinstance(entry, Selection):
            selection = entry
        else:
            parameters[entry[0]] = entry[1]
        if len(errors) == _ERRORS_LIMIT:
            break
    if not errors:
        try:
            check_count(chosen, selection, count_bound(chosen, selection) or 0, limits.windows)
        except InvalidSelection as error:
            errors.append(_refuse(error.field, error.text, error.allowed or ""))
    if errors:
        raise WishRefused(tuple(errors))
    return Analysis(instrument=chosen.name, product=product, selection=selection, parameters=parameters)


def read_instant(text: str | None, field: str) -> str | None:
    """Return an instant as documents hold it, UTC in ISO form with ``Z``; None for none.

    Raises:
        WishRefused: it is no instant.
    """
    if text is None:
        return None
    try:
        return f"{_canonical_time(ijd_from_utc(text))}Z"
    except ValueError as error:
        reason = str(error).partition(";")[0]
        raise WishRefused((_refuse(field, f"{reason}; allowed: {_TIME}", _TIME),)) from error


def check_labels(labels: Sequence[str], limits: Limits) -> None:
    """Refuse more labels than a job may have.

    Raises:
        WishRefused: says how many.
    """
    if len(labels) > limits.labels:
        text = f"{len(labels)} labels are more than a job may have"
        raise WishRefused((_refuse("labels", text, f"at most {limits.labels}"),))


def product_name(chosen: Instrument, name: str) -> str:
    """Return the name of a product of an instrument, which may be given without that of the instrument.

    Raises:
        UnknownProduct: names the known ones.
    """
    if name not in chosen.products:
        ending = [known for known in chosen.products if known.endswith(f"_{name}")]
        if len(ending) == 1:
            return ending[0]
    chosen.product(name)
    return name


def _read_parameters(
    chosen: Instrument, product: str, given: Mapping[str, Any], find_products: FindProducts, limits: Limits
) -> Iterator[tuple[str, Any] | InvalidRequest]:
    declared = chosen.product_parameters(product)
    known = ", ".join(declared)
    for name in given:
        if name not in declared:
            msg = f"{product} has no parameter {shown(name)}; it takes: {known}"
            yield UnknownParameter(msg, field=f"parameters.{name[:_NAME_LENGTH]}", allowed=known)
    for name, parameter in declared.items():
        try:
            value = given.get(name, parameter.default)
            _check_plain(name, value, limits.depth)
            if parameter.type == "products":
                value = find_products(name, value, parameter)
            yield name, parameter.canonical(name, value)
        except InvalidRequest as error:
            yield error


def _check_plain(name: str, value: Any, depth: int) -> None:
    """Refuse what no document can hold: texts that are not Unicode, lists and objects inside each other too deep."""
    field = f"parameters.{name}"
    level, todo = 0, [value]
    while todo:
        if level > depth:
            text = f"{field}: lists and objects inside each other deeper than {depth}"
            raise InvalidParameter(text, field=field, allowed=f"at most {depth} levels")
        for text in todo:
            if isinstance(text, str) and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise InvalidParameter(f"{field}: a text is not Unicode", field=field, allowed="Unicode text")
        level += 1
        todo = [inner for entry in todo for inner in _inside(entry)]


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return chain(value.keys(), value.values())
    return value if isinstance(value, (list, tuple)) else ()


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
            if len(errors) == _ERRORS_LIMIT:
                break
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
    if given.max_pointings is not None and not 1 <= given.max_pointings <= _MOST_POINTINGS:
        allowed = f"a whole number from 1 to {_MOST_POINTINGS}"
        errors.append(_refuse("selection.max_pointings", f"{shown(given.max_pointings)} is out of range", allowed))
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
