"""Times as callers write them, in each text format of astropy and in INTEGRAL's own, to IJD (TT).

The names of the formats are those of ``astropy.time.Time.FORMATS``; `ijd` stands beside them.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from mesh.archive.times import ijd_from_utc

SCALES = ("utc", "tt", "tai")
"""Time scales in which dates and days are read; seconds since an epoch have a scale of their own."""

_DAY_S = 86400.0
_J2000 = datetime(2000, 1, 1)
_MJD0 = datetime(1858, 11, 17)
_JD_OF_MJD0 = 2400000.5
_GPS0 = datetime(1980, 1, 6)
_CXC0 = datetime(1998, 1, 1)
_UNIX0 = datetime(1970, 1, 1)
_STARDATE0 = datetime(2318, 7, 5, 11)
_STARDATE_D = 0.397766856
_TAI_MINUS_GPS = 19.0
_TT_MINUS_TAI = 32.184
_JULIAN_YEAR_D = 365.25
_BESSELIAN_YEAR_D = 365.242198781
_JD_OF_B1900, _JD_OF_J2000 = 2415020.31352, 2451545.0
_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\s*[:=]\s*|\s+)(\S.*)")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
# A number without a word is what only one of the three can be: IJD up to 2054, MJD from 1999 on, JD.
_IJD_BELOW, _MJD_BELOW, _JD_BELOW = 20_000.0, 100_000.0, 10_000_000.0

At = Callable[[datetime], float]
"""From a date and time in some scale to IJD (TT)."""


def ijd_of(text: str, form: str = "", scale: str = "utc") -> float:
    """Return an instant as IJD, days of TT since 2000-01-01T00:00:00 TT.

    Args:
        text: the time; without *form* in ISO, a number that can only be IJD, MJD or JD, or a number after the name of
            its format, e.g. ``GPS 1187008882.43``.
        form: name of the format, one of `FORMATS`; empty: the text tells.
        scale: of dates and days, one of `SCALES`.

    Raises:
        ValueError: the text does not have the format, or there is no such format or scale; says what is allowed.
    """
    text = text.strip()
    form = form.strip().lower()
    if not form:
        form, text = _guessed(text)
    read = FORMATS.get(form)
    if read is None:
        msg = f"{form[:32]!r} is not a known format; known: {', '.join(FORMATS)}"
        raise ValueError(msg)
    if scale not in _AT:
        msg = f"{scale[:32]!r} is not a known time scale; known: {', '.join(SCALES)}"
        raise ValueError(msg)
    try:
        found = read(text, _AT[scale])
    except OverflowError as error:
        raise ValueError("it is out of range") from error
    if not math.isfinite(found):
        raise ValueError("it is not finite")
    return found


def _guessed(text: str) -> tuple[str, str]:
    """Return the format that a text tells, and the text without what told it."""
    if (worded := _WORD.fullmatch(text)) and worded[1].lower() in FORMATS:
        return worded[1].lower(), worded[2]
    if _NUMBER.fullmatch(text):
        if text.isdigit() and len(text) == len("2018"):
            msg = f"{text!r} may be a year or an IJD: write {text}-01-01 or IJD {text}"
            raise ValueError(msg)
        if text.isdigit() and len(text) == len("20181029"):
            return "isot", text  # a date in the compact ISO form
        value = float(text)
        for form, limit in (("ijd", _IJD_BELOW), ("mjd", _MJD_BELOW), ("jd", _JD_BELOW)):
            if value < limit:
                return form, text
        msg = f"{text[:32]!r} may be seconds since several epochs: write UNIX {text[:24]}, or GPS {text[:24]}"
        raise ValueError(msg)
    return ("yday" if re.match(r"[0-9]{4}:[0-9]{3}(:|$)", text) else "isot"), text


def _utc(instant: datetime) -> float:
    return ijd_from_utc(instant.isoformat())


def _tt(instant: datetime) -> float:
    return (instant - _J2000).total_seconds() / _DAY_S


def _tai(instant: datetime) -> float:
    return _tt(instant + timedelta(seconds=_TT_MINUS_TAI))


_AT: Mapping[str, At] = {"utc": _utc, "tt": _tt, "tai": _tai}


def _iso(text: str, at: At) -> float:
    text = text.replace(" ", "T", 1)
    if at is _utc:
        return ijd_from_utc(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text[:64]!r} is not a time in ISO form; write YYYY-MM-DDThh:mm:ss[.fff]"
        raise ValueError(msg) from None
    if instant.tzinfo is not None:
        msg = "a time with a zone is UTC: leave the zone out, or the scale"
        raise ValueError(msg)
    return at(instant)


def _yday(text: str, at: At) -> float:
    year, day, *clock = text.split(":")
    begin = datetime(int(year), 1, 1) + timedelta(days=int(day) - 1)
    if begin.year != int(year) or len(clock) > 3:
        msg = "it is not YYYY:DDD:hh:mm:ss"
        raise ValueError(msg)
    hour, minute, second = (*clock, "00", "00", "00")[:3]
    return _iso(f"{begin:%Y-%m-%d}T{hour}:{minute}:{second}", at)


def _ymdhms(text: str, at: At) -> float:
    parts = re.split(r"[\s,]+", text.strip("()[] "))
    if not 3 <= len(parts) <= 6:
        msg = "it is not year, month, day, hour, minute, second (the last three may be left out)"
        raise ValueError(msg)
    year, month, day, hour, minute = map(int, (*parts[:5], "0", "0")[:5])
    second = float(parts[5]) if len(parts) == 6 else 0.0
    if not 0.0 <= second < 61.0:
        msg = "its second is out of range"
        raise ValueError(msg)
    return _iso(f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:09.6f}", at)


def _ijd(text: str, _: At) -> float:
    return float(text)


def _mjd(text: str, at: At) -> float:
    return _days(_MJD0, float(text), at)


def _jd(text: str, at: At) -> float:
    return _days(_MJD0, float(text) - _JD_OF_MJD0, at)


def _decimalyear(text: str, at: At) -> float:
    value = float(text)
    begin = datetime(int(value), 1, 1)
    first, last = at(begin), at(begin.replace(year=begin.year + 1))
    return first + (value - int(value)) * (last - first)


def _jyear(text: str, at: At) -> float:
    return _jd(str(_JD_OF_J2000 + (float(text.lstrip("Jj")) - 2000.0) * _JULIAN_YEAR_D), at)


def _byear(text: str, at: At) -> float:
    return _jd(str(_JD_OF_B1900 + (float(text.lstrip("Bb")) - 1900.0) * _BESSELIAN_YEAR_D), at)


def _days(origin: datetime, days: float, at: At) -> float:
    """Return the IJD of days since an origin; a day of UTC with a leap second is longer and still has the length 1."""
    whole = math.floor(days)
    begin, end = (at(origin + timedelta(days=whole + more)) for more in (0, 1))
    return begin + (days - whole) * (end - begin)


def _unix(text: str, _: At) -> float:
    return _days(_UNIX0, float(text) / _DAY_S, _utc)


def _plot_date(text: str, _: At) -> float:
    return _days(_UNIX0, float(text), _utc)


def _galexsec(text: str, _: At) -> float:
    return _days(_GPS0, float(text) / _DAY_S, _utc)


def _gps(text: str, _: At) -> float:
    return _tai(_GPS0 + timedelta(seconds=_TAI_MINUS_GPS)) + float(text) / _DAY_S


def _unix_tai(text: str, _: At) -> float:
    return _tai(_UNIX0) + float(text) / _DAY_S


def _cxcsec(text: str, _: At) -> float:
    return _tt(_CXC0) + float(text) / _DAY_S


def _stardate(text: str, _: At) -> float:
    return _tai(_STARDATE0) + float(text) * _STARDATE_D


FORMATS: Mapping[str, Callable[[str, At], float]] = {
    "isot": _iso,
    "iso": _iso,
    "fits": _iso,
    "datetime": _iso,
    "datetime64": _iso,
    "ymdhms": _ymdhms,
    "yday": _yday,
    "ijd": _ijd,
    "mjd": _mjd,
    "jd": _jd,
    "unix": _unix,
    "unix_tai": _unix_tai,
    "gps": _gps,
    "cxcsec": _cxcsec,
    "galexsec": _galexsec,
    "plot_date": _plot_date,
    "stardate": _stardate,
    "decimalyear": _decimalyear,
    "jyear": _jyear,
    "jyear_str": _jyear,
    "byear": _byear,
    "byear_str": _byear,
}
"""Name of a format -> what reads it."""
