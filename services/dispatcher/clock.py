"""The time as documents and records give it."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Return the time, UTC, ISO 8601 with ``Z`` and milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
