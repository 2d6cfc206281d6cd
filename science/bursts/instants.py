"""Time scales: UTC as text, and seconds of Terrestrial Time since MJD 51544, in which all curves count."""

from collections.abc import Mapping
from typing import Any

from astropy.time import Time

_ORIGIN = 51544.0
DAY_S = 86400.0


def seconds_of_utc(utc: str) -> float:
    """Return seconds (TT) since MJD 51544 of a UTC time in ISO form; good to a microsecond.

    Raises:
        ValueError: not such a time.
    """
    time = Time(utc.strip().removesuffix("Z"), scale="utc").tt
    return float((time.jd1 - (_ORIGIN + 2400000.5)) * DAY_S + time.jd2 * DAY_S)


def utc_of_seconds(seconds: float, digits: int = 3) -> str:
    """Return UTC in ISO form of seconds (TT) since MJD 51544."""
    day, rest = divmod(seconds, DAY_S)
    return str(Time(_ORIGIN + day, rest / DAY_S, format="mjd", scale="tt", precision=digits).utc.isot)


def origin_s(header: Mapping[str, Any]) -> float:
    """Return the seconds (TT) since MJD 51544 of time 0 of a FITS table: MJDREF or MJDREFI and -F, TIMESYS, TIMEZERO.

    TIMEZERO is taken in seconds.

    Raises:
        KeyError: the header does not say it.
    """
    if "MJDREFI" in header:
        reference = float(header["MJDREFI"]), float(header.get("MJDREFF", 0.0))
    elif "MJDREF" in header:
        reference = float(header["MJDREF"]), 0.0
    else:
        raise KeyError("no MJDREF: the origin of TIME is not known")
    system = str(header.get("TIMESYS", "TT")).strip().lower()
    zero = Time(reference[0], reference[1], format="mjd", scale="utc" if system == "utc" else "tt").tt
    offset = ((zero.jd1 - (_ORIGIN + 2400000.5)) + zero.jd2) * DAY_S
    return float(offset) + float(header.get("TIMEZERO", 0.0))
