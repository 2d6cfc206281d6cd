"""Dead letters: messages that nobody could settle. Looked at, given back to where they came from, or dropped.

While a letter is looked at it is delivered to us alone and unsettled; what is neither given back nor dropped returns
to its place when the connection closes.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import amqp

from mesh.broker import connection as amqp_connection
from mesh.broker.delivery import ATTEMPT_HEADER, Delivery, read_delivery
from mesh.broker.outgoing import Outgoing
from mesh.broker.publisher import Publisher
from mesh.broker.retry import added_by_broker
from mesh.broker.topology import UNITS, UNROUTED_QUEUE
from mesh.errors import BrokerUnavailable, NotFound
from mesh.settings import BrokerSettings

_NAME = "dead letters"
_ID_DIGITS = 12
_PATIENCE_SECONDS = 10.0
_RETURN_SECONDS, _RETURN_TICK_SECONDS = 2.0, 0.02


@dataclass(frozen=True)
class DeadLetter:
    """One letter.

    Args:
        queue: where it lies.
        delivery: the message.
        origin: queue in which it died; empty for a message that no queue took.
        reason: in the broker's words, e.g. ``rejected`` or ``delivery_limit``.
        died: UTC, ISO 8601 with ``Z``; empty where the broker does not say.
        exchange: where it was published; empty where the broker does not say.
        routing_key: with which it was published.
        tag: of the delivery on the connection that looks at it.
    """

    queue: str
    delivery: Delivery
    origin: str
    reason: str
    died: str
    exchange: str
    routing_key: str
    tag: int

    @property
    def id(self) -> str:
        """Twelve digits that stay the same each time one looks."""
        told = f"{self.queue}\n{self.delivery.message_id}\n{self.died}\n".encode()
        return hashlib.sha256(told + self.delivery.body).hexdigest()[:_ID_DIGITS]

    @property
    def content(self) -> Any:
        """The body as JSON; as text where it is none."""
        try:
            return json.loads(self.delivery.body)
        except (ValueError, RecursionError):
            return self.delivery.body.decode("utf-8", errors="replace")

    @property
    def facts(self) -> dict[str, Any]:
        """Where it lies and why, and whose it is."""
        return {
            "id": self.id,
            "queue": self.queue,
            "died": self.died,
            "died_in": self.origin,
            "reason": self.reason,
            "attempt": self.delivery.attempt,
            "message_id": self.delivery.message_id,
            "run_id": self.delivery.correlation_id,
        }

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        content = self.content
        if not isinstance(content, dict):
            return "not JSON"
        return " ".join(str(content[name]) for name in ("stage", "label", "job_id", "state") if name in content)


class DeadLetters:
    """A connection that looks at dead letters; use it in a ``with`` block.

    Args:
        settings: where the broker is, as an account that may read and write everything.

    Raises:
        BrokerUnavailable: no answer.
    """

    def __init__(self, settings: BrokerSettings) -> None:
        self._connection = amqp_connection.connect(settings, _NAME, heartbeat=0)
        self._channel: Any = self._connection.channel()
        self._publisher = Publisher(settings, name=_NAME, patience=_PATIENCE_SECONDS)
        self._held: dict[int, str] = {}
        """Tag of a delivery that is not settled -> its queue."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._publisher.close()
        with suppress(*amqp_connection.LOST, BrokerUnavailable):
            self._give_back()
        amqp_connection.close(self._connection)

    def count(self, queues: Iterable[str]) -> dict[str, int]:
        """Return how many letters lie in each of those queues that exist."""
        found = {}
        for queue in queues:
            try:
                found[queue] = int(self._channel.queue_declare(queue, passive=True).message_count)
            except amqp.exceptions.NotFound:
                # The broker closes the channel for asking.
                self._channel = self._connection.channel()
            except amqp_connection.LOST as error:
                raise _lost(error) from error
        return found

    def letters(self, queue: str) -> Iterator[DeadLetter]:
        """Return the letters that lie in a queue now, the oldest first."""
        for _ in range(self.count([queue]).get(queue, 0)):
            try:
                message = self._channel.basic_get(queue, no_ack=False)
            except amqp_connection.LOST as error:
                raise _lost(error) from error
            if message is None:
                return
            letter = _letter(queue, message)
            self._held[letter.tag] = queue
            yield letter

    def find(self, queue: str, letter_id: str) -> DeadLetter:
        """Return the letter of an id.

        Raises:
            NotFound: no letter in that queue has it, or somebody else looks at it at this moment.
        """
        for letter in self.letters(queue):
            if letter.id == letter_id:
                return letter
        raise NotFound(f"there is no dead letter {letter_id} in {queue}")

    def retry(self, letter: DeadLetter) -> None:
        """Publish a letter again where it was published first, as its first attempt; then it is gone from here.

        Raises:
            NotFound: the broker does not say where it came from.
            BrokerUnavailable: it was not taken, and stays here.
        """
        if not letter.exchange:
            raise NotFound(f"letter {letter.id} does not say where it came from: it can only be dropped")
        own = {name: value for name, value in letter.delivery.headers.items() if not added_by_broker(name)}
        again = Outgoing(
            exchange=letter.exchange,
            routing_key=letter.routing_key,
            body=letter.delivery.body,
            schema=letter.delivery.schema,
            message_id=letter.delivery.message_id,
            correlation_id=letter.delivery.correlation_id,
            headers={**own, ATTEMPT_HEADER: 1},
        )
        self._publisher.publish_many([again])
        self.drop(letter)

    def drop(self, letter: DeadLetter) -> None:
        """Remove a letter for good."""
        try:
            self._channel.basic_ack(letter.tag)
        except amqp_connection.LOST as error:
            raise _lost(error) from error
        self._held.pop(letter.tag, None)

    def _give_back(self) -> None:
        """Return what is not settled, and wait until it is seen in its place: who looks next finds all of it."""
        self._channel.basic_recover(requeue=True)
        held = Counter(self._held.values())
        until = time.monotonic() + _RETURN_SECONDS
        while time.monotonic() < until and not held <= Counter(self.count(held)):
            time.sleep(_RETURN_TICK_SECONDS)


def _letter(queue: str, message: Any) -> DeadLetter:
    # `basic_get` has no consumer to name.
    message.delivery_info.setdefault("consumer_tag", queue)
    delivery = read_delivery(message)
    tag = int(message.delivery_info["delivery_tag"])
    if queue == UNROUTED_QUEUE:
        return DeadLetter(queue, delivery, "", "no queue takes it", "", UNITS, delivery.routing_key, tag)
    deaths = delivery.headers.get("x-death")
    death: Mapping[str, Any] = deaths[0] if isinstance(deaths, list) and deaths else {}
    died = death.get("time")
    keys = death.get("routing-keys") or [delivery.routing_key]
    return DeadLetter(
        queue=queue,
        delivery=delivery,
        origin=str(death.get("queue", "")),
        reason=str(death.get("reason", "")),
        died=died.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(died, datetime) else "",
        exchange=str(death.get("exchange", "")),
        routing_key=str(keys[0]),
        tag=tag,
    )


def _lost(error: BaseException) -> BrokerUnavailable:
    return BrokerUnavailable("BrokerUnavailable", f"connection lost: {amqp_connection.describe(error)}")
