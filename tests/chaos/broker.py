"""Drills on the broker: killed, restarted, cut off, fed with poison, impatient, and echoing."""

import random
import time
import uuid
from typing import Any

import amqp
import httpx

from infra.stack import mesh_processes
from infra.stack.process import PidFile
from mesh.broker.topology import EVENTS, UNITS
from mesh.states import JobState, UnitState
from tests.chaos.broker_access import channel, connections_of, cut
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground

_WINDOWS = 6
_LOAD = 40
_COPIES = 1000
_LIMIT = 5
"""Deliveries of a poison message before it is dead, beside the first: the policy of `units.*`."""


def killed(ground: Ground) -> Trial:
    """SIGKILL the broker and its port mapper while messages flow, and start it on what they left."""
    return _away(ground, kill=True)


def restarted(ground: Ground) -> Trial:
    """Stop the broker in the proper way while messages flow, and start it again."""
    return _away(ground, kill=False)


def _away(ground: Ground, *, kill: bool) -> Trial:
    jobs = [ground.submit(_LOAD), ground.submit(_WINDOWS, seconds=1)]
    ground.until_running(jobs[1])
    server = ground.stack.rabbitmq
    if kill:
        ground.kill_server(server.pid_file)
        ground.kill_server(PidFile(ground.layout.run / "epmd.pid"))
    else:
        server.stop()
    server.ensure()
    begin = time.monotonic()
    ground.until_ended(*jobs)
    seconds = time.monotonic() - begin
    return Trial((Expected(jobs[0], _LOAD + 1), Expected(jobs[1], _WINDOWS + 1)), seconds)


def connection_cut(ground: Ground) -> Trial:
    """Cut the connections of the instrument service five times while the same units run: one start each."""
    job = ground.submit(2, seconds=7)
    ground.until_running(job, 2)
    begin = time.monotonic()
    for _ in range(5):
        before: set[str] = set()
        ground.until(lambda: bool(connections_of(ground, "noop units.noop.user")), "a connection of the service", 20)
        before = connections_of(ground, "noop units.noop.user")
        for name in connections_of(ground, "noop "):
            cut(ground, name)
        ground.until(
            lambda before=before: bool(connections_of(ground, "noop units.noop.user") - before),  # type: ignore[misc]
            "a new connection of the service",
            20,
        )
    ground.until_ended(job)
    assert {row.attempt for row in job.table()} == {1}, "a unit was tried again because of a connection"
    return Trial((Expected(job, 3),), time.monotonic() - begin)


def poison(ground: Ground) -> Trial:
    """Feed the lanes with what is no unit: it goes to the dead letters, the others are not held up."""
    marks = [f"poison-{uuid.uuid4().hex}" for _ in range(3)]
    job = ground.submit(_WINDOWS, seconds=0.5)
    begin = time.monotonic()
    with channel(ground) as open_channel:
        for mark, body in zip(marks, ('{"schema": "odamesh.unit/99"}', "\x00not JSON", "[]"), strict=True):
            message = amqp.Message(body, message_id=mark, delivery_mode=2)
            open_channel.basic_publish(message, UNITS, "noop.user", mandatory=True)
        ground.until_ended(job)
        seconds = time.monotonic() - begin
        ground.until(lambda: _taken(open_channel, "dead.noop", marks), "all poison among the dead letters", 20)
    return Trial((Expected(job, _WINDOWS + 1),), seconds)


def deadly(ground: Ground) -> Trial:
    """Deliver a message that kills whoever takes it: after its sixth victim it is among the dead letters."""
    mark, queue = f"deadly-{uuid.uuid4().hex}", f"units.drill-{uuid.uuid4().hex}"
    begin = time.monotonic()
    with channel(ground) as open_channel:
        # A queue of its own beside the real ones, under their policy; its dead letters are told apart by their id.
        open_channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        try:
            open_channel.basic_publish(amqp.Message(b"x", message_id=mark, delivery_mode=2), "", queue)
            open_channel.queue_bind("dead.noop", "mesh.dead", queue)
            victims = 0
            while _die_of(ground, queue):
                victims += 1
            assert victims == 1 + _LIMIT, f"it was delivered {victims} times"
            ground.until(lambda: _taken(open_channel, "dead.noop", [mark]), "the message among the dead letters", 20)
        finally:
            open_channel.queue_unbind("dead.noop", "mesh.dead", queue)
            open_channel.queue_delete(queue)
    return Trial((), time.monotonic() - begin)


