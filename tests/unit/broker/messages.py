"""Deliveries for the tests of the broker."""

from typing import Any

from mesh.broker.delivery import Delivery


def delivery(**changes: Any) -> Delivery:
    """Return a delivery of unit m1 in the user lane of isgri, first attempt."""
    content: dict[str, Any] = {
        "body": b'{"a":1}',
        "message_id": "m1",
        "correlation_id": "r1",
        "routing_key": "isgri.user",
        "headers": {"x-attempt": 1, "x-lane": "user", "x-user": "ada"},
        "attempt": 1,
        "schema": "odamesh.unit/1",
    }
    return Delivery(**{**content, **changes})
