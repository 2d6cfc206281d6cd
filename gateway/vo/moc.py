"""Where and when jobs looked, as coverage maps (MOC 2.0): of one job, or of all that the caller has."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.responses import Response

from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.vo import PREFIX
from gateway.vo.datalink import job_of
from gateway.vo.healpix import cells
from gateway.vo.parameters import Parameters, Sent
from gateway.vo.tap.coverage import Coverage
from gateway.vo.tap.observations import MOST_JOBS
from mesh.contracts import JobView
from mesh.errors import InvalidParameter, NotFound
from mesh.intake import Caller
from mesh.states import JobState

router = APIRouter(prefix=f"{PREFIX}/moc", include_in_schema=False)

_ORDER, _FINEST = 6, 8
"""Cells of 55 and 14 arcmin: fine beside fields of degrees."""
_TIME_ORDER = 35
_TIME_SHIFT = 61 - _TIME_ORDER
"""Cells of 2^26 us, a minute; order 61 has cells of 1 us (MOC 2.0, section 3.3)."""
_JD_OF_MJD0 = 2_400_000.5
_DAY_US = 86_400_000_000
_TDB_MINUS_UTC_S = 69.184
"""Since 2017; one cell is as long."""
_PAGE = 100
_FORMATS = ("ascii", "json")
_AXES = ("space", "time")

Cells = dict[int, set[int]]


@router.get("")
def of_all(parts: Given, caller: Calling, sent: Sent) -> Response:
    """Return the coverage of the newest jobs of the caller together."""
    return _answer(sent, [parts.observations.coverage(view) for view in _completed(parts, caller)])


@router.get("/{identifier}")
def of_job(identifier: str, parts: Given, caller: Calling, sent: Sent) -> Response:
    """Return the coverage of one job, in whatever state it is."""
    view = parts.intake.look(job_of(identifier), caller)
    coverage = parts.observations.coverage(view)
    if coverage.circle is None and coverage.t_min is None:
        raise NotFound(f"What job {view.job_id} covers is not known: it names no windows that the archive has.")
    return _answer(sent, [coverage])


def _completed(parts: Parts, caller: Caller) -> Iterator[JobView]:
    before: str | None = None
    for _ in range(MOST_JOBS // _PAGE):
        page = parts.intake.jobs(caller, limit=_PAGE, before=before)
        yield from (view for view in page if view.state is JobState.COMPLETED)
        if len(page) < _PAGE:
            return
        before = page[-1].job_id


def _answer(sent: Parameters, covered: list[Coverage]) -> Response:
    form = sent.text("responseformat", "ascii").lower()
    axis = sent.text("axis", "space").lower()
    if axis not in _AXES or (axis == "time" and form == "json"):
        raise InvalidParameter("AXIS: not possible", field="AXIS", allowed="space, or time as ascii")
    order = sent.whole("order")
    order = _ORDER if order is None else order
    if form not in _FORMATS:
        raise InvalidParameter("RESPONSEFORMAT: not possible", field="RESPONSEFORMAT", allowed=", ".join(_FORMATS))
    if not 0 <= order <= _FINEST:
        raise InvalidParameter(f"ORDER: {order} is out of range", field="ORDER", allowed=f"from 0 to {_FINEST}")
    if axis == "time":
        return PlainTextResponse(_times(covered))
    space = joined((cell for one in covered if one.circle for cell in cells(one.circle, order)), order)
    if form == "json":
        content: dict[str, Any] = {str(depth): sorted(numbers) for depth, numbers in space.items()}
        return JSONResponse(content)
    return PlainTextResponse(_written(space))


def joined(found: Iterable[tuple[int, int]], order: int) -> Cells:
    """Return cells without those that lie in coarser ones, and four that make one as that one."""
    known: Cells = {}
    for depth, number in found:
        known.setdefault(depth, set()).add(number)
    for depth in range(order, 0, -1):
        fine = known.get(depth, set())
        for parent in {number >> 2 for number in fine}:
            children = {4 * parent + child for child in range(4)}
            if children <= fine:
                fine -= children
                known.setdefault(depth - 1, set()).add(parent)
    for depth in range(1, order + 1):
        inside = known.get(depth, set())
        for coarse in range(depth):
            above = known.get(coarse, set())
            inside -= {number for number in inside if number >> (2 * (depth - coarse)) in above}
    return {depth: known[depth] for depth in sorted(known) if known[depth]}


def _times(covered: list[Coverage]) -> str:
    """Return the times of all as ranges of cells."""
    spans = sorted((_cell(one.t_min), _cell(one.t_max)) for one in covered if one.t_min and one.t_max)
    joined_spans: list[tuple[int, int]] = []
    for first, last in spans:
        if joined_spans and first <= joined_spans[-1][1] + 1:
            joined_spans[-1] = joined_spans[-1][0], max(last, joined_spans[-1][1])
        else:
            joined_spans.append((first, last))
    return f"{_TIME_ORDER}/{' '.join(_range(*span) for span in joined_spans)}"


def _cell(mjd_utc: float) -> int:
    microseconds = int((mjd_utc + _JD_OF_MJD0) * _DAY_US + _TDB_MINUS_UTC_S * 1e6)
    return microseconds >> _TIME_SHIFT


def _written(found: Cells) -> str:
    """Return cells as ``order/number first-last order/...`` (MOC 2.0, section 4.3.2)."""
    return " ".join(f"{order}/{' '.join(_ranges(sorted(numbers)))}" for order, numbers in found.items())


def _ranges(numbers: list[int]) -> Iterator[str]:
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield _range(numbers[start], numbers[place - 1])
            start = place


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
