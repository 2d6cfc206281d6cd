"""A message as a handler sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ATTEMPT_HEADER = "x-attempt"
CARRIED_HEADERS = {"request_id": "x-request-id", "lane": "x-lane", "user": "x-user"}
"""Log variable -> header: what a handler's logs name, and what goes along with everything that it publishes, beside its
place in the trace."""


@dataclass(frozen=True)
class Delivery:
    """One delivery of one message.

    Args:
        body: as published.
        message_id: unit key, job id or event id.
        correlation_id: run id.
        routing_key: as published, also after the retry ladder.
        headers: what the publisher set.
        redelivered: whether the broker may have delivered it before.
        attempt: number of this try, from 1 (our own count, not the broker's).
        schema: name and version of the document in the body.
    """

    body: bytes
    message_id: str
    correlation_id: str = ""
    routing_key: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)
    redelivered: bool = False
    attempt: int = 1
    schema: str = ""

    @property
    def identity(self) -> tuple[str, str, int]:
        """What two deliveries of the same try of the same message have in common."""
        return self.routing_key, self.message_id, self.attempt

    @property
    def came_before(self) -> bool:
        """Whether a consumer may have had the message before: it lost it, or put it on the retry ladder."""
        return self.redelivered or "x-death" in self.headers


def read_delivery(message: Any) -> Delivery:
    """Make a delivery of an AMQP message as py-amqp gives it.

    A message without an id, or whose attempt is no number, is nobody's of the mesh; it still becomes a delivery,
    so that its handler can refuse the body.
    """
    properties = message.properties
    headers = dict(properties.get("application_headers") or {})
    info = message.delivery_info
    body = message.body
    attempt = headers.get(ATTEMPT_HEADER, 1)
    return Delivery(
        body=body if isinstance(body, bytes) else bytes(body, "utf-8"),
        message_id=str(properties.get("message_id", "")) or f"{info['consumer_tag']}-{info['delivery_tag']}",
        correlation_id=str(properties.get("correlation_id", "")),
        routing_key=str(info["routing_key"]),
        headers=headers,
        redelivered=bool(info["redelivered"]),
        attempt=attempt if isinstance(attempt, int) and attempt >= 1 else 1,
        schema=str(properties.get("type", "")),
    )
