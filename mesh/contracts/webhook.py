"""Webhooks that the mesh sends: addresses that operators have registered, and what is on its way to each."""

from typing import ClassVar

from pydantic import Field

from mesh.contracts.document import Document, Part


class WebhookSecret(Part):
    """A secret with which messages are signed."""

    secret: str = Field(repr=False)
    """``whsec_`` and 32 bytes in base64."""
    until: str | None = None
    """UTC; from then on it signs nothing. None: it is the newest."""


class WebhookEndpoint(Document):
    """``webhooks/endpoints/<name>.json``: where messages are posted, changed by compare-and-swap."""

    SCHEMA: ClassVar[str] = "odamesh.webhook-endpoint/1"

    name: str
    url: str
    topics: tuple[str, ...] = ()
    """Topics of real events, e.g. ``integral.*``; empty: all."""
    tests: bool = False
    """Whether it also gets the same of tests, whose topics end with ``.test``."""
    secrets: tuple[WebhookSecret, ...] = ()
    """All that have not ended sign, so that the receiver can take the new one at any time."""
    added: str
    """UTC, ISO 8601 with ``Z``."""
    added_by: str
    disabled: str = ""
    """UTC since when nothing is sent; empty: it is."""
    why_disabled: str = ""
    removed: str = ""
    """UTC when an operator removed it; empty: it is there."""

    @property
    def live(self) -> bool:
        """Whether messages are sent to it."""
        return not self.disabled and not self.removed


class WebhookDelivery(Document):
    """``webhooks/{waiting,done}/<endpoint>/<delivery_id>.json``: one message for one endpoint.

    Its id follows from event, version of the record and topic, as that of the message on the exchange.
    """

    SCHEMA: ClassVar[str] = "odamesh.webhook-delivery/1"

    delivery_id: str
    endpoint: str
    topic: str
    event_key: str = ""
    made: str
    """UTC, ISO 8601 with ``Z``."""
    body: str
    """What is posted, byte for byte at each try."""
    tries: int = 0
    next_try: str
    """UTC."""
    status: int | None = None
    """Of the last answer; None: there was none."""
    text: str = ""
    """What the last try came to, in a sentence."""
    ended: str = ""
    """UTC; empty: it is waiting."""
    delivered: bool = False
