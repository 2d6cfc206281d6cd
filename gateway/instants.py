"""From what a caller writes as a time to all its forms, with revolution and science window where the archive tells."""

import re
from typing import NamedTuple

from pydantic import BaseModel, Field

from gateway.archive import GatewayArchive, NoArchive
from mesh.archive.instant import Instant, instant
from mesh.archive.revolutions import Revolutions, Span
from mesh.archive.scw import ScwId
from mesh.archive.time_formats import FORMATS, SCALES, ijd_of

_REVOLUTION = re.compile(r"(?:rev|revolution|orbit)\s*[:=.]?\s*0*([0-9]{1,4})", re.IGNORECASE)
_SCW = re.compile(r"(?:scw\s*[:=]?\s*)?([0-9]{12}(?:\.[0-9]{3})?)", re.IGNORECASE)
_REVOLUTION_FORMATS, _SCW_FORMATS = frozenset({"revolution", "rev", "revnum"}), frozenset({"scw", "scwid"})
ALLOWED = (
    "UTC in ISO form, 2018-10-29T12:00:00; MJD 58420.5, JD 2458421.0, IJD 6876.5, GPS 1187008882.43 and the other "
    "formats of astropy after their name; REV 2016; a science window, 201600270010"
)


class WrongTime(ValueError):
    """It is no time; the text says what is one.

    Args:
        field: what to change.
        text: for a person.
        allowed: what may stand there.
    """

    def __init__(self, field: str, text: str, allowed: str) -> None:
        super().__init__(f"{field}: {text}; allowed: {allowed}")
        self.field = field
        self.allowed = allowed


class InstantDocument(BaseModel):
    """An instant in every form; texts are in ISO form to the microsecond."""

    utc: str
    tt: str = Field(description="Terrestrial Time")
    mjd_utc: float
    mjd_tt: float
    jd_utc: float
    ijd: float = Field(description="INTEGRAL Julian date: days of TT since 2000-01-01T00:00:00 TT")
    unix: float
    gps: float
    tt_minus_utc: float = Field(description="seconds")
    revolution: int | None = Field(description="of INTEGRAL, by the index of the archive")
    scw: str | None = Field(description="science window that covers it, by the index of the archive")

    @classmethod
    def of(cls, known: Instant, revolution: int | None, scw: str | None) -> "InstantDocument":
        """Return the document of an instant."""
        return cls(**vars(known), revolution=revolution, scw=scw)


Told = tuple[Instant, int | None, str | None]
"""An instant with its revolution and its science window."""


class Time(NamedTuple):
    """What a caller wrote."""

    start: Told
    stop: Told | None = None
    note: str = ""


def read_time(text: str, form: str, scale: str, archive: GatewayArchive) -> Time:
    """Return a time, or start and end of a revolution or a science window.

    Args:
        text: as the caller wrote it.
        form: name of its format; empty: the text tells.
        scale: in which dates and days are.
        archive: knows revolutions and windows.

    Raises:
        WrongTime: it is no time, or the archive does not have the revolution or window.
        NoArchive: a revolution or window is asked for, and there is no archive that knows it.
    """
    form = form.strip().lower()
    if form in _REVOLUTION_FORMATS or (not form and _REVOLUTION.fullmatch(text)):
        return _revolution(text, archive.revolutions())
    if form in _SCW_FORMATS or (not form and _SCW.fullmatch(text)):
        return _window(text, archive.revolutions())
    try:
        ijd = ijd_of(text, form, scale)
        found = instant(ijd)
    except ValueError as error:
        field = "format" if form and form not in FORMATS else "value" if scale in SCALES else "scale"
        raise WrongTime(field, str(error).partition(";")[0], ALLOWED) from None
    try:
        known = archive.revolutions()
    except NoArchive as error:
        return Time((found, None, None), note=f"revolution and science window are not told: {error}")
    revolution, window = known.revolution(ijd), known.window(ijd)
    note = "" if revolution is not None else "the archive has no science window near this time"
    return Time((found, revolution, window), note=note)


def _revolution(text: str, known: Revolutions) -> Time:
    named = _REVOLUTION.fullmatch(text)
    number = int(named[1]) if named else int(text) if text.isdigit() and len(text) <= 4 else 0
    if number < 1:
        raise WrongTime("value", f"{text[:32]!r} is no revolution", "a whole number from 1, e.g. REV 2016")
    span = known.span(number)
    if span is None:
        first, last = known.first_and_last
        raise WrongTime("value", f"the archive has no science window of revolution {number}", f"{first} to {last}")
    return _span(span, number, known)


def _window(text: str, known: Revolutions) -> Time:
    named = _SCW.fullmatch(text)
    try:
        scw = ScwId.parse(named[1] if named else text)
    except ValueError as error:
        raise WrongTime("value", str(error).partition(";")[0], "RRRRPPPPSSSF or RRRRPPPPSSSF.VVV") from None
    found = known.find(scw)
    if found is None:
        raise WrongTime("value", f"the archive has no science window {scw}", "one that it has")
    label, span = found
    return _span(span, scw.revolution, known, label)


def _span(span: Span, revolution: int, known: Revolutions, label: str | None = None) -> Time:
    start, stop = (
        (instant(ijd), revolution, label if label is not None else known.window(ijd)) for ijd in (span.start, span.stop)
    )
    return Time(start, stop)
