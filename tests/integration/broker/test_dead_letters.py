"""Dead letters on the real broker and its own topology: seen again and again, given back to their lane, or dropped.

The lane is one of an instrument that no test runs, so that nobody else takes what lies there.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import pytest
from typer.testing import CliRunner

from infra.commands import dead
from mesh.broker.dead_letters import DeadLetter, DeadLetters
from mesh.broker.topology import UNROUTED_QUEUE
from mesh.errors import NotFound
from mesh.settings import BrokerSettings

LANE, DEAD = "units.spiacs.batch", "dead.spiacs"
_PATIENCE_S, _LOOK_S = 20.0, 0.01


@pytest.fixture
def lane(channel: Any) -> Iterator[Any]:
    """A channel on a lane and dead letters that are both empty."""
    for queue in (LANE, DEAD):
        channel.queue_purge(queue)
    yield channel
    for queue in (LANE, DEAD):
        channel.queue_purge(queue)


def die(channel: Any, message_id: str, body: str = "{}", attempt: int = 5) -> None:
    """Have a message rejected by its consumer."""
    message = amqp.Message(
        body,
        message_id=message_id,
        correlation_id="run-1",
        type="odamesh.unit/1",
        delivery_mode=2,
        application_headers={"x-attempt": attempt, "x-user": "ada"},
    )
    before = _waiting(channel, DEAD)
    channel.basic_publish(message, "mesh.units", "spiacs.batch", mandatory=True)
    channel.basic_reject(_take(channel, LANE).delivery_tag, requeue=False)
    _until(lambda: _waiting(channel, DEAD) > before, f"what was rejected in {LANE} does not arrive in {DEAD}")


def _take(channel: Any, queue: str) -> Any:
    """Take the next message of a queue; published and dead letters arrive in a moment."""
    _until(lambda: _waiting(channel, queue) > 0, f"nothing arrives in {queue}")
    return channel.basic_get(queue)


def _waiting(channel: Any, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).message_count)


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(_LOOK_S)


def letters(settings: BrokerSettings) -> list[DeadLetter]:
    with DeadLetters(settings) as post:
        return list(post.letters(DEAD))


def test_a_letter_says_where_it_died(broker_settings: BrokerSettings, lane: Any) -> None:
    die(lane, "u1", '{"stage": "slice"}')
    (letter,) = letters(broker_settings)
    assert (letter.origin, letter.reason, letter.exchange) == (LANE, "rejected", "mesh.units")
    assert (letter.routing_key, letter.delivery.message_id, letter.delivery.attempt) == ("spiacs.batch", "u1", 5)
    assert letter.died.endswith("Z")


def test_looking_changes_nothing(broker_settings: BrokerSettings, lane: Any) -> None:
    for name in ("u1", "u2", "u3"):
        die(lane, name)
    first = [letter.id for letter in letters(broker_settings)]
    for _ in range(30):
        assert [letter.id for letter in letters(broker_settings)] == first
    assert len(set(first)) == 3


def test_a_letter_goes_back_to_its_lane_as_a_first_attempt(broker_settings: BrokerSettings, lane: Any) -> None:
    for name in ("u1", "u2"):
        die(lane, name)
    with DeadLetters(broker_settings) as post:
        post.retry(next(post.letters(DEAD)))

    back = _take(lane, LANE)

    lane.basic_ack(back.delivery_tag)
    assert (back.properties["message_id"], back.properties["correlation_id"]) == ("u1", "run-1")
    headers = back.properties["application_headers"]
    assert (headers["x-attempt"], headers["x-user"]) == (1, "ada")
    assert "x-death" not in headers
    assert [letter.delivery.message_id for letter in letters(broker_settings)] == ["u2"]


def test_what_does_not_say_where_it_came_from_stays(broker_settings: BrokerSettings, lane: Any) -> None:
    lane.basic_publish(amqp.Message("?", delivery_mode=2), "mesh.dead", "spiacs.batch", mandatory=True)
    _until(lambda: _waiting(lane, DEAD) == 1, "the letter does not arrive")
    with DeadLetters(broker_settings) as post:
        (letter,) = post.letters(DEAD)
        with pytest.raises(NotFound, match="only be dropped"):
            post.retry(letter)
        post.drop(letter)
    assert letters(broker_settings) == []


def test_what_no_queue_takes_can_be_tried_again(broker_settings: BrokerSettings, channel: Any) -> None:
    channel.queue_purge(UNROUTED_QUEUE)  # of what a run that broke off has left
    channel.basic_publish(amqp.Message("lost", message_id="n1", delivery_mode=2), "mesh.units", "nobody.user")
    _until(lambda: _waiting(channel, UNROUTED_QUEUE) > 0, "the letter does not arrive")
    with DeadLetters(broker_settings) as post:
        (letter,) = (entry for entry in post.letters(UNROUTED_QUEUE) if entry.delivery.message_id == "n1")
        assert (letter.exchange, letter.routing_key) == ("mesh.units", "nobody.user")
        post.drop(letter)


def test_queues_that_are_not_there_do_not_count(broker_settings: BrokerSettings, lane: Any) -> None:
    with DeadLetters(broker_settings) as post:
        assert post.count(["dead.nobody", DEAD]) == {DEAD: 0}


def command(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(dead.app, [*arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_the_command_lists_shows_retries_and_drops(lane: Any) -> None:
    queue = ("--queue", DEAD)
    assert "no dead letters" in command("list", *queue)
    for name in ("u1", "u2", "u3"):
        die(lane, name, json.dumps({"stage": "slice", "label": name}))
    listed = json.loads(command("list", "--json", *queue))
    assert listed["queues"] == {DEAD: 3}
    ids = [letter["id"] for letter in listed["letters"]]
    assert "slice u1" in command("list", *queue)

    shown = command("show", ids[0], *queue)
    assert '"content": {' in shown
    assert "there is no log of unit u1" in shown
    assert "no letters have an id" in command("drop", "zzzz", *queue, status=1)
    command("retry", *queue, status=2)
    assert ids[0] in command("retry", ids[0], *queue)
    lane.basic_ack(_take(lane, LANE).delivery_tag)
    assert "dropped" in command("drop", ids[1], *queue)
    assert ids[2] in command("drop", "--all", "--yes", *queue)
    assert "no dead letters" in command("list", *queue)
