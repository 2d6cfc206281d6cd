"""The rules that the broker's definitions must keep."""

import re
from pathlib import Path

import pytest

from infra.rabbitmq import permissions, topology
from mesh.broker.topology import LADDER_MS
from mesh.contracts.request import Lane


def test_queues_have_no_argument_that_could_change() -> None:
    for queue in topology.definitions()["queues"]:
        # No policy can have a queue consumed by one process at a time.
        single = {"x-single-active-consumer": True} if queue["name"].startswith("alerts.") else {}
        assert queue["arguments"] == {"x-queue-type": "quorum", **single}


def test_each_queue_has_exactly_one_policy() -> None:
    policies = topology.definitions()["policies"]
    for queue in topology.definitions()["queues"]:
        matching = [policy["name"] for policy in policies if re.search(policy["pattern"], queue["name"])]
        assert len(matching) == 1, queue["name"]


def test_nothing_vanishes() -> None:
    """A queue with dead letters hands them over at least once, which a broker grants only with reject-publish."""
    for policy in topology.definitions()["policies"]:
        definition = policy["definition"]
        if "dead-letter-exchange" in definition:
            assert definition["dead-letter-strategy"] == "at-least-once"
            assert definition["overflow"] == "reject-publish"


def test_retries_keep_their_routing_key() -> None:
    retries = [one for one in topology.definitions()["policies"] if one["name"].startswith("retry.")]
    assert len(retries) == len(LADDER_MS)
    for policy in retries:
        assert policy["definition"]["dead-letter-exchange"] == "mesh.units"
        assert "dead-letter-routing-key" not in policy["definition"]


def test_every_binding_names_what_exists() -> None:
    definitions = topology.definitions()
    exchanges = {one["name"] for one in definitions["exchanges"]}
    queues = {one["name"] for one in definitions["queues"]}
    for binding in definitions["bindings"]:
        assert binding["source"] in exchanges
        assert binding["destination"] in queues
    assert {one["destination"] for one in definitions["bindings"]} == queues


def test_overlay_only_adds_to_policies_of_the_same_name() -> None:
    base = {one["name"]: one for one in topology.definitions()["policies"]}
    for policy in topology.overlay_4x()["policies"]:
        without = {key: value for key, value in policy["definition"].items() if key != "consumer-timeout"}
        assert {**policy, "definition": without} == base[policy["name"]]


@pytest.mark.parametrize("service", ["gateway", "dispatcher", "cache", "triggers", "transports", *topology.INSTRUMENTS])
def test_no_service_may_configure_what_the_definitions_make(service: str) -> None:
    definitions = topology.definitions()
    names = [one["name"] for kind in ("exchanges", "queues") for one in definitions[kind]]
    assert not [name for name in names if re.search(permissions.of(service)["configure"], name)]


def test_instruments_read_their_own_lanes_only() -> None:
    for service in topology.INSTRUMENTS:
        readable = {
            queue["name"]
            for queue in topology.definitions()["queues"]
            if re.search(permissions.of(service)["read"], queue["name"])
        }
        assert readable == {f"units.{service}.{lane.value}" for lane in Lane}


def test_longest_unit_agrees_with_the_node_wide_setting() -> None:
    settings = Path(topology.__file__).with_name("rabbitmq.conf").read_text()
    assert f"consumer_timeout = {topology.LONGEST_UNIT_MS}\n" in settings
