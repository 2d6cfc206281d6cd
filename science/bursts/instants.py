"""Time scales: UTC as text, and seconds of Terrestrial Time since MJD 51544, in which all curves count."""

import re
from collections.abc import Mapping
from typing import Any

from astropy.time import Time

_ORIGIN = 51544.0
DAY_S = 86400.0

_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "usec", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), DAY_S),
}
_SCALES = {"": "tt", "tt": "tt", "tdt": "tt", "et": "tt", "utc": "utc", "ut": "utc", "tai": "tai", "tdb": "tdb"}
_BRACKET = re.compile(r"\[\s*([A-Za-z]+)\s*\]")


def seconds_of_utc(utc: str) -> float:
    """Return seconds (TT) since MJD 51544 of a UTC time in ISO form; good to a microsecond.

    Raises:
        ValueError: not such a time, or a 61st second in a minute that has none.
    """
    text = utc.strip().removesuffix("Z")
    given = Time(text, scale="utc")
    if ":60" in text[16:] and given.ymdhms["second"] < 60:
        raise ValueError(
            f"{utc!r} has a 61st second, which that minute has not: leap seconds are 23:59:60 of a few days"
        )
    time = given.tt
    return float((time.jd1 - (_ORIGIN + 2400000.5)) * DAY_S + time.jd2 * DAY_S)


def utc_of_seconds(seconds: float, digits: int = 3) -> str:
    """Return UTC in ISO form of seconds (TT) since MJD 51544."""
    day, rest = divmod(seconds, DAY_S)
    return str(Time(_ORIGIN + day, rest / DAY_S, format="mjd", scale="tt", precision=digits).utc.isot)


def seconds_per(unit: str) -> float:
    """Return the seconds of a unit of time, as headers write it.

    Raises:
        ValueError: no unit of time.
    """
    try:
        return _SECONDS[unit.strip().lower()]
    except KeyError:
        raise ValueError(f"{unit!r} is no unit of time; there are {', '.join(_SECONDS)}") from None


def column_unit(header: Mapping[str, Any], name: str) -> str | None:
    """Return what TUNITn says of a column of a FITS table, whatever its place; None where it says nothing."""
    for number in range(1, int(header.get("TFIELDS", 0)) + 1):
        if str(header.get(f"TTYPE{number}", "")).strip().upper() == name:
            return str(header.get(f"TUNIT{number}", "")).strip() or None
    return None


def keyword_unit(header: Mapping[str, Any], keyword: str) -> str:
    """Return the unit of a time in a header: in brackets in its comment, TIMEUNIT, that of column TIME, or seconds."""
    comments = getattr(header, "comments", {})
    written = _BRACKET.search(str(comments[keyword])) if keyword in header and comments else None
    if written is not None and written[1].lower() in _SECONDS:
        return written[1]
    return str(header.get("TIMEUNIT", "")).strip() or column_unit(header, "TIME") or "s"


def origin_s(header: Mapping[str, Any]) -> float:
    """Return the seconds (TT) since MJD 51544 of time 0 of a FITS table.

    It is MJDREF, or MJDREFI and MJDREFF, in the scale of TIMESYS, and TIMEZERO (or TIMEZERI and TIMEZERF) after it, in
    the unit of `keyword_unit`.

    Raises:
        KeyError: the header does not say it.
        ValueError: TIMESYS or a unit is not known.
    """
    if "MJDREFI" in header:
        reference = float(header["MJDREFI"]), float(header.get("MJDREFF", 0.0))
    elif "MJDREF" in header:
        reference = float(header["MJDREF"]), 0.0
    else:
        raise KeyError("no MJDREF: the origin of TIME is not known")
    after = 0.0
    for keyword in ("TIMEZERO", "TIMEZERI", "TIMEZERF"):
        if keyword in header:
            after += float(header[keyword]) * seconds_per(keyword_unit(header, keyword))
    return epoch_s(*reference, str(header.get("TIMESYS", ""))) + after


def epoch_s(day: float, fraction: float, system: str) -> float:
    """Return the seconds (TT) since MJD 51544 of a modified Julian date in a time system of FITS.

    Raises:
        ValueError: the system is not known.
    """
    scale = _SCALES.get(system.strip().lower())
    if scale is None:
        raise ValueError(f"TIMESYS {system!r} is not known; there are TT, UTC, TAI and TDB")
    zero = Time(day, fraction, format="mjd", scale=scale).tt
    return float(((zero.jd1 - (_ORIGIN + 2400000.5)) + zero.jd2) * DAY_S)
