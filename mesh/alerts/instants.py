"""Times as senders write them, brought into the one form of the mesh."""

import re
from datetime import datetime, timedelta

from mesh.alerts.errors import NotUsable
from mesh.archive.times import ijd_from_utc

_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s*(?:Z|UTC|([+-])(\d{2}):?(\d{2}))?",
    re.IGNORECASE,
)
_LAST_OF_LEAPS = frozenset({(6, 30), (12, 31)})
_MICROSECONDS = 6


def utc(text: object) -> str:
    """Return a time in the form of the mesh: UTC, ISO 8601 with ``Z``; without a zone it is read as UTC.

    Microseconds are kept, what is finer is cut. A 61st second stays one where the minute has it; at the end of a half
    year that has no known leap second it is the first second of the next day.

    Raises:
        NotUsable: it is no time.
    """
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise _no_time(text)
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    leap = second == "60"
    microseconds = int((fraction or "0")[:_MICROSECONDS].ljust(_MICROSECONDS, "0"))
    try:
        clock = f"{year}-{month}-{day}T{hour}:{minute}:{59 if leap else int(second or 0):02d}"
        instant = datetime.fromisoformat(f"{clock}.{microseconds:06d}+00:00")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        instant = instant + offset if sign == "-" else instant - offset
    except (ValueError, OverflowError):
        raise _no_time(text) from None
    if not leap:
        return _written(instant)
    if (instant.hour, instant.minute) != (23, 59) or (instant.month, instant.day) not in _LAST_OF_LEAPS:
        raise NotUsable(f"{str(text)[:64]!r} has a 61st second, which that minute has not")
    written = f"{_written(instant)[:17]}60{_written(instant)[19:]}"
    try:
        ijd_from_utc(written)
    except ValueError:
        return _written(instant + timedelta(seconds=1))
    return written


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one time of the mesh to another; a leap second counts as the one after it."""
    return (_instant(later) - _instant(earlier)).total_seconds()


def unix_seconds(text: str) -> float:
    """Return the seconds since 1970 of a time of the mesh; a leap second counts as the one after it."""
    return _instant(text).timestamp()


def _instant(text: str) -> datetime:
    if text[17:19] == "60":
        return datetime.fromisoformat(f"{text[:17]}59{text[19:]}") + timedelta(seconds=1)
    return datetime.fromisoformat(text)


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds" if instant.microsecond % 1000 == 0 else "microseconds").replace(
        "+00:00", "Z"
    )


def _no_time(text: object) -> NotUsable:
    return NotUsable(f"{str(text)[:64]!r} is no time: write UTC as YYYY-MM-DDThh:mm:ss.fffZ")
