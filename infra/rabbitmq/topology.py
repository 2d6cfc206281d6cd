"""Makes the broker's exchanges, queues, bindings and policies of the names in ``mesh.broker.topology``.

Every folder of an instrument has its lanes and its dead letters. Queue arguments hold only ``x-queue-type``, and for
alerts ``x-single-active-consumer``, which no policy can set: a broker refuses to re-declare a queue whose arguments
changed, while policies can be changed under a running mesh. The
definitions are accepted by RabbitMQ 3.10 and later; the overlay replaces some of them on brokers that know the policy
key ``consumer-timeout`` (3.12 and later). ``odamesh stack up`` imports both; for a broker of your own,

    python -m infra.rabbitmq.topology             prints the definitions
    python -m infra.rabbitmq.topology overlay     prints the overlay
"""

import json
import sys
from typing import Any

from mesh.broker.topology import (
    ALERT_SHARDS,
    ALERTS,
    CACHE_QUEUE,
    CONTROL,
    DEAD,
    DEAD_ALERTS_QUEUE,
    DEAD_EVENTS_QUEUE,
    DEAD_REQUESTS_QUEUE,
    DEAD_TRANSIENTS_QUEUE,
    EVENTS,
    FAN_IN_QUEUE,
    KAFKA_QUEUE,
    LADDER_MS,
    REQUESTS,
    REQUESTS_QUEUE,
    TRANSIENTS,
    UNITS,
    UNROUTED,
    UNROUTED_QUEUE,
    WEBHOOKS_QUEUE,
    alert_queue,
    dead_queue,
    retry_exchange,
    retry_queue,
    unit_key,
    unit_queue,
)
from mesh.contracts.request import Lane
from mesh.instruments import instrument_folders

VIRTUAL_HOST = "odamesh"
INSTRUMENTS = tuple(instrument_folders())
LONGEST_UNIT_MS = 6 * 3_600_000  # longest unit and margin; the same as consumer_timeout in rabbitmq.conf
_DAY_MS = 86_400_000

# Topics also where all goes one way: rights on routing keys are for topics only, see permissions.py.
_TOPIC_EXCHANGES = (REQUESTS, UNITS, EVENTS, CONTROL, ALERTS, TRANSIENTS, DEAD, *map(retry_exchange, LADDER_MS))
_FANOUT_EXCHANGES = (UNROUTED,)

_REQUESTS = ("submit", "cancel", "delete", "again")
_ALERTS = {alert_queue(shard): f"alert.{shard}" for shard in range(ALERT_SHARDS)}

# A dead letter is handed over only when the target has it, and a full queue refuses: nothing vanishes.
_SAFE = {"dead-letter-strategy": "at-least-once", "overflow": "reject-publish"}
# Each look at a letter is a delivery: brokers from 4.0 on would throw it away after the twentieth.
_LOOKED_AT = {"delivery-limit": 1_000_000}

Definition = dict[str, Any]


def definitions() -> Definition:
    """Return the whole topology, for brokers from 3.10 on."""
    return {
        "vhosts": [{"name": VIRTUAL_HOST}],
        "exchanges": _exchanges(),
        "queues": [_queue(name) for name in _bindings_by_queue()],
        "bindings": [
            _binding(exchange, queue, key)
            for queue, sources in _bindings_by_queue().items()
            for exchange, key in sources
        ],
        "policies": _policies(),
    }


def overlay_4x() -> Definition:
    """Policies that replace those of the same name where the broker knows ``consumer-timeout``."""
    policies = [policy for policy in _policies() if policy["name"] == "units"]
    for policy in policies:
        policy["definition"]["consumer-timeout"] = LONGEST_UNIT_MS
    return {"policies": policies}


def _exchanges() -> list[Definition]:
    exchanges = [_exchange(name, "topic") for name in _TOPIC_EXCHANGES]
    exchanges += [_exchange(name, "fanout") for name in _FANOUT_EXCHANGES]
    for exchange in exchanges:
        if exchange["name"] == UNITS:
            exchange["arguments"] = {"alternate-exchange": UNROUTED}
    return exchanges


