"""A message on its way out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from mesh.contracts.document import Document


@dataclass(frozen=True)
class Outgoing:
    """One message to publish.

    Args:
        exchange: name.
        routing_key: where it goes.
        body: encoded document.
        schema: name and version of the document (AMQP property ``type``).
        message_id: unit key, job id or event id.
        correlation_id: run id.
        headers: further headers; ``x-attempt`` is 1 unless set.
        mandatory: whether it is an error that no queue takes it. False only for hints whose loss is harmless.
    """

    exchange: str
    routing_key: str
    body: bytes
    schema: str
    message_id: str
    correlation_id: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)
    mandatory: bool = True

    @classmethod
    def of(
        cls,
        document: Document,
        exchange: str,
        routing_key: str,
        *,
        message_id: str,
        correlation_id: str = "",
        headers: Mapping[str, Any] | None = None,
        mandatory: bool = True,
    ) -> Self:
        """Wrap a document."""
        return cls(
            exchange=exchange,
            routing_key=routing_key,
            body=document.encode(),
            schema=document.SCHEMA,
            message_id=message_id,
            correlation_id=correlation_id,
            headers=headers or {},
            mandatory=mandatory,
        )
