"""The draining consumer against the real broker: one execution each, whatever happens around it."""

import signal

import amqp
import pytest

from mesh.settings import BrokerSettings
from tests.integration.broker.conftest import Corner, StartService, wait_until
from tests.integration.broker.proxy import proxy_to


def test_stop_in_the_middle_of_a_message_executes_it_once(corner: Corner, start_service: StartService) -> None:
    service = start_service()
    corner.send("m1", seconds=2)
    wait_until(lambda: service.lines("start") == ["m1 1"], "the handler to start")

    assert service.stop() == 0

    assert service.lines("end") == ["m1 1"]
    assert service.lines("start") == ["m1 1"]
    assert corner.count(corner.queue) == 0


def test_it_is_ready_while_it_consumes_and_not_while_it_drains(corner: Corner, start_service: StartService) -> None:
    service = start_service()
    wait_until(lambda: service.health("/readyz") == 200, "the service to be ready")
    corner.send("m1", seconds=6)
    wait_until(lambda: service.lines("start") == ["m1 1"], "the handler to start")

    service.process.send_signal(signal.SIGTERM)

    wait_until(lambda: service.health("/readyz") == 503, "the drain to begin")
    assert service.health("/livez") == 200
    assert service.process.wait(30) == 0
    assert service.lines("end") == ["m1 1"]


def test_letters_that_die_are_counted_from_none_so_that_the_first_is_seen(
    corner: Corner, start_service: StartService
) -> None:
    service = start_service()
    wait_until(lambda: service.health("/readyz") == 200, "the service to be ready")
    counted = f'odamesh_deliveries_total{{action="dead",outcome="undecodable",queue="{corner.queue}"}}'
    assert f"{counted} 0.0" in service.figures()
    corner.send("m1", failure="undecodable", failures=1)
    wait_until(lambda: f"{counted} 1.0" in service.figures(), "the letter to be counted")


def test_every_process_hears_a_broadcast(corner: Corner, start_service: StartService) -> None:
    services = [start_service(), start_service()]
    for service in services:
        wait_until(lambda service=service: service.health("/readyz") == 200, "the service to be ready")  # type: ignore[misc]

    corner.channel.basic_publish(amqp.Message("{}", message_id="b1"), "mesh.control", f"cancel.{corner.queue}")

    wait_until(lambda: services[0].lines("heard") == ["b1 1", "b1 1"], "both to hear it")


def test_stop_leaves_what_has_not_begun(corner: Corner, start_service: StartService) -> None:
    service = start_service()
    corner.send("m1", seconds=2)
    wait_until(lambda: service.lines("start") == ["m1 1"], "the handler to start")
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: corner.channel.queue_declare(corner.queue, passive=True).consumer_count == 0, "the cancel")
    corner.send("m2")

    assert service.process.wait(30) == 0

    assert service.lines("start") == ["m1 1"]
    assert corner.count(corner.queue) == 1


@pytest.mark.parametrize("seconds", [2.0, 0.3])
def test_a_cut_connection_executes_once(
    corner: Corner, start_service: StartService, broker_settings: BrokerSettings, seconds: float
) -> None:
    """The redelivery comes while the handler still runs, or after it has ended with nobody to tell."""
    with proxy_to(broker_settings.host, broker_settings.port) as proxy:
        service = start_service(port=proxy.port)
        corner.send("m1", seconds=seconds)
        wait_until(lambda: service.lines("start") == ["m1 1"], "the handler to start")

        proxy.cut(refuse=seconds < 1)
        if seconds < 1:
            wait_until(lambda: service.lines("end") == ["m1 1"], "the handler to end")
            proxy.heal()
        corner.send("m2")

        wait_until(lambda: "m2 1" in service.lines("end"), "the consumer to be back")
        wait_until(lambda: len(service.lines("end")) == 2, "both messages to be done")
        assert service.stop() == 0

    assert sorted(service.lines("start")) == ["m1 1", "m2 1"]
    assert corner.count(corner.queue) == 0