def _bindings_by_queue() -> dict[str, list[tuple[str, str]]]:
    """Queue name -> (exchange, routing key) pairs that feed it."""
    queues = {REQUESTS_QUEUE: [(REQUESTS, f"{word}.*") for word in _REQUESTS]}
    for instrument in INSTRUMENTS:
        queues |= {unit_queue(instrument, lane): [(UNITS, unit_key(instrument, lane))] for lane in Lane}
    queues |= {retry_queue(delay): [(retry_exchange(delay), "#")] for delay in LADDER_MS}
    queues[FAN_IN_QUEUE] = [(EVENTS, "unit.#")]
    queues[CACHE_QUEUE] = [(EVENTS, "unit.*.done")]
    queues |= {dead_queue(instrument): [(DEAD, f"{instrument}.#")] for instrument in INSTRUMENTS}
    queues[DEAD_REQUESTS_QUEUE] = [(DEAD, f"{word}.#") for word in _REQUESTS]
    queues[DEAD_EVENTS_QUEUE] = [(DEAD, "events")]
    queues |= {queue: [(ALERTS, key)] for queue, key in _ALERTS.items()}
    queues[DEAD_ALERTS_QUEUE] = [(DEAD, "alerts")]
    queues |= {queue: [(TRANSIENTS, "#")] for queue in (WEBHOOKS_QUEUE, KAFKA_QUEUE)}
    queues[DEAD_TRANSIENTS_QUEUE] = [(DEAD, "transients")]
    queues[UNROUTED_QUEUE] = [(UNROUTED, "")]
    return queues


def _policies() -> list[Definition]:
    to_dead = {"dead-letter-exchange": DEAD, **_SAFE}
    policies = [
        _policy("requests", r"^requests\.dispatcher$", {"delivery-limit": 10, **to_dead}),
        _policy("units", r"^units\.", {"delivery-limit": 5, "max-length": 20_000, **to_dead}),
        _policy(
            "events",
            r"^events\.(aggregate|cache)$",
            {"delivery-limit": 20, "max-length": 200_000, "dead-letter-routing-key": "events", **to_dead},
        ),
        _policy(
            "alerts",
            r"^alerts\.",
            {"delivery-limit": 20, "max-length": 200_000, "dead-letter-routing-key": "alerts", **to_dead},
        ),
        _policy(
            "transients",
            r"^transients\.",
            {"delivery-limit": 20, "max-length": 200_000, "dead-letter-routing-key": "transients", **to_dead},
        ),
        _policy("dead", r"^dead\.", {"message-ttl": 30 * _DAY_MS, "max-length": 100_000, **_LOOKED_AT}),
        _policy("unrouted", r"^unrouted$", {"message-ttl": _DAY_MS, **_LOOKED_AT}),
    ]
    for delay, milliseconds in LADDER_MS.items():
        # No dead-letter-routing-key: the original key survives, so the message returns to its lane.
        back = {"message-ttl": milliseconds, "dead-letter-exchange": UNITS, **_SAFE}
        policies.append(_policy(f"retry.{delay}", rf"^retry\.{delay}$", back))
    return policies


def _exchange(name: str, kind: str) -> Definition:
    return {
        "name": name,
        "vhost": VIRTUAL_HOST,
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(name: str) -> Definition:
    return {
        "name": name,
        "vhost": VIRTUAL_HOST,
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-queue-type": "quorum", **({"x-single-active-consumer": True} if name in _ALERTS else {})},
    }


def _binding(exchange: str, queue: str, routing_key: str) -> Definition:
    return {
        "source": exchange,
        "vhost": VIRTUAL_HOST,
        "destination": queue,
        "destination_type": "queue",
        "routing_key": routing_key,
        "arguments": {},
    }


def _policy(name: str, pattern: str, definition: Definition) -> Definition:
    return {
        "vhost": VIRTUAL_HOST,
        "name": name,
        "pattern": pattern,
        "apply-to": "queues",
        "priority": 0,
        "definition": dict(sorted(definition.items())),
    }


if __name__ == "__main__":
    made = overlay_4x() if sys.argv[1:] == ["overlay"] else definitions()
    json.dump(made, sys.stdout, indent=1)
