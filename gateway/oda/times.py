"""Times in the formats that a caller names, as UTC in ISO form."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from gateway.oda.refusals import Misunderstood
from mesh.archive.times import ijd_from_utc, tt_minus_utc, utc_from_ijd

_MJD0 = datetime(1858, 11, 17)
_JD_OF_MJD0 = 2400000.5
_DAY_S = 86400.0
_GPS0 = datetime(1980, 1, 6)
_CXC0 = datetime(1998, 1, 1)
_TAI_MINUS_GPS = 19.0
_TT_MINUS_TAI = 32.184
_JULIAN_YEAR_D = 365.25
_BESSELIAN_YEAR_D = 365.242198781
_JD_OF_B1900, _JD_OF_J2000 = 2415020.31352, 2451545.0
_PLOT0 = datetime(1970, 1, 1)


def utc(text: str, form: str) -> str:
    """Return an instant, UTC in ISO form to the millisecond.

    Args:
        text: as the caller wrote it.
        form: name of an astropy format.

    Raises:
        Misunderstood: the text does not have the format, or there is no such format.
    """
    read = _READERS.get(form.strip().lower())
    if read is None:
        msg = f"parameter T_format: {form[:32]!r} is not a known format; known: {', '.join(_READERS)}"
        raise Misunderstood(msg)
    try:
        return utc_from_ijd(read(text.strip()), 3)
    except (ValueError, OverflowError) as error:
        reason = str(error).partition(";")[0]
        msg = f"time {text[:64]!r} cannot be read as {form}: {reason}"
        raise Misunderstood(msg) from None


def _iso(text: str) -> float:
    return ijd_from_utc(text.replace(" ", "T", 1))


def _mjd(text: str) -> float:
    return _days(_MJD0, float(text))


def _jd(text: str) -> float:
    return _days(_MJD0, float(text) - _JD_OF_MJD0)


def _unix(text: str) -> float:
    return _days(_PLOT0, float(text) / _DAY_S)


def _plot_date(text: str) -> float:
    return _days(_PLOT0, float(text))


def _gps(text: str) -> float:
    return _tai_instant(_GPS0 + timedelta(seconds=float(text) + _TAI_MINUS_GPS))


def _cxcsec(text: str) -> float:
    return _tai_instant(_CXC0 + timedelta(seconds=float(text) - _TT_MINUS_TAI))


def _yday(text: str) -> float:
    year, day, *clock = text.split(":")
    begin = datetime(int(year), 1, 1) + timedelta(days=int(day) - 1)
    if not 1 <= int(day) <= 366 or len(clock) > 3:
        msg = "it is not YYYY:DDD:hh:mm:ss"
        raise ValueError(msg)
    hour, minute, second = (*clock, "00", "00", "00")[:3]
    return ijd_from_utc(f"{begin:%Y-%m-%d}T{hour}:{minute}:{second}")


def _decimalyear(text: str) -> float:
    value = float(text)
    begin = datetime(int(value), 1, 1)
    length = datetime(int(value) + 1, 1, 1) - begin
    return _utc_instant(begin + (value - int(value)) * length)


def _jyear(text: str) -> float:
    return _jd(str(_JD_OF_J2000 + (float(text.lstrip("Jj")) - 2000.0) * _JULIAN_YEAR_D))


def _byear(text: str) -> float:
    return _jd(str(_JD_OF_B1900 + (float(text.lstrip("Bb")) - 1900.0) * _BESSELIAN_YEAR_D))


def _days(origin: datetime, days: float) -> float:
    """Return the IJD of days of UTC since an origin; a day with a leap second is longer and still has the length 1."""
    whole = math.floor(days)
    begin, end = (_utc_instant(origin + timedelta(days=whole + more)) for more in (0, 1))
    return begin + (days - whole) * (end - begin)


def _utc_instant(instant: datetime) -> float:
    return ijd_from_utc(instant.isoformat())


def _tai_instant(tai: datetime) -> float:
    """Return the IJD of an instant that is given in TAI."""
    tt = tai + timedelta(seconds=_TT_MINUS_TAI)
    near = tt - timedelta(seconds=tt_minus_utc(tt.replace(tzinfo=UTC)))
    # Beside a leap second the difference belongs to the instant itself.
    return _utc_instant(tt - timedelta(seconds=tt_minus_utc(near)))


_READERS: Mapping[str, Callable[[str], float]] = {
    "isot": _iso,
    "iso": _iso,
    "fits": _iso,
    "datetime": _iso,
    "mjd": _mjd,
    "jd": _jd,
    "unix": _unix,
    "gps": _gps,
    "cxcsec": _cxcsec,
    "plot_date": _plot_date,
    "yday": _yday,
    "decimalyear": _decimalyear,
    "jyear": _jyear,
    "jyear_str": _jyear,
    "byear": _byear,
    "byear_str": _byear,
}
