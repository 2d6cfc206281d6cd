"""What the archive holds, and what a request would take of it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.api.documents import PREFIX
from gateway.archive import NoArchive
from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.problem import Problem
from mesh.archive.extent import count_bound, observed_interval
from mesh.archive.index import Entry
from mesh.archive.overview import Holding
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts import Analysis
from mesh.errors import NotFound, StoreUnavailable
from mesh.instrument import DAY_S, Instrument
from mesh.instruments import instrument, instruments
from mesh.intake import Wish

router = APIRouter(prefix=PREFIX, tags=["archive"])

_SHOWN = 20
_OUTLINE = 500
"""Pointings that an answer draws: evenly spread where there are more."""


class HoldingDocument(BaseModel):
    """What the archive has of one instrument."""

    count: int = Field(description="pointings with its data, or slices of time")
    first: str | None = Field(description="start of the first, UTC")
    last: str | None = Field(description="end of the last, UTC")
    exposure_s: float


class ArchiveDocument(BaseModel):
    """What the archive has of each instrument that reads one."""

    instruments: dict[str, HoldingDocument]
    note: str = Field(description="why nothing is told; empty: it is")


class WindowDocument(BaseModel):
    """One science window of a selection."""

    label: str
    start: str
    ra: float = Field(description="where the axis of the spacecraft pointed, degrees, ICRS")
    dec: float


class SelectionDocument(BaseModel):
    """What a request would take; nothing of it is stored or begun."""

    request_key: str
    asked_before: bool = Field(description="whether somebody asked for the same: what was kept of it is used")
    unit: str = Field(description="what is counted: science windows, slices of time, or nothing")
    count: int
    exposure_s: float = Field(description="their lengths together; of a list without archive 0")
    estimate_s: float | None = Field(
        description="time that so many took lately on an idle mesh, none of them cached; None: none were made lately"
    )
    first: str | None = Field(description="start of the first, UTC")
    last: str | None = Field(description="end of the last, UTC")
    rejected: int = Field(description="windows that were asked for and cannot be analysed")
    reasons: tuple[str, ...] = Field(description="why, of the first ones")
    pointings: tuple[WindowDocument, ...] = Field(description="evenly spread where there are many")
    note: str = Field(description="why no more is told; empty: everything is")


@router.get("/archive")
def archive(parts: Given) -> ArchiveDocument:
    """Tell what the archive has of each instrument: how much, from when to when."""
    try:
        known = parts.archive.holdings([one for one in instruments().values() if one.archive is not None])
    except NoArchive as error:
        return ArchiveDocument(instruments={}, note=f"{str(error)[0].upper()}{str(error)[1:]}.")
    return ArchiveDocument(instruments={name: _held(held) for name, held in known.items()}, note="")


@router.post(
    "/selections", responses={422: {"model": Problem, "description": "fields to change, each with its allowed values"}}
)
def selection(wish: Wish, parts: Given, caller: Calling) -> SelectionDocument:
    """Tell what a request would take: windows, exposure, time, first and last, and whether it was asked for before."""
    analysis = parts.intake.check(wish, caller)
    told = _told(parts, analysis)
    try:
        pace = parts.intake.seconds_per_unit(analysis.instrument, analysis.product)
    except StoreUnavailable:
        pace = None  # what the archive has is told all the same
    return told if pace is None else told.model_copy(update={"estimate_s": round(pace * told.count, 1)})


def _told(parts: Parts, analysis: Analysis) -> SelectionDocument:
    chosen = instrument(analysis.instrument)
    document = _empty(analysis, asked_before=_known(parts, analysis))
    if not chosen.takes_windows(analysis.product):
        return document.model_copy(update={"unit": "nothing"})
    if chosen.archive is None:
        count = len(set(analysis.selection.scws or ()))
        return document.model_copy(update={"count": count, "note": "It reads no archive."})
    if chosen.sliced:
        return document.model_copy(update=_slices(chosen, analysis))
    try:
        found = parts.archive.select(chosen, analysis.selection)
    except NoArchive as error:
        return document.model_copy(update={"note": f"What there is cannot be told: {error}."})
    shown = found.entries[:: max(1, -(-len(found.entries) // _OUTLINE))]
    return document.model_copy(
        update={
            "count": len(found.entries),
            "exposure_s": round(sum(entry.telapse for entry in found.entries), 1),
            "first": utc_from_ijd(found.entries[0].t_start, 0),
            "last": utc_from_ijd(max(entry.t_stop for entry in found.entries), 0),
            "rejected": len(found.rejected),
            "reasons": tuple(one.text for one in found.rejected[:_SHOWN]),
            "pointings": tuple(_window(entry) for entry in shown),
        }
    )


def _held(held: Holding) -> HoldingDocument:
    return HoldingDocument(count=held.pieces, first=held.first, last=held.last, exposure_s=round(held.exposure_s, 1))


def _empty(analysis: Analysis, *, asked_before: bool) -> SelectionDocument:
    return SelectionDocument(
        request_key=analysis.key,
        asked_before=asked_before,
        unit="science windows",
        count=0,
        exposure_s=0.0,
        estimate_s=None,
        first=None,
        last=None,
        rejected=0,
        reasons=(),
        pointings=(),
        note="",
    )


def _known(parts: Given, analysis: Analysis) -> bool:
    try:
        parts.intake.request(analysis.key)
    except NotFound:
        return False
    return True


def _slices(chosen: Instrument, analysis: Analysis) -> dict[str, object]:
    """Count slices without a look into the archive: of which there are no data shows when they are analysed."""
    time = analysis.selection.time
    if time is None:
        return {"unit": "slices of time"}
    begin, end = observed_interval(chosen, time)
    exposure = (min(end, ijd_from_utc(time.t2)) - max(begin, ijd_from_utc(time.t1))) * DAY_S
    return {
        "unit": "slices of time",
        "count": count_bound(chosen, analysis.selection) or 0,
        "exposure_s": round(exposure, 1),
        "first": utc_from_ijd(begin, 0),
        "last": utc_from_ijd(end, 0),
        "note": "Which of them have data shows when they are analysed.",
    }


def _window(entry: Entry) -> WindowDocument:
    return WindowDocument(
        label=str(entry.scw), start=utc_from_ijd(entry.t_start, 0), ra=round(entry.ra_x, 4), dec=round(entry.dec_x, 4)
    )
