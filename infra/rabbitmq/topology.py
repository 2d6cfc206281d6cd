"""Generates the broker's exchanges, queues, bindings and policies, as RabbitMQ imports them.

Queue arguments hold only ``x-queue-type``: a broker refuses to re-declare a queue whose arguments changed,
while policies can be changed under a running mesh. `definitions.json` is accepted by RabbitMQ 3.10 and later;
`definitions.4x.json` is laid over it on brokers that know the policy key ``consumer-timeout`` (3.12 and later).

    python -m infra.rabbitmq.topology        rewrites both files
"""

import json
from pathlib import Path
from typing import Any

VIRTUAL_HOST = "odamesh"
INSTRUMENTS = ("isgri", "jemx", "polar", "spiacs", "spectral_fit", "noop")
LANES = ("alert", "user", "batch")
RETRY_DELAYS_MS = {"5s": 5_000, "30s": 30_000, "2m": 120_000, "10m": 600_000}
LONGEST_UNIT_MS = 6 * 3_600_000  # longest unit and margin; the same as consumer_timeout in rabbitmq.conf
_DAY_MS = 86_400_000

_TOPIC_EXCHANGES = ("mesh.requests", "mesh.units", "mesh.events", "mesh.control", "mesh.dead")
_FANOUT_EXCHANGES = (*(f"mesh.retry.{delay}" for delay in RETRY_DELAYS_MS), "mesh.unrouted")

_REQUESTS = ("submit", "retry", "cancel", "delete")

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
        if exchange["name"] == "mesh.units":
            exchange["arguments"] = {"alternate-exchange": "mesh.unrouted"}
    return exchanges


def _bindings_by_queue() -> dict[str, list[tuple[str, str]]]:
    """Queue name -> (exchange, routing key) pairs that feed it."""
    queues = {"requests.dispatcher": [("mesh.requests", f"{word}.*") for word in _REQUESTS]}
    for instrument in INSTRUMENTS:
        for lane in LANES:
            queues[f"units.{instrument}.{lane}"] = [("mesh.units", f"{instrument}.{lane}")]
    for delay in RETRY_DELAYS_MS:
        queues[f"retry.{delay}"] = [(f"mesh.retry.{delay}", "")]
    queues["events.aggregate"] = [("mesh.events", "unit.#")]
    queues["events.cache"] = [("mesh.events", "unit.*.done")]
    for instrument in INSTRUMENTS:
        queues[f"dead.{instrument}"] = [("mesh.dead", f"{instrument}.#")]
    queues["dead.requests"] = [("mesh.dead", f"{word}.#") for word in _REQUESTS]
    queues["dead.events"] = [("mesh.dead", "events")]
    queues["unrouted"] = [("mesh.unrouted", "")]
    return queues


def _policies() -> list[Definition]:
    to_dead = {"dead-letter-exchange": "mesh.dead", **_SAFE}
    policies = [
        _policy("requests", r"^requests\.dispatcher$", {"delivery-limit": 10, **to_dead}),
        _policy("units", r"^units\.", {"delivery-limit": 5, "max-length": 20_000, **to_dead}),
        _policy(
            "events",
            r"^events\.(aggregate|cache)$",
            {"delivery-limit": 20, "max-length": 200_000, "dead-letter-routing-key": "events", **to_dead},
        ),
        _policy("dead", r"^dead\.", {"message-ttl": 30 * _DAY_MS, "max-length": 100_000, **_LOOKED_AT}),
        _policy("unrouted", r"^unrouted$", {"message-ttl": _DAY_MS, **_LOOKED_AT}),
    ]
    for delay, milliseconds in RETRY_DELAYS_MS.items():
        # No dead-letter-routing-key: the original key survives, so the message returns to its lane.
        back = {"message-ttl": milliseconds, "dead-letter-exchange": "mesh.units", **_SAFE}
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
        "arguments": {"x-queue-type": "quorum"},
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


def files() -> dict[Path, str]:
    """Path -> text of the two committed definition files."""
    folder = Path(__file__).parent
    return {
        folder / "definitions.json": _text(definitions()),
        folder / "definitions.4x.json": _text(overlay_4x()),
    }


def _text(content: Definition) -> str:
    return json.dumps(content, indent=1) + "\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
