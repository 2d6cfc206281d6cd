"""The log of a unit while it runs: who wants to follow it, and its pieces."""

from typing import ClassVar

from mesh.contracts.document import Document


class FollowLog(Document):
    """Broadcast on ``mesh.control``, routing key ``follow.<instrument>``: somebody reads the log of a unit now.

    It is repeated every few seconds; whoever runs the unit sends `LogText` as long as it comes, and no longer.
    """

    SCHEMA: ClassVar[str] = "odamesh.follow-log/1"

    unit_key: str
    try_id: str = ""
    """The try of the unit that the position belongs to; empty: none is known."""
    position: int = 0
    """Bytes of its log that the reader has."""


class LogText(Document):
    """Message on ``mesh.events``, routing key ``log.<instrument>``: a piece of at most 64 KiB of a running unit's log.

    It may be lost or come twice; the whole log is stored when the unit has ended.
    """

    SCHEMA: ClassVar[str] = "odamesh.log-text/1"

    instrument: str
    unit_key: str
    try_id: str
    """Every try of a unit has a log of its own."""
    start: int
    """Bytes of the log before this piece."""
    end: int
    """Bytes of the log up to the end of this piece."""
    text: str

    @property
    def routing_key(self) -> str:
        """Where the piece goes on ``mesh.events``."""
        return f"log.{self.instrument}"
