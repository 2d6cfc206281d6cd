"""Images found by place, time and energy (SIA 2.0), below `/vo/sia2`: rows of ObsCore of the caller's jobs."""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from gateway.calling import Calling
from gateway.parts import Given
from gateway.uws.documents import MEDIA_TYPE
from gateway.uws.family import root_of
from gateway.vo import PREFIX, vosi, votable
from gateway.vo.parameters import Parameters, Sent
from gateway.vo.regions import read_region
from gateway.vo.tap.coverage import Circle
from gateway.vo.tap.query import links_descriptor, media_type, most_rows, with_identifiers
from gateway.vo.tap.tables import OBSCORE_UTYPE, OBSERVATIONS
from mesh.errors import InvalidParameter

SIA2 = f"{PREFIX}/sia2"
router = APIRouter(prefix=SIA2, include_in_schema=False)

_STANDARD = "ivo://ivoa.net/std/SIA#query-2.0"
_PLACE = {column.name: number for number, column in enumerate(OBSERVATIONS.columns)}
_INTERVALS = {
    "band": ("em_min", "em_max"),
    "time": ("t_min", "t_max"),
    "fov": ("s_fov", "s_fov"),
    "spatres": ("s_resolution", "s_resolution"),
    "exptime": ("t_exptime", "t_exptime"),
    "timeres": ("t_resolution", "t_resolution"),
    "specrp": ("em_res_power", "em_res_power"),
}
"""Columns between which an interval must lie in part."""
_WORDS = {
    "id": "obs_publisher_did",
    "collection": "obs_collection",
    "facility": "facility_name",
    "instrument": "instrument_name",
    "dptype": "dataproduct_type",
    "calib": "calib_level",
    "target": "target_name",
    "pol": "pol_states",
    "format": "access_format",
}
"""Columns that must have one of the words that are given."""
_IMAGES = frozenset({"image", "cube"})
_FORMATS = frozenset({"all", "image/fits", "fits"})

Row = tuple[Any, ...]
Test = Callable[[Mapping[str, Any]], bool]


@router.get("/query")
@router.post("/query")
def query(request: Request, parts: Given, caller: Calling, sent: Sent) -> Response:
    """Find images."""
    root = root_of(request)
    tests = list(_tests(sent))
    most = most_rows(sent)
    # Read before the answer begins: what is refused must not be so in the middle of it.
    rows = list(islice((row for row in parts.observations.rows(caller, root) if _fits(row, tests)), most + 1))
    table = votable.votable(
        with_identifiers(OBSERVATIONS.columns),
        rows,
        most=most,
        resources=[links_descriptor(root)],
        utype=OBSCORE_UTYPE,
    )
    return StreamingResponse(table, media_type=media_type(sent))


@router.get("/capabilities")
def capabilities(request: Request) -> Response:
    """Describe the service."""
    base = f"{root_of(request)}{SIA2}"
    listed = [*vosi.own_capabilities(base), vosi.capability(_STANDARD, f"{base}/query", version="2.0", use="base")]
    return Response(vosi.capabilities_document(listed), media_type=MEDIA_TYPE)


@router.get("/availability")
def availability(parts: Given) -> Response:
    """Say whether a query could be answered now."""
    return Response(vosi.availability_document(parts), media_type=MEDIA_TYPE)


def _fits(row: Row, tests: list[Test]) -> bool:
    values = {name: row[place] for name, place in _PLACE.items()}
    return values["dataproduct_type"] in _IMAGES and all(test(values) for test in tests)


def _tests(sent: Parameters) -> Iterator[Test]:
    if "pos" in sent:
        regions = [read_region(text, "POS") for text in sent.all("pos")]

        def somewhere(values: Mapping[str, Any]) -> bool:
            if values["s_ra"] is None:
                return False
            circle = Circle(values["s_ra"], values["s_dec"], values["s_fov"] / 2)
            return any(region.touches(circle) for region in regions)

        yield somewhere
    for name, columns in _INTERVALS.items():
        if name in sent:
            yield _between(_intervals(sent, name), *columns)
    for name, column in _WORDS.items():
        words = {text.strip().lower() for text in sent.all(name)}
        if name == "format":
            words = {"application/fits" if word in _FORMATS else word for word in words}
        if words:
            yield _one_of(words, column)


def _between(intervals: list[tuple[float, float]], low: str, high: str) -> Test:
    def overlaps(values: Mapping[str, Any]) -> bool:
        least, most = values[low], values[high]
        return (
            least is not None and most is not None and any(most >= start and least <= stop for start, stop in intervals)
        )

    return overlaps


def _one_of(words: set[str], column: str) -> Test:
    return lambda values: str(values[column]).lower() in words


def _intervals(sent: Parameters, name: str) -> list[tuple[float, float]]:
    """Return intervals; one number stands for itself."""
    found = []
    for text in sent.all(name):
        single = len(text.split()) == 1
        numbers = Parameters({name: (text,)}).numbers(name, 1 if single else 2)[0]
        low, high = numbers[0], numbers[-1]
        if math.isnan(low) or math.isnan(high) or low > high:
            allowed = "two numbers, the lower first"
            raise InvalidParameter(f"{name.upper()}: {text[:64]!r} is no interval", field=name.upper(), allowed=allowed)
        found.append((low, high))
    return found
