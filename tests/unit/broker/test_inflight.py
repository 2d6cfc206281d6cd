"""The bookkeeping of a consumer: one handler per message, whatever the connection does."""

from mesh.broker.inflight import Arrival, InFlight, Tag
from mesh.broker.settle import Action
from tests.unit.broker.messages import delivery

FIRST = delivery()
AGAIN = delivery(redelivered=True)


def test_a_new_message_starts_a_handler_and_is_settled_under_its_tag() -> None:
    inflight = InFlight()

    assert inflight.arrive(FIRST, Tag("a", 1)) is Arrival.START
    assert len(inflight) == 1
    assert inflight.finish(FIRST, Action.ACK, "a") == (Tag("a", 1),)
    assert len(inflight) == 0


def test_a_redelivery_joins_the_running_handler() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.lose("a")

    assert inflight.arrive(AGAIN, Tag("b", 7)) is Arrival.JOINED
    assert inflight.finish(FIRST, Action.ACK, "b") == (Tag("b", 7),)


def test_a_duplicate_of_a_running_message_joins_too_and_both_are_settled() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))

    assert inflight.arrive(FIRST, Tag("a", 2)) is Arrival.JOINED
    assert set(inflight.finish(FIRST, Action.ACK, "a")) == {Tag("a", 1), Tag("a", 2)}


def test_a_handler_that_ended_while_disconnected_is_settled_at_the_redelivery() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.lose("a")
    assert inflight.finish(FIRST, Action.DEAD, None) == ()

    assert inflight.arrive(AGAIN, Tag("b", 1)) is Arrival.ENDED
    assert inflight.ended_with(AGAIN) is Action.DEAD


def test_an_acknowledgement_that_the_broker_never_heard_is_repeated() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.finish(FIRST, Action.ACK, "a")
    inflight.lose("a")

    assert inflight.arrive(AGAIN, Tag("b", 1)) is Arrival.ENDED


def test_the_same_work_wanted_again_is_done_again() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.finish(FIRST, Action.ACK, "a")

    assert inflight.arrive(FIRST, Tag("a", 2)) is Arrival.START


def test_a_late_redelivery_is_done_again() -> None:
    now = [0.0]
    inflight = InFlight(clock=lambda: now[0])
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.finish(FIRST, Action.ACK, "a")
    now[0] = 3600.0

    assert inflight.arrive(AGAIN, Tag("b", 1)) is Arrival.START


def test_what_was_given_back_is_done_again() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))
    inflight.finish(FIRST, None, "a")
    inflight.lose("a")

    assert inflight.arrive(AGAIN, Tag("b", 1)) is Arrival.START


def test_another_attempt_is_other_work() -> None:
    inflight = InFlight()
    inflight.arrive(FIRST, Tag("a", 1))

    assert inflight.arrive(delivery(attempt=2), Tag("a", 2)) is Arrival.START


def test_memory_is_bounded() -> None:
    inflight = InFlight()
    for number in range(10_000):
        message = delivery(message_id=f"m{number}")
        inflight.arrive(message, Tag("a", number))
        inflight.finish(message, Action.ACK, "a")

    assert inflight.arrive(delivery(message_id="m1", redelivered=True), Tag("b", 1)) is Arrival.START
    assert inflight.arrive(delivery(message_id="m9999", redelivered=True), Tag("b", 2)) is Arrival.ENDED
