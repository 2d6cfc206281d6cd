"""Takes a message: reads it, stores its bytes and a receipt, hands it to the triggers service, and says what it did.

The sender is answered when all of that is stored. Whoever sends the same again gets the first receipt; if the first
message was not taken up yet, it is handed over once more, so that a crash between two steps loses nothing.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import structlog

from mesh.alerts.errors import Malformed, NoticeRefused, NotUsable, TooLarge, UnknownFormat
from mesh.alerts.message import Message
from mesh.alerts.read import read_message
from mesh.broker.topology import alert_key
from mesh.clock import utc_now
from mesh.contracts.alert import AlertCommand, AlertEntry, ClaimedId, Quarantined, Receipt
from mesh.errors import MeshError
from mesh.intake import metrics
from mesh.store.alert_index import AlertIndex
from mesh.store.alerts import Alerts

_log = structlog.get_logger("alerts")
_RECEIPT_DIGITS = 32

KINDS: dict[type[NoticeRefused], str] = {
    Malformed: "alert-malformed",
    NotUsable: "alert-not-usable",
    TooLarge: "alert-too-large",
    UnknownFormat: "alert-format",
}
"""What a refusal is called in answers and in the quarantine."""


class IdReused(MeshError):
    """The sender has given the id to another message before."""


class StreamNotAllowed(MeshError):
    """The sender may not send notices of this stream.

    Args:
        stream: of the notice.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(f"This sender may not send notices of the stream {stream}.")
        self.stream = stream


class AlertPublisher(Protocol):
    """Sends to ``mesh.alerts``."""

    def alert(self, routing_key: str, entry: AlertEntry) -> None:
        """Publish one entry; raises `mesh.errors.BrokerUnavailable` if it is not confirmed in time."""


@dataclass(frozen=True)
class Taken:
    """What became of a message.

    Args:
        receipt: that of the first message with the same content.
        duplicate: whether there was one before.
        taken_up: whether it is part of its event.
    """

    receipt: Receipt
    duplicate: bool
    taken_up: bool


class AlertIntake:
    """Takes messages; safe to share between threads.

    Args:
        alerts: the documents.
        publisher: to the triggers service.
        index: of events, for lists and other names.
    """

    def __init__(self, alerts: Alerts, publisher: AlertPublisher, index: AlertIndex) -> None:
        self.alerts = alerts
        self.index = index
        self._publisher = publisher

    def take(
        self,
        body: bytes,
        sender: str,
        *,
        ident: str | None = None,
        allows: Callable[[str], bool] = lambda _: True,
        test: str = "",
    ) -> Taken:
        """Take one message.

        Args:
            body: as it came.
            sender: who sent it.
            ident: webhook-id or Idempotency-Key: an id belongs to one message.
            allows: says whether the sender may send notices of a stream.
            test: why it is a test although it does not say so itself; empty: it is what it says.

        Raises:
            NoticeRefused: it is no notice; it is kept in the quarantine.
            StreamNotAllowed: the sender may not send it.
            IdReused: the id belongs to another message.
            StoreUnavailable, BrokerUnavailable: it may not be stored; send it again.
        """
        raw = hashlib.sha256(body).hexdigest()
        message = self._read(body, raw, sender)
        notice = message.notice
        if test and not notice.test:
            notice = notice.model_copy(update={"test": True, "why_test": test})
        if not allows(notice.stream):
            raise StreamNotAllowed(notice.stream)
        if ident is not None:
            digest = hashlib.sha256(f"{sender}\n{ident}".encode()).hexdigest()
            if self.alerts.claim_id(digest, ClaimedId(raw=raw)).raw != raw:
                raise IdReused("This id belongs to another message of the same sender: give each message its own.")
        receipt = Receipt(
            receipt_id=message.content[:_RECEIPT_DIGITS],
            received=utc_now(),
            content=message.content,
            raw=raw,
            size=len(body),
            sender=sender,
            notice=notice,
        )
        self.alerts.keep_raw(raw, body)
        stored, is_new = self.alerts.put_receipt(receipt)
        taken_up = not is_new and self.alerts.has_receipt(stored.notice.event_key, stored.receipt_id)
        if not taken_up:
            self.hand_over(stored)
        outcome = "accepted" if is_new else "duplicate"
        metrics.ALERTS.labels(notice.messenger.value, outcome).inc()
        _log.info(
            "alert", event_key=notice.event_key, receipt_id=stored.receipt_id, outcome=outcome, remarks=notice.remarks
        )
        return Taken(stored, duplicate=not is_new, taken_up=taken_up)

    def want(self, command: AlertCommand) -> None:
        """Have something done about an event.

        Raises:
            StoreUnavailable, BrokerUnavailable: it may not be stored; send it again.
        """
        self.alerts.put_command(command)
        self._tell(AlertEntry(event_key=command.event_key, command_id=command.command_id))

    def hand_over(self, receipt: Receipt) -> None:
        """Tell the triggers service of a receipt that is stored."""
        self._tell(AlertEntry(event_key=receipt.notice.event_key, receipt_id=receipt.receipt_id, receipt=receipt))

    def _tell(self, entry: AlertEntry) -> None:
        self._publisher.alert(alert_key(entry.event_key), entry)

    def _read(self, body: bytes, raw: str, sender: str) -> Message:
        try:
            return read_message(body)
        except NoticeRefused as error:
            kind = KINDS[type(error)]
            metrics.ALERTS.labels("", kind).inc()
            _log.warning("alert refused", kind=kind, error=error.text, raw=raw, sender=sender)
            entry = Quarantined(raw=raw, received=utc_now(), sender=sender, kind=kind, text=str(error))
            self.alerts.quarantine(entry, body)
            raise


def allowed_streams(streams: Collection[str]) -> Callable[[str], bool]:
    """Return what says whether a stream is among some; none named: all are."""
    return lambda stream: not streams or stream in streams
