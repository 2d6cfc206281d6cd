"""The names of exchanges and queues, and the delays; ``infra/rabbitmq/topology.py`` defines them in the broker.

Services declare nothing of this: a queue that is missing is an error of the set-up, not something to be made up.
"""

from collections.abc import Iterable
from hashlib import sha256

from mesh.contracts.request import Lane

REQUESTS = "mesh.requests"
UNITS = "mesh.units"
EVENTS = "mesh.events"
CONTROL = "mesh.control"
DEAD = "mesh.dead"
ALERTS = "mesh.alerts"
"""Receipts and commands on their way to the triggers service."""
TRANSIENTS = "mesh.transients"
"""What the mesh says of events: whoever wants to know binds a queue of their own."""
UNROUTED = "mesh.unrouted"
"""Takes units that no queue takes."""

REQUESTS_QUEUE = "requests.dispatcher"
FAN_IN_QUEUE = "events.aggregate"
CACHE_QUEUE = "events.cache"
WEBHOOKS_QUEUE = "transients.webhooks"
KAFKA_QUEUE = "transients.kafka"
DEAD_REQUESTS_QUEUE = "dead.requests"
DEAD_EVENTS_QUEUE = "dead.events"
DEAD_ALERTS_QUEUE = "dead.alerts"
DEAD_TRANSIENTS_QUEUE = "dead.transients"
UNROUTED_QUEUE = "unrouted"
"""Units of an instrument that has no queue."""

LADDER_MS = {"5s": 5_000, "30s": 30_000, "2m": 120_000, "10m": 600_000}
"""Delays of the retry ladder in milliseconds, shortest first; each has an exchange and a queue."""
LADDER = tuple(LADDER_MS)

AGAIN_KEY = "again.letter"
"""Routing key on ``mesh.requests`` of a wish to have a dead letter sent again."""

ALERT_SHARDS = 4
"""Queues of alerts; all entries of one event go to the same one, which one process consumes at a time."""


def submit_key(instrument: str) -> str:
    """Routing key of a submitted job on ``mesh.requests``."""
    return f"submit.{instrument}"


def cancel_key(instrument: str) -> str:
    """Routing key of a cancel, on ``mesh.requests`` (a job) and on ``mesh.control`` (its units)."""
    return f"cancel.{instrument}"


def follow_key(instrument: str) -> str:
    """Routing key on ``mesh.control`` of a wish to follow the log of a unit."""
    return f"follow.{instrument}"


def delete_key(instrument: str) -> str:
    """Routing key of the deletion of a job on ``mesh.requests``."""
    return f"delete.{instrument}"


def unit_key(instrument: str, lane: Lane) -> str:
    """Routing key of a unit on ``mesh.units``."""
    return f"{instrument}.{lane.value}"


def unit_queue(instrument: str, lane: Lane) -> str:
    """Queue of the units of one instrument and lane."""
    return f"units.{instrument}.{lane.value}"


def alert_key(event_key: str) -> str:
    """Routing key on ``mesh.alerts`` of what concerns an event."""
    return f"alert.{sha256(event_key.encode()).digest()[0] % ALERT_SHARDS}"


def alert_queue(shard: int) -> str:
    """Queue of one share of the events."""
    return f"alerts.{shard}"


def retry_exchange(delay: str) -> str:
    """Exchange that hands a message back to ``mesh.units`` after *delay*, its routing key untouched."""
    return f"mesh.retry.{delay}"


def retry_queue(delay: str) -> str:
    """Queue in which messages wait for *delay*."""
    return f"retry.{delay}"


def dead_queue(instrument: str) -> str:
    """Queue of the units of an instrument that nobody could settle."""
    return f"dead.{instrument}"


def dead_queues(instruments: Iterable[str]) -> list[str]:
    """Queues of what nobody could settle, or no queue takes."""
    others = (DEAD_REQUESTS_QUEUE, DEAD_EVENTS_QUEUE, DEAD_ALERTS_QUEUE, DEAD_TRANSIENTS_QUEUE, UNROUTED_QUEUE)
    return [*map(dead_queue, instruments), *others]


def shared_queues() -> list[str]:
    """Queues beside those of units and of dead letters."""
    retries, alerts = map(retry_queue, LADDER), map(alert_queue, range(ALERT_SHARDS))
    return [REQUESTS_QUEUE, FAN_IN_QUEUE, CACHE_QUEUE, WEBHOOKS_QUEUE, KAFKA_QUEUE, *retries, *alerts]


def control_queue(service: str, instance: str) -> str:
    """Exclusive queue of one service process for broadcasts on ``mesh.control``."""
    return f"control.{service}.{instance}"
