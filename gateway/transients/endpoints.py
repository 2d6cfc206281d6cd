"""Endpoints of the gallery: the list, one event, and its light curves."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.alerts.posting import alerts_of
from gateway.alerts.reading import find_event, read_instant, tagged
from gateway.api.documents import PREFIX, root
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from gateway.transients.arrange import card_of, file_url, light_curve_file, transient_of
from gateway.transients.documents import LightCurveDocument, TransientDocument, TransientList
from gateway.transients.light_curve import read_light_curve
from gateway.transients.listing import Filters, page_of, read_cursor
from mesh.archive.fits_table import FitsError
from mesh.archive.times import ijd_from_utc
from mesh.contracts.notice import Messenger
from mesh.contracts.transient import State, TransientRecord
from mesh.errors import InvalidRequest, NotFound
from mesh.instruments import instruments
from mesh.parameters import shown

_PAGE = 100
_BLOCK = 256 * 1024
_LARGEST = 32 * 1024 * 1024
"""Bytes of a light curve that is read for a chart; larger ones are taken as files."""
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}

router = APIRouter(prefix=PREFIX, tags=["transients"])


@router.get("/transients", responses={422: {**_PROBLEM, "description": "a filter to change, with its allowed values"}})
def transients(
    *,
    request: Request,
    parts: Given,
    t1: Annotated[str | None, Query(max_length=64, description="earliest trigger, UTC in ISO form")] = None,
    t2: Annotated[str | None, Query(max_length=64, description="latest trigger")] = None,
    kind: Annotated[frozenset[Messenger], Query(alias="class", description="classes; none: all")] = frozenset(),
    instrument: Annotated[frozenset[str], Query(description="with data of any of them")] = frozenset(),
    state: Annotated[frozenset[State], Query(description="states; none: all")] = frozenset(),
    text: Annotated[str, Query(max_length=100, description="in the names or the answer")] = "",
    tests: Annotated[bool, Query(description="mocks, tests and injections too")] = False,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 20,
    cursor: Annotated[str | None, Query(max_length=200, description="from the link to the next page")] = None,
) -> TransientList:
    """List transients, the latest trigger first."""
    filters = Filters(
        begin=-math.inf if t1 is None else read_instant(t1, "t1").timestamp(),
        end=math.inf if t2 is None else read_instant(t2, "t2").timestamp(),
        classes=kind,
        instruments=_known(instrument),
        states=state,
        text=text,
        tests=tests,
    )
    base = root(request)
    lines, after = page_of(alerts_of(parts).index, filters, limit, read_cursor(cursor))
    following = None
    if after is not None:
        following = f"{base}/transients?{request.url.include_query_params(cursor=str(after)).query}"
    return TransientList(transients=tuple(card_of(base, line) for line in lines), next=following)


@router.get(
    "/transients/{event}",
    response_model=TransientDocument,
    responses={404: {**_PROBLEM, "description": "no such event, or no record of it yet"}},
)
def transient(event: str, request: Request, response: Response, parts: Given) -> TransientDocument | Response:
    """Tell all that there is to show of an event; *event* is its key or another name of it."""
    record = _record(parts, event)
    return tagged(request, response, f"{record.event_key}-{record.version}", transient_of(root(request), record))


@router.get(
    "/transients/{event}/light-curves/{instrument}",
    response_model=LightCurveDocument,
    responses={404: {**_PROBLEM, "description": "no such event, or no light curve of it"}},
)
def light_curve(
    *, event: str, instrument: str, request: Request, response: Response, parts: Given
) -> LightCurveDocument | Response:
    """Return the light curve of an instrument around the trigger, for a chart."""
    record = _record(parts, event)
    part = next((one for one in record.instruments if one.instrument == instrument), None)
    found = light_curve_file(part) if part is not None else None
    t0 = record.search_time or record.trigger_time
    if part is None or found is None or t0 is None:
        raise NotFound(f"{record.event_key} has no light curve of {shown(instrument)}.")
    key, name = found
    file, url = parts.products.file(key, name), file_url(root(request), key, name)
    if file.size > _LARGEST:
        raise Refusal("not-found", f"The light curve has {file.size} bytes, too many for a chart; its file is at {url}")
    try:
        curve = read_light_curve(b"".join(parts.products.blocks(key, name, _BLOCK)), ijd_from_utc(t0))
    except FitsError as error:
        raise NotFound(f"The light curve of {part.title} cannot be read: {error}; its file is at {url}") from error
    document = LightCurveDocument(
        instrument=part.instrument,
        title=part.title,
        t0=t0,
        unit=curve.unit,
        bin_s=curve.bin_s,
        simulated=part.simulated,
        series=curve.series,
        fits=url,
    )
    return tagged(request, response, f"{key[:32]}-{t0}", document)


def _record(parts: Parts, name: str) -> TransientRecord:
    alerts = alerts_of(parts)
    event, _ = find_event(alerts, name)
    if not event.version:
        raise NotFound(f"There is no record of {event.event_key} yet: it comes within seconds of its first notice.")
    return alerts.alerts.record(event.event_key, event.version)


def _known(names: frozenset[str]) -> frozenset[str]:
    known = [one.name for one in instruments().values() if one.archive is not None]
    for name in sorted(names.difference(known)):
        text = f"There is no instrument {shown(name)} in records."
        raise InvalidRequest(text, field="instrument", allowed=", ".join(known))
    return names
