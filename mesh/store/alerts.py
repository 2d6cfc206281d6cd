"""The documents of alerts in MinIO: raw messages, receipts, what is done about each event, records of transients."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from mesh.contracts.alert import AlertCommand, AlertEvent, ClaimedId, Quarantined, Receipt
from mesh.contracts.transient import TransientRecord
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.objects import Objects

_JSON = "application/json"


@dataclass(frozen=True)
class StoredEvent:
    """What is known of an event, as it was read or written last.

    Args:
        event: all of it; of one that nothing is known of, its key.
        tag: of the stored document; None: there is none.
    """

    event: AlertEvent
    tag: str | None


class Alerts:
    """Reads and writes the documents; every method raises StoreUnavailable when MinIO is out of reach."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keep_raw(self, sha256: str, body: bytes) -> None:
        """Keep the bytes of a message; keeping them again changes nothing."""
        self._objects.put_new(names.alert_raw_object(sha256), body)

    def raw(self, sha256: str) -> bytes:
        """Return the bytes of a message; NotFound where there are none."""
        return self._objects.get(names.alert_raw_object(sha256))

    def put_receipt(self, receipt: Receipt) -> tuple[Receipt, bool]:
        """Store a receipt, unless one for the same content is stored; return the stored one, and whether it is new."""
        if self._objects.put_new(names.receipt_object(receipt.receipt_id), receipt.encode(), _JSON):
            return receipt, True
        return self.receipt(receipt.receipt_id), False

    def receipt(self, receipt_id: str) -> Receipt:
        """Return a receipt; NotFound where there is none."""
        return Receipt.decode(self._objects.get(names.receipt_object(receipt_id)))

    def receipts(self) -> Iterator[str]:
        """Return the ids of all receipts."""
        for entry in self._objects.list(names.ALERT_RECEIPTS):
            yield entry.name.removeprefix(names.ALERT_RECEIPTS).removesuffix(".json")

    def claim_id(self, digest: str, claim: ClaimedId) -> ClaimedId:
        """Note which message a sender gave an id, and return what is noted: that of the first."""
        place = names.claimed_id_object(digest)
        if self._objects.put_new(place, claim.encode(), _JSON):
            return claim
        return ClaimedId.decode(self._objects.get(place))

    def quarantine(self, entry: Quarantined, body: bytes) -> None:
        """Keep a message that could not be taken, and why."""
        self._objects.put(names.quarantine_object(entry.raw, "bin"), body)
        self._objects.put(names.quarantine_object(entry.raw, "json"), entry.encode(), _JSON)

    def quarantined(self) -> Iterator[Quarantined]:
        """Return what could not be taken."""
        for entry in self._objects.list(names.ALERT_QUARANTINE):
            if entry.name.endswith(".json"):
                yield Quarantined.decode(self._objects.get(entry.name))

    def put_command(self, command: AlertCommand) -> None:
        """Store what an operator wants done."""
        self._objects.put(names.alert_command_object(command.command_id), command.encode(), _JSON)

    def command(self, command_id: str) -> AlertCommand:
        """Return what an operator wants done; NotFound where there is none."""
        return AlertCommand.decode(self._objects.get(names.alert_command_object(command_id)))

    def commands(self) -> Iterator[AlertCommand]:
        """Return all that operators wanted done."""
        for entry in self._objects.list(names.ALERT_COMMANDS):
            yield AlertCommand.decode(self._objects.get(entry.name))

    def event(self, event_key: str) -> AlertEvent:
        """Return all that is known of an event; NotFound where nothing is."""
        return AlertEvent.decode(self._objects.get(names.alert_event_object(quote(event_key, safe=":"))))

    def tagged_event(self, event_key: str) -> tuple[AlertEvent, str]:
        """Return the same with a tag that changes with it."""
        text, tag = self._objects.get_tagged(names.alert_event_object(quote(event_key, safe=":")))
        return AlertEvent.decode(text), tag.strip('"')

    def stored_event(self, event_key: str) -> StoredEvent:
        """Return what is known of an event, with what `swap_event` asks for."""
        try:
            text, tag = self._objects.get_tagged(names.alert_event_object(quote(event_key, safe=":")))
        except NotFound:
            return StoredEvent(AlertEvent(event_key=event_key), None)
        return StoredEvent(AlertEvent.decode(text), tag)

    def swap_event(self, before: StoredEvent, after: AlertEvent) -> StoredEvent | None:
        """Store an event in the place of what was known of it; None where somebody else has changed it meanwhile."""
        place = names.alert_event_object(quote(after.event_key, safe=":"))
        tag = self._objects.swap(place, after.encode(), before.tag, _JSON)
        return None if tag is None else StoredEvent(after, tag)

    def change_stored(self, before: StoredEvent, change: Callable[[AlertEvent], AlertEvent]) -> StoredEvent:
        """Change what is known of an event; of two who do at once, one changes what the other has written.

        Args:
            before: the event as it was read or written last.
            change: makes the new one of the present one; called again when that changed meanwhile.
        """
        while True:
            after = change(before.event)
            if after == before.event:
                return before
            stored = self.swap_event(before, after)
            if stored is not None:
                return stored
            before = self.stored_event(before.event.event_key)

    def change_event(self, event_key: str, change: Callable[[AlertEvent], AlertEvent]) -> AlertEvent:
        """Read an event and change it as `change_stored` does; returns it as it is then."""
        return self.change_stored(self.stored_event(event_key), change).event

    def events(self) -> Iterator[str]:
        """Return the keys of all events."""
        for entry in self._objects.list(names.ALERT_EVENTS):
            yield unquote(entry.name.removeprefix(names.ALERT_EVENTS).removesuffix(".json"))

    def put_record(self, record: TransientRecord) -> None:
        """Store a version of a record, in place of one that was never announced."""
        self._objects.put(_record_object(record.event_key, record.version), record.encode(), _JSON)

    def record(self, event_key: str, version: int) -> TransientRecord:
        """Return a version of a record; NotFound where there is none."""
        return TransientRecord.decode(self._objects.get(_record_object(event_key, version)))

    def has_receipt(self, event_key: str, receipt_id: str) -> bool:
        """Say whether a receipt was taken up."""
        with suppress(NotFound):
            return any(one.receipt_id == receipt_id for one in self.event(event_key).receipts)
        return False


def _record_object(event_key: str, version: int) -> str:
    return names.transient_object(quote(event_key, safe=":"), version)
