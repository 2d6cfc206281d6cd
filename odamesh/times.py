"""Times as callers write them - ISO, MJD, JD, IJD, datetime, astropy's Time - as UTC in the mesh's own form."""

import re
from datetime import UTC, date, datetime
from typing import Any

from mesh.archive.times import ijd_from_mjd_utc, ijd_from_utc, utc_from_ijd
from odamesh.errors import WrongValue

FORMS = (
    "UTC in ISO form, 2018-10-29T12:00:00, with a zone if need be; MJD 58420.5, JD 2458421.0 (UTC); or IJD 6876.5 (TT)"
)

_NUMBER = re.compile(r"(?:(MJD|JD|IJD)\s*[:=]?\s*)?([-+]?[0-9]+(?:\.[0-9]*)?)", re.IGNORECASE)
_JD_OFFSET = 2_400_000.5
# A number without a word is what only one of the three can be: IJD up to 2051, MJD from 1999 on, JD.
_IJD_BELOW = 20_000.0
_MJD_BELOW = 100_000.0
_LONGEST = 64


def utc(name: str, value: Any) -> str:
    """Return a time as UTC in ISO form without zone, to the microsecond at most.

    Args:
        name: of the field, for the error.
        value: a text or number in one of `FORMS`; a datetime, one without zone being UTC; a date; a
            numpy.datetime64; an astropy Time.

    Raises:
        WrongValue: it is none of these, or out of the range of 1999 to 9998.
    """
    try:
        return _utc(value)
    except (ValueError, OverflowError) as error:
        reason = str(error).partition(";")[0]
        raise WrongValue(f"{name}: {reason}; allowed: {FORMS}") from error


def _utc(value: Any) -> str:
    if hasattr(value, "utc") and hasattr(value, "scale"):  # astropy's Time, without importing astropy
        exact = value.utc.copy()
        exact.precision = 6
        return _checked(str(exact.isot))
    if isinstance(value, datetime):
        return _checked((value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat())
    if isinstance(value, date):
        return _checked(value.isoformat())
    if hasattr(value, "item") and not hasattr(value, "unit") and type(value).__name__ != "datetime64":
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        text = str(value)
        if type(value).__name__ != "datetime64":
            raise ValueError(f"{text[:_LONGEST]!r} is not a time")
        value = text
    text = str(value).strip()
    number = _NUMBER.fullmatch(text[:_LONGEST])
    if number and number[1] is None and isinstance(value, str) and text.isdigit():
        if len(text) == len("2018"):
            raise ValueError(f"{text!r} may be a year or an IJD: write {text}-01-01 or IJD {text}")
        if len(text) == len("20181029"):
            return _checked(text)  # a date in the compact ISO form
    if number:
        return _of_number(number[1], float(number[2]))
    return _checked(text)


def _of_number(word: str | None, value: float) -> str:
    if word is None:
        word = "IJD" if value < _IJD_BELOW else "MJD" if value < _MJD_BELOW else "JD"
    match word.upper():
        case "IJD":
            return _checked(utc_from_ijd(value, 6))
        case "MJD":
            return _checked(utc_from_ijd(ijd_from_mjd_utc(value), 6))
        case _:
            return _checked(utc_from_ijd(ijd_from_mjd_utc(value - _JD_OFFSET), 6))


def _checked(text: str) -> str:
    """Return an ISO time in UTC, without its zone; a leap second stays as it is written."""
    ijd_from_utc(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text  # the 61st second, which datetime does not have
    return (instant.astimezone(UTC) if instant.tzinfo else instant).replace(tzinfo=None).isoformat()
