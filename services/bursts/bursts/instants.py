"""Time scales: UTC as text, and seconds of Terrestrial Time since MJD 51544, in which all curves count."""

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
