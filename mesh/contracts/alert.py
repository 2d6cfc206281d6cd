"""Alerts as they are stored and as they travel: receipts, wishes of operators, and what was done about an event."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from mesh.contracts.document import Document, Part
from mesh.contracts.notice import Notice
from mesh.contracts.view import StageProduct
from mesh.states import JobState


class Receipt(Document):
    """``alerts/receipts/<receipt_id>.json``: one notice that was taken, stored before its sender is answered."""

    SCHEMA: ClassVar[str] = "odamesh.alert-receipt/1"

    receipt_id: str
    """Follows from the content, so that the same notice has one receipt, whoever sends it and how often."""
    received: str
    """UTC, ISO 8601 with ``Z``."""
    content: str
    """SHA-256 of the canonical form."""
    raw: str
    """SHA-256 of the bytes, which are ``alerts/raw/<sha256>``."""
    size: int
    """Bytes."""
    sender: str
    notice: Notice


class Deed(StrEnum):
    """What an operator does about an event."""

    REPLAY = "replay"
    """Have it analysed again as far as something failed, and published again where it was not."""
    RETRACT = "retract"
    """Withdraw what the mesh has published; nothing more is published until a replay."""
    APPROVE = "approve"
    """Publish what waits for a person."""
    MUTE = "mute"
    """Publish nothing until unmuted."""
    UNMUTE = "unmute"


class AlertCommand(Document):
    """``alerts/commands/<command_id>.json``: what an operator wants done about an event."""

    SCHEMA: ClassVar[str] = "odamesh.alert-command/1"

    command_id: str
    event_key: str
    deed: Deed
    caller: str
    at: str
    """UTC, ISO 8601 with ``Z``."""
    reason: str = ""
    version: int = 0
    """Of the record that is approved."""


class AlertEntry(Document):
    """Message on ``mesh.alerts``: a receipt or a command is to be taken up. The event alone: look at it again."""

    SCHEMA: ClassVar[str] = "odamesh.alert-entry/1"

    event_key: str
    receipt_id: str = ""
    command_id: str = ""
    receipt: Receipt | None = None
    """As it is stored, so that nobody need read it; None: it is to be read."""


class ClaimedId(Document):
    """``alerts/ids/<digest>.json``: which message a sender gave an id (webhook-id, Idempotency-Key)."""

    SCHEMA: ClassVar[str] = "odamesh.claimed-id/1"

    raw: str
    """SHA-256 of the bytes."""


class Quarantined(Document):
    """``alerts/quarantine/<sha256>.json``: why a message could not be taken; its bytes are beside it."""

    SCHEMA: ClassVar[str] = "odamesh.quarantined/1"

    raw: str
    received: str
    sender: str
    kind: str
    """``malformed``, ``not-usable``..."""
    text: str


class AlertJob(Part):
    """One analysis that an event asks for."""

    instrument: str
    product: str
    signature: str
    """Hash of what is asked for."""
    time: str
    """UTC of the trigger that it was planned for."""
    wish: dict[str, Any]
    """Selection and parameters."""
    attempt: int = 1
    job_id: str = ""
    """Empty: it is not submitted yet."""
    state: JobState | None = None
    """None: not submitted."""
    text: str = ""
    """Why it gave nothing, or waits."""
    results: dict[str, Any] = Field(default_factory=dict)
    """What its report says, in short."""
    products: tuple[StageProduct, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in {JobState.COMPLETED, JobState.ERROR, JobState.ABORTED}


class FetchedMap(Part):
    """What became of a sky map of which notices give only the address."""

    url: str
    sha256: str = ""
    """Of the map, which is kept as an upload; empty: it is not available."""
    size: int = 0
    text: str = ""
    """Why it is not available."""
    tries: int = 1
    next_try: float | None = None
    """Seconds since 1970; None: it is not tried again."""


class Outgoing(Part):
    """A message that is to be published."""

    topic: str
    version: int
    """Of the record."""
    held_until: str | None = None
    """A person is to look at it first; at this time it is published without."""


class AlertEvent(Document):
    """``alerts/events/<event_key>.json``: all that is known of an event, and all that was done about it.

    Its state follows from the receipts alone (`mesh.alerts.standing`), in whatever order they came.
    """

    SCHEMA: ClassVar[str] = "odamesh.alert-event/1"

    event_key: str
    receipts: tuple[Receipt, ...] = ()
    commands: tuple[AlertCommand, ...] = ()
    jobs: tuple[AlertJob, ...] = ()
    version: int = 0
    """Of the newest record; 0: there is none."""
    digest: str = ""
    """Of the content of that record."""
    published: dict[str, int] = Field(default_factory=dict)
    """Topic -> version of the record that was published last; negative: it was a retraction."""
    outbox: tuple[Outgoing, ...] = ()
    maps: tuple[FetchedMap, ...] = ()
    """Those that were fetched, or could not be."""
