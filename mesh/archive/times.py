"""Time scales of the archive: UTC as ISO strings, and IJD and MJD in terrestrial time (TT).

INTEGRAL Julian Date: IJD = MJD(TT) - 51544, that is days of TT since 2000-01-01T00:00:00 TT.
Leap seconds: IERS Bulletin C; TT = TAI + 32.184 s. No leap second is announced after 2017-01-01.
"""

from datetime import UTC, datetime, timedelta

IJD_OFFSET = 51544.0
"""MJD(TT) of IJD 0."""

_EPOCH = datetime(2000, 1, 1)
_END = datetime(9999, 1, 1)
"""Beyond it the conversions leave the range of datetime."""
_TT_MINUS_TAI = 32.184
# First UTC instant of each value of TAI - UTC [s].
_TAI_MINUS_UTC: tuple[tuple[datetime, int], ...] = (
    (datetime(1999, 1, 1), 32),
    (datetime(2006, 1, 1), 33),
    (datetime(2009, 1, 1), 34),
    (datetime(2012, 7, 1), 35),
    (datetime(2015, 7, 1), 36),
    (datetime(2017, 1, 1), 37),
)


def tt_minus_utc(utc: datetime) -> float:
    """TT - UTC in seconds at a UTC instant (naive, or with a time zone).

    Raises:
        ValueError: the instant is before 1999, where the table starts.
    """
    instant = utc.astimezone(UTC).replace(tzinfo=None) if utc.tzinfo else utc
    for start, tai_minus_utc in reversed(_TAI_MINUS_UTC):
        if instant >= start:
            return tai_minus_utc + _TT_MINUS_TAI
    raise ValueError(f"UTC {instant.isoformat()} is before 1999-01-01, where the leap second table starts")


def ijd_from_utc(utc: str) -> float:
    """IJD (TT) of a UTC time in ISO form, e.g. '2017-08-17T12:41:04' (fraction and 'Z' allowed).

    Raises:
        ValueError: the string is not an ISO time, lies before 1999 or after 9998, or has a 61st second (':60') in a
            minute that has none.
    """
    text = utc.strip()
    # datetime has no 61st second: read 23:59:60 as 23:59:59 and add the second after the conversion.
    clock = text[10:]
    leap = clock[6:9] == ":60"
    if leap:
        text = text[:10] + clock[:6] + ":59" + clock[9:]
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo:
            instant = instant.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError(
            f"'{utc[:64]}' is not a UTC time; write it as YYYY-MM-DDThh:mm:ss[.fff], e.g. 2017-08-17T12:41:04"
        ) from None
    if instant >= _END:
        raise ValueError(f"UTC {instant.isoformat()} is after {_END.isoformat()}, the last time that has a form")
    if leap and not _ends_in_leap_second(instant):
        last = (_TAI_MINUS_UTC[-1][0] - timedelta(days=1)).strftime("%Y-%m-%d")
        raise ValueError(
            f"'{utc[:64]}' has a 61st second, which that minute has not: leap seconds are 23:59:60 UTC of a few days, "
            f"the last {last}"
        )
    seconds = (instant - _EPOCH).total_seconds() + tt_minus_utc(instant) + (1.0 if leap else 0.0)
    return seconds / 86400.0


def _ends_in_leap_second(instant: datetime) -> bool:
    """Tell whether the minute of a UTC instant has a 61st second."""
    next_minute = instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return any(next_minute == start for start, _ in _TAI_MINUS_UTC)


def utc_from_ijd(ijd: float, digits: int = 3) -> str:
    """UTC in ISO form of an IJD (TT), rounded to `digits` (0-6) decimals of a second.

    An instant inside a leap second has the second 60.

    Raises:
        ValueError: the time lies before 1999.
    """
    for start, tai_minus_utc in reversed(_TAI_MINUS_UTC):
        utc = _EPOCH + timedelta(seconds=round(ijd * 86400.0 - tai_minus_utc - _TT_MINUS_TAI, digits))
        # The table begins after the leap second of its first row.
        leap = utc < start and start > _TAI_MINUS_UTC[0][0]
        if utc >= (start - timedelta(seconds=1) if leap else start):
            whole = utc.strftime("%Y-%m-%dT%H:%M:60" if leap else "%Y-%m-%dT%H:%M:%S")
            return whole if digits == 0 else f"{whole}.{utc.microsecond:06d}"[: len(whole) + 1 + digits]
    raise ValueError(f"IJD {ijd} is before 1999-01-01 UTC, where the leap second table starts")


def mjd_from_ijd(ijd: float) -> float:
    """MJD (TT) of an IJD (TT)."""
    return ijd + IJD_OFFSET


def ijd_from_mjd(mjd_tt: float) -> float:
    """IJD (TT) of an MJD that is already in TT."""
    return mjd_tt - IJD_OFFSET


def ijd_from_mjd_utc(mjd_utc: float) -> float:
    """IJD (TT) of an MJD given in UTC, as callers of the web interface use it."""
    instant = _EPOCH + timedelta(days=mjd_utc - IJD_OFFSET)
    return mjd_utc - IJD_OFFSET + tt_minus_utc(instant) / 86400.0
