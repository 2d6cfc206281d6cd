"""Causes that are messages: without a queue, without a reader, too many, or not to be understood."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import amqp

from mesh.broker.topology import FAN_IN_QUEUE, UNITS
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.processes import gone
from tests.chaos.broker_access import channel
from tests.chaos.ground import Ground

_MANY_EVENTS = 10_100


@contextmanager
def unroutable(ground: Ground) -> Iterator[None]:
    """Publish a unit of an instrument that nobody has."""
    _publish(ground, UNITS, "nobody.user", b"{}")
    yield
    _drop(ground, "unrouted")


@contextmanager
def unreadable(ground: Ground) -> Iterator[None]:
    """Publish a unit that its service cannot read."""
    _publish(ground, UNITS, "noop.user", b"\x00 no unit")
    yield
    _drop(ground, "dead.noop")


@contextmanager
def lane_without_service(ground: Ground) -> Iterator[None]:
    """Have a service away while units of its instrument are waiting."""
    with gone(ground, "noop"):
        job = ground.submit(2)
        yield
    ground.until_ended(job)


@contextmanager
def events_pile_up(ground: Ground) -> Iterator[None]:
    """Have the dispatcher away while more events come than it should ever have to read."""
    with gone(ground, "dispatcher"), channel(ground) as open_channel:
        message = amqp.Message(json.dumps({"schema": "odamesh.event/1"}), delivery_mode=1)
        for _ in range(_MANY_EVENTS):
            open_channel.basic_publish(message, "", FAN_IN_QUEUE)
        try:
            yield
        finally:
            open_channel.queue_purge(FAN_IN_QUEUE)


def _publish(ground: Ground, exchange: str, key: str, body: bytes) -> None:
    with channel(ground) as open_channel:
        open_channel.basic_publish(amqp.Message(body, message_id=uuid.uuid4().hex, delivery_mode=2), exchange, key)


def _drop(ground: Ground, queue: str) -> None:
    ground.until(lambda: _dropped(queue), f"the letters of {queue} to be dropped", 30, look_s=1.0)


def _dropped(queue: str) -> bool:
    words = [sys.executable, "-m", "odamesh", "dead", "drop", "--queue", queue, "--all", "--yes"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


UNREADABLE = Cause(
    # What died counts for ten minutes.
    "a unit that its service cannot read",
    unreadable,
    (Raised("DeadLetters", 90), Raised("MessagesDie", 90, clear_s=800)),
    needs=frozenset({Part.SLOTS}),
)
WITHOUT_SERVICE = Cause(
    "a service killed, its supervisor held, while units wait for it",
    lane_without_service,
    (Raised("ProcessDown", 150), Raised("LaneWithoutConsumer", 150)),
    takes=frozenset({Part.SUPERVISOR, Part.SLOTS}),
)
EVENTS = Cause(
    "10 100 events and no dispatcher",
    events_pile_up,
    (Raised("EventsPileUp", 180),),
    takes=frozenset({Part.SUPERVISOR, Part.SLOTS, Part.DISPATCHER}),
    also=("ProcessDown",),
)