def test_it_says_why_it_has_no_consumer(
    corner: Corner, start_service: StartService, broker_settings: BrokerSettings
) -> None:
    with proxy_to(broker_settings.host, broker_settings.port) as proxy:
        service = start_service(port=proxy.port)
        wait_until(lambda: service.health("/readyz") == 200, "the service to be ready")
        proxy.cut(refuse=True)
        wait_until(lambda: service.health("/readyz") == 503, "the consumers to be lost")
        for reason in service.reasons():
            queues, _, why = reason.partition(": ")
            assert queues.startswith("no consumer on "), reason
            assert why, reason
        proxy.heal()
        wait_until(lambda: service.health("/readyz") == 200, "the consumers to be back")


def test_a_killed_service_leaves_its_message_to_the_next(corner: Corner, start_service: StartService) -> None:
    first = start_service()
    corner.send("m1", seconds=1)
    wait_until(lambda: first.lines("start") == ["m1 1"], "the handler to start")
    first.process.kill()

    second = start_service()

    wait_until(lambda: second.lines("end") == ["m1 1"], "the next service to take over")
    assert second.stop() == 0
    assert second.lines("start") == ["m1 1", "m1 1"]
    assert corner.count(corner.queue) == 0


def test_transient_failures_climb_the_ladder(corner: Corner, start_service: StartService) -> None:
    service = start_service()
    corner.send("m1", failure="transient", failures=2)

    wait_until(lambda: service.lines("end") == ["m1 3"], "the third attempt")

    assert service.lines("start") == ["m1 1", "m1 2", "m1 3"]
    assert service.stop() == 0
    assert corner.count(corner.queue) == corner.count(corner.dead) == 0


@pytest.mark.parametrize(
    ("failure", "attempts", "dead"),
    [("transient", 5, 1), ("defect", 5, 1), ("memory", 2, 0), ("usage", 1, 0), ("undecodable", 1, 1)],
)
def test_what_always_fails_ends(
    corner: Corner, start_service: StartService, failure: str, attempts: int, dead: int
) -> None:
    service = start_service()
    corner.send("m1", failure=failure, failures=1000)
    wait_until(lambda: len(service.lines("start")) == attempts, f"attempt {attempts}")
    wait_until(lambda: corner.count(corner.dead) == dead, f"{dead} dead letters")
    assert service.stop() == 0

    assert service.lines("start") == [f"m1 {number}" for number in range(1, attempts + 1)]
    assert corner.count(corner.queue) == 0


def test_a_held_message_comes_back_without_using_an_attempt(corner: Corner, start_service: StartService) -> None:
    service = start_service()
    corner.send("m1", failure="held", failures=6)

    wait_until(lambda: service.lines("end") == ["m1 1"], "the lease to be free")

    assert service.lines("start") == ["m1 1"] * 7


def test_a_holding_consumer_keeps_the_message_until_the_server_is_back(
    corner: Corner, start_service: StartService
) -> None:
    service = start_service(ladder=False)
    corner.send("m1", failure="transient", failures=2)

    wait_until(lambda: service.lines("end") == ["m1 1"], "the third call")
    counted = f'odamesh_deliveries_total{{action="hold",outcome="transient",queue="{corner.queue}"}}'
    assert f"{counted} 2.0" in service.figures()

    assert service.stop() == 0
    assert corner.count(corner.queue) == corner.count(corner.dead) == 0


def test_a_holding_consumer_gives_the_message_back_when_it_stops(corner: Corner, start_service: StartService) -> None:
    service = start_service(ladder=False)
    corner.send("m1", failure="transient", failures=1000)
    wait_until(lambda: len(service.lines("start")) >= 2, "the handler to be called again")

    assert service.stop() == 0

    assert corner.count(corner.queue) == 1


def test_a_process_that_was_blocked_for_several_heartbeats_goes_on(corner: Corner, start_service: StartService) -> None:
    service = start_service(heartbeat=1)
    corner.send("m1", block=5)
    wait_until(lambda: service.lines("end") == ["m1 1"], "the block to end")
    corner.send("m2")

    wait_until(lambda: "m2 1" in service.lines("end"), "the consumer to be back")

    assert service.stop() == 0
    assert service.lines("start") == ["m1 1", "m2 1"]
    assert corner.count(corner.queue) == 0
