"""Causes that are messages: without a queue, without a reader, too many, or not to be understood."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import amqp

from mesh.broker.topology import FAN_IN_QUEUE, UNITS
from mesh.contracts import Lane
from tests.alarms.cause import Cause
from tests.alarms.processes import gone
from tests.chaos.broker_access import channel
from tests.chaos.ground import Ground

_MANY_EVENTS = 10_100
_MANY_ALERTS = 8
_ALERT_S = 25.0


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
def alerts_wait(ground: Ground) -> Iterator[None]:
    """Ask for more at once in the lane of alerts than the instrument has slots."""
    jobs = [
        ground.mesh.noop.noop(
            scws=[f"00170001{number:03d}0"], salt=uuid.uuid4().hex, seconds=_ALERT_S, lane=Lane.ALERT.value, wait=False
        )
        for number in range(_MANY_ALERTS)
    ]
    try:
        yield
    finally:
        for job in jobs:
            job.cancel()
    ground.until_ended(*jobs)


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


CAUSES = (
    Cause("UnroutedMessages", "a unit of an instrument that has no queue", unroutable, 75),
    Cause("DeadLetters", "a unit that its service cannot read", unreadable, 75),
    Cause("MessagesDie", "the same, seen as it happens", unreadable, 75, clear_s=780),
    Cause("LaneWithoutConsumer", "no service of the instrument for waiting units", lane_without_service, 120),
    Cause("AlertLaneWaits", "eight alerts at once for three slots", alerts_wait, 90),
    Cause("EventsPileUp", "10 100 events and no dispatcher", events_pile_up, 150),
)
