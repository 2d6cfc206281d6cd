"""What is to be published of an event, and its publishing: each topic and version once, or again under the same id."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import structlog

from mesh.alerts.instants import seconds_between
from mesh.broker.outgoing import Outgoing as BrokerMessage
from mesh.broker.publisher import Publisher
from mesh.broker.topology import TRANSIENTS
from mesh.clock import instant_at, utc_now
from mesh.contracts import Document
from mesh.contracts.alert import AlertEvent, Deed, Outgoing
from mesh.contracts.transient import TransientRecord
from services.triggers import metrics
from services.triggers.follow_up import for_tests, is_test, notice_of, part_of, topics
from services.triggers.record import ASSOCIATIONS

_log = structlog.get_logger(__name__)


def outgoing(event: AlertEvent, record: TransientRecord, hold_seconds: float, now: float) -> tuple[Outgoing, ...]:
    """Return what is to be published once a record is the newest.

    Of an event that was taken back: a retraction wherever something was published, and nothing else. Of one that turns
    out a test: likewise on the topics of real events.

    Args:
        event: with what was published.
        record: the new one.
        hold_seconds: how long a likely association waits for a person.
        now: seconds since 1970.
    """
    out = [topic for topic, version in event.published.items() if version > 0]
    if record.state != "ACTIVE":
        return tuple(Outgoing(topic=topic, version=record.version) for topic in out)
    wrong = [topic for topic in out if is_test(topic) != for_tests(record)]
    held = instant_at(now + hold_seconds) if record.association == ASSOCIATIONS[-1] and hold_seconds else None
    held = None if approved(event, record.version) else held
    new = [Outgoing(topic=topic, version=record.version, held_until=held) for topic in topics(record)]
    return (*(Outgoing(topic=topic, version=record.version) for topic in wrong), *new)


def approved(event: AlertEvent, version: int) -> bool:
    """Say whether an operator has approved a version of the record; what came after it waits for a person again."""
    return any(one.deed is Deed.APPROVE and one.version == version for one in event.commands)


def muted(event: AlertEvent) -> bool:
    """Say whether an operator has muted an event."""
    deeds = [one.deed for one in sorted(event.commands, key=lambda one: one.at) if one.deed in {Deed.MUTE, Deed.UNMUTE}]
    return bool(deeds) and deeds[-1] is Deed.MUTE


def ready(event: AlertEvent, now: str) -> tuple[Outgoing, ...]:
    """Return what may be published now: nothing of a muted event, and nothing that waits for a person."""
    if muted(event):
        return ()
    return tuple(
        one for one in event.outbox if one.held_until is None or one.held_until <= now or approved(event, one.version)
    )


class Outbox:
    """Publishes; a message that is published twice has the same id both times.

    Args:
        publisher: to the broker.
        record: returns a version of the record of an event.
    """

    def __init__(self, publisher: Publisher, record: Callable[[str, int], TransientRecord]) -> None:
        self._publisher = publisher
        self._record = record

    def publish(self, event: AlertEvent, messages: Sequence[Outgoing], newest: TransientRecord) -> dict[Outgoing, int]:
        """Publish messages of an event; return each with the version that its topic has now, negative: a retraction.

        Args:
            event: with what was published.
            messages: of it.
            newest: version of its record.

        Raises:
            BrokerUnavailable: some of them may not be stored; publish them again.
            ValueError: a test would go to a topic of real events.
        """
        older = {one.version for one in messages} - {newest.version}
        records = {newest.version: newest, **{version: self._record(event.event_key, version) for version in older}}
        made = [self._made(event, one, records[one.version]) for one in messages]
        self._publisher.publish_many([one for one, _ in made])
        versions = {}
        for message, (_, retraction) in zip(messages, made, strict=True):
            if message.held_until is None:
                lag = seconds_between(records[message.version].made, utc_now())
                metrics.PUBLISH_LAG_SECONDS.observe(max(0.0, lag))
            kind = "retraction" if retraction else "test" if is_test(message.topic) else "real"
            metrics.PUBLISHED.labels(kind).inc()
            versions[message] = -message.version if retraction else message.version
        told = {message.topic: version for message, version in versions.items()}
        _log.info("published", event_key=event.event_key, topics=told)
        return versions

    def _made(self, event: AlertEvent, message: Outgoing, record: TransientRecord) -> tuple[BrokerMessage, bool]:
        """Return a message as it goes out, and whether it takes something back."""
        topic = message.topic
        before = event.published.get(topic, 0)
        retraction = record.state != "ACTIVE" or is_test(topic) != for_tests(record)
        if for_tests(record) and not is_test(topic) and not (retraction and before > 0):
            what = "a test" if record.test else "of simulated data"
            msg = f"{event.event_key} is {what}: nothing of it goes to {topic}"
            raise ValueError(msg)
        part = part_of(record, topic)
        document: Document = record
        if part is not None:
            document = notice_of(record, part, first=before == 0, retraction=retraction)
        elif retraction and record.state == "ACTIVE":
            document = record.model_copy(update={"state": "WITHDRAWN", "why": _why_not_real(record)})
        ident = sha256(f"{event.event_key}\n{message.version}\n{topic}".encode()).hexdigest()[:32]
        # Not mandatory: whoever wants to know binds a queue; where nobody does, the record in the store tells.
        made = BrokerMessage.of(
            document,
            TRANSIENTS,
            topic,
            message_id=ident,
            correlation_id=event.event_key,
            headers={"x-event": event.event_key, "x-record": message.version},
            mandatory=False,
        )
        return made, retraction


def _why_not_real(record: TransientRecord) -> str:
    return f"it is a test: {record.why_test}" if record.test else "its data are simulated"


def sent(event: AlertEvent, published: Mapping[Outgoing, int]) -> AlertEvent:
    """Return an event of which messages were published, each with the version that its topic has since."""
    known = dict(event.published)
    for one, version in published.items():
        if abs(known.get(one.topic, 0)) <= abs(version):
            known[one.topic] = version
    left = tuple(one for one in event.outbox if one not in published)
    return event.model_copy(update={"published": known, "outbox": left})