def _die_of(ground: Ground, queue: str) -> bool:
    """Take a message and go without a word; false when there is none any more."""
    with channel(ground) as victim:
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            if victim.basic_get(queue) is not None:
                victim.connection.collect()
                return True
            time.sleep(0.05)
    return False


def _taken(open_channel: Any, queue: str, marks: list[str]) -> bool:
    """Take messages with these ids off a queue and say whether none is missing; others stay."""
    others, found = [], set()
    while (message := open_channel.basic_get(queue)) is not None:
        if message.properties.get("message_id") in marks:
            found.add(message.properties["message_id"])
            open_channel.basic_ack(message.delivery_tag)
        else:
            others.append(message.delivery_tag)
    for tag in others:
        open_channel.basic_reject(tag, requeue=True)
    for mark in found:
        marks.remove(mark)
    return not marks


def echoes(ground: Ground) -> Trial:
    """Send a thousand copies of the events of a job, shuffled, while it runs and after: one completion."""
    rng = random.Random(1)  # noqa: S311 - a shuffle
    with channel(ground) as ears, channel(ground) as mouth:
        heard = ears.queue_declare("", exclusive=True, auto_delete=True).queue
        for key in ("unit.noop.#", "job.#"):
            ears.queue_bind(heard, EVENTS, key)
        job = ground.submit(10, seconds=0.3)
        begin = time.monotonic()
        events: list[Any] = []
        completed, sent, late = 0, 0, False
        while sent < _COPIES or completed == 0:
            while (message := ears.basic_get(heard, no_ack=True)) is not None:
                if message.properties.get("message_id", "").startswith("echo-"):
                    continue
                if message.properties.get("correlation_id") != job.refresh().view.run_id:
                    continue
                key = message.delivery_info["routing_key"]
                completed += key == f"job.{JobState.COMPLETED.value.lower()}"
                if key.startswith("unit."):
                    events.append(message)
            # Half of them while it runs, the rest when all is over.
            late = late or completed > 0
            if events and sent < (_COPIES if late else _COPIES // 2):
                for message in rng.choices(events, k=min(50, _COPIES - sent)):
                    _echo(mouth, message, sent)
                    sent += 1
            assert time.monotonic() - begin < 120, f"{sent} copies sent, {completed} completions heard"
            time.sleep(0.05)
        ground.until_ended(job)
        seconds = time.monotonic() - begin
        ground.until(lambda: _drained(mouth), "the fan-in to have taken every copy", 60)
        while (message := ears.basic_get(heard, no_ack=True)) is not None:
            told = message.properties.get("correlation_id") == job.view.run_id
            completed += told and message.delivery_info["routing_key"] == "job.completed"
    assert completed == 1, f"the end of the run was told {completed} times"
    assert job.refresh().counts[UnitState.DONE] == 11
    return Trial((Expected(job, 11),), seconds)


def _echo(mouth: Any, message: Any, number: int) -> None:
    copy = amqp.Message(message.body, **{**message.properties, "message_id": f"echo-{number}"})
    mouth.basic_publish(copy, EVENTS, message.delivery_info["routing_key"])


def _drained(open_channel: Any) -> bool:
    return bool(open_channel.queue_declare("events.aggregate", passive=True).message_count == 0)


def unit_outlasts_timeout(ground: Ground) -> Trial:
    """Run a unit for longer than the broker waits for acknowledgements: the redelivery joins it, it starts once."""
    lost_before = _reconnects()
    job = ground.submit(1, seconds=20)
    begin = time.monotonic()
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    assert _reconnects() > lost_before, "the broker did not lose its patience: the drill tested nothing"
    assert {row.attempt for row in job.table()} == {1}, "the unit was tried again"
    return Trial((Expected(job, 2),), seconds)


def _reconnects() -> float:
    """Return how often the instrument service lost its connection to the user lane."""
    page = httpx.get(f"http://127.0.0.1:{mesh_processes.ports()['noop']}/metrics").text
    lines = [
        line
        for line in page.splitlines()
        if line.startswith("odamesh_consumer_reconnects_total") and "noop.user" in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


DRILLS = (
    Drill("RabbitMQ killed under load", killed, quick=True),
    Drill("RabbitMQ restarted under load", restarted),
    Drill("connection cut 5 times", connection_cut),
    Drill("poison messages", poison, quick=True),
    Drill("message that kills its consumer", deadly, quick=True),
    Drill("1000 shuffled copies of events", echoes, quick=True),
    Drill("unit outlasts ack timeout", unit_outlasts_timeout, Setting.SHORT_TIMEOUT),
)
