"""The retry ladder: a copy of a message waits in a queue of fixed delay and comes back with its attempt counted."""

from mesh.broker.delivery import ATTEMPT_HEADER, Delivery
from mesh.broker.outgoing import Outgoing
from mesh.broker.settle import Decision
from mesh.broker.topology import retry_exchange


def retry_copy(delivery: Delivery, decision: Decision) -> Outgoing:
    """Return the copy that comes back to the same queue after the decided delay.

    Headers that the broker itself added (``x-death`` and its kin) stay behind: they would grow at every step.
    """
    own = {name: value for name, value in delivery.headers.items() if not added_by_broker(name)}
    return Outgoing(
        exchange=retry_exchange(decision.delay),
        routing_key=delivery.routing_key,
        body=delivery.body,
        schema=delivery.schema,
        message_id=delivery.message_id,
        correlation_id=delivery.correlation_id,
        headers={**own, ATTEMPT_HEADER: decision.next_attempt},
    )


def added_by_broker(name: str) -> bool:
    """Say whether a header is the broker's own account of where a message has been."""
    return name.startswith(("x-death", "x-first-death", "x-last-death", "x-delivery-count", "x-acquired-count"))
