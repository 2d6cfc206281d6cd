"""The names that the code uses are those that the broker is set up with."""

import fnmatch
from typing import Any

import pytest

from infra.rabbitmq import topology as broker
from mesh.broker import topology
from mesh.contracts.request import Lane
from mesh.instruments import instrument_folders

INSTRUMENTS = tuple(instrument_folders())


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    return broker.definitions()


def queues_for(definitions: dict[str, Any], exchange: str, key: str) -> set[str]:
    """Return where a message goes, by the rules of topic exchanges (for keys of two words)."""
    return {
        binding["destination"]
        for binding in definitions["bindings"]
        if binding["source"] == exchange and fnmatch.fnmatchcase(key, binding["routing_key"].replace("#", "*"))
    }


def test_exchanges_exist(definitions: dict[str, Any]) -> None:
    there = {exchange["name"] for exchange in definitions["exchanges"]}
    used = {topology.REQUESTS, topology.UNITS, topology.EVENTS, topology.CONTROL, topology.DEAD}
    used |= {topology.ALERTS, topology.TRANSIENTS}

    assert used | {topology.retry_exchange(delay) for delay in topology.LADDER} <= there


def test_queues_exist(definitions: dict[str, Any]) -> None:
    there = {queue["name"] for queue in definitions["queues"]}
    used = {topology.REQUESTS_QUEUE, topology.FAN_IN_QUEUE, topology.CACHE_QUEUE}
    used |= {topology.WEBHOOKS_QUEUE, topology.KAFKA_QUEUE}
    used |= {topology.alert_queue(shard) for shard in range(topology.ALERT_SHARDS)}
    used |= {topology.retry_queue(delay) for delay in topology.LADDER}
    used |= {topology.unit_queue(name, lane) for name in INSTRUMENTS for lane in Lane}
    used |= {topology.dead_queue(name) for name in INSTRUMENTS}

    assert used <= there


@pytest.mark.parametrize("instrument", INSTRUMENTS)
@pytest.mark.parametrize("lane", Lane)
def test_units_reach_the_queue_of_their_lane_only(definitions: dict[str, Any], instrument: str, lane: Lane) -> None:
    reached = queues_for(definitions, topology.UNITS, topology.unit_key(instrument, lane))

    assert reached == {topology.unit_queue(instrument, lane)}


@pytest.mark.parametrize("event", ["lvk:S230518h", "icecube:134191_17593623", "swift:-5", "a:1", "a:2", "a:3", "a:4"])
def test_an_event_has_one_queue_with_one_consumer_at_a_time(definitions: dict[str, Any], event: str) -> None:
    (queue,) = queues_for(definitions, topology.ALERTS, topology.alert_key(event))
    arguments = {one["name"]: one["arguments"] for one in definitions["queues"]}
    assert arguments[queue]["x-single-active-consumer"] is True


@pytest.mark.parametrize("key", [topology.submit_key("isgri"), topology.cancel_key("isgri")])
def test_requests_reach_the_dispatcher(definitions: dict[str, Any], key: str) -> None:
    assert queues_for(definitions, topology.REQUESTS, key) == {topology.REQUESTS_QUEUE}


def test_the_ladder_waits_as_long_as_it_says(definitions: dict[str, Any]) -> None:
    waits = {"5s": 5_000, "30s": 30_000, "2m": 120_000, "10m": 600_000}
    policies = {policy["name"]: policy["definition"] for policy in definitions["policies"]}

    for delay in topology.LADDER:
        policy = policies[topology.retry_queue(delay)]
        assert policy["message-ttl"] == waits[delay]
        assert policy["dead-letter-exchange"] == topology.UNITS
        assert "dead-letter-routing-key" not in policy


def test_dead_units_reach_the_queue_of_their_instrument(definitions: dict[str, Any]) -> None:
    key = topology.unit_key("isgri", Lane.USER)

    assert queues_for(definitions, topology.DEAD, key) == {topology.dead_queue("isgri")}
