"""The time as documents write it."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Return now, UTC, ISO 8601 with ``Z`` and milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_at(seconds: float) -> str:
    """Return an instant [s since 1970] as documents write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
