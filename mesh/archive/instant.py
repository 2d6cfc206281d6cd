"""One instant in the forms that the field uses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mesh.archive.times import IJD_OFFSET, ijd_from_utc, tt_minus_utc, utc_from_ijd

_DIGITS = 6
_DAY_S = 86400.0
_J2000 = datetime(2000, 1, 1)
_MJD0 = datetime(1858, 11, 17)
_JD_OF_MJD0 = 2400000.5
_UNIX0_MJD = 40587
_TT_MINUS_GPS = 32.184 + 19.0
_GPS0_IJD = -7300.0
"""1980-01-06T00:00:00 in days before 2000-01-01T00:00:00, both of one scale."""


@dataclass(frozen=True)
class Instant:
    """An instant; texts are in ISO form to the microsecond.

    Args:
        utc: Coordinated Universal Time.
        tt: Terrestrial Time.
        mjd_utc: modified Julian date of UTC [d].
        mjd_tt: modified Julian date of TT [d].
        jd_utc: Julian date of UTC [d].
        ijd: INTEGRAL Julian date, days of TT since 2000-01-01T00:00:00 TT.
        unix: seconds of UTC since 1970, as POSIX counts them.
        gps: seconds since 1980-01-06T00:00:00 UTC, leap seconds included.
        tt_minus_utc: [s].
    """

    utc: str
    tt: str
    mjd_utc: float
    mjd_tt: float
    jd_utc: float
    ijd: float
    unix: float
    gps: float
    tt_minus_utc: float


def instant(ijd: float) -> Instant:
    """Return the forms of an instant that is given as IJD.

    Raises:
        ValueError: it lies before 1999 or after 9998, where there is no table of leap seconds, or no form.
    """
    try:
        utc = utc_from_ijd(ijd, _DIGITS)
        tt = (_J2000 + timedelta(seconds=round(ijd * _DAY_S, _DIGITS))).isoformat(timespec="microseconds")
    except OverflowError as error:
        raise ValueError(f"IJD {ijd} is out of range") from error
    day = datetime.fromisoformat(utc[:10])
    begin = ijd_from_utc(day.isoformat())
    # A day with a leap second has the length 1 as well.
    fraction = (ijd - begin) / (ijd_from_utc((day + timedelta(days=1)).isoformat()) - begin)
    whole = (day - _MJD0).days
    clock = (ijd - begin) * _DAY_S
    return Instant(
        utc=utc,
        tt=tt,
        mjd_utc=whole + fraction,
        mjd_tt=ijd + IJD_OFFSET,
        jd_utc=_JD_OF_MJD0 + whole + fraction,
        ijd=ijd,
        unix=round((whole - _UNIX0_MJD) * _DAY_S + clock, _DIGITS),
        gps=round((ijd - _GPS0_IJD) * _DAY_S - _TT_MINUS_GPS, _DIGITS),
        tt_minus_utc=round(tt_minus_utc(day) + (clock >= _DAY_S), 3),
    )
