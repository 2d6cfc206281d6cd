"""Webhooks from the topic to the receiver, with every part in memory and a clock that the test moves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.alerts.register import WebhookRegister
from mesh.broker.delivery import Delivery
from mesh.clock import instant_at
from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint, WebhookSecret
from mesh.store.objects import Objects
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks
from services.transports.webhooks.deliveries import Deliveries
from services.transports.webhooks.post import Answer
from tests.unit.webhook_doubles import MemoryWebhookIndex

START = 1_700_000_000.0
SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"  # noqa: S105 - of the specification's example
TAKEN = Answer(200, "Taken.")
AWAY = Answer(None, "No answer.")


@dataclass
class Posted:
    """One post as the receiver sees it."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    at: float


class WebhookWorld:
    """The transports, and receivers that answer as the test says.

    Args:
        objects: the store.
        index: of webhooks.
        call: does what goes to a receiver.
    """

    def __init__(
        self,
        objects: Objects,
        index: WebhookIndex | None = None,
        call: Callable[[str, Callable[[], Answer]], Answer] = lambda _, work: work(),
    ) -> None:
        self.now = START
        self.index: Any = index or MemoryWebhookIndex()
        self.webhooks = Webhooks(objects)
        self.register = WebhookRegister(self.webhooks, self.index)
        self.posts: list[Posted] = []
        self.answers: dict[str, Answer] = {}
        self._call = call
        self.start()

    def start(self) -> None:
        """Start the process in the place of the one that died."""
        self.deliveries = Deliveries(
            self.webhooks,
            self.index,
            self._post,
            "https://mesh.example",
            clock=lambda: self.now,
            beside=lambda work: work(),
        )

    def add(self, name: str, topics: tuple[str, ...] = (), *, tests: bool = False) -> None:
        """Register an endpoint."""
        made = WebhookEndpoint(
            name=name,
            url=f"https://{name}.example/hook",
            topics=topics,
            tests=tests,
            secrets=(WebhookSecret(secret=SECRET),),
            added=instant_at(self.now),
            added_by="eve",
        )
        assert self.webhooks.add(made)
        self.index.endpoints_changed()

    def publish(self, topic: str = "transient.record", ident: str = "a" * 32, **fields: Any) -> None:
        """Have a message of a topic taken on."""
        self.deliveries.take_on(message(topic, ident, **fields))

    def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, with a look every so often."""
        end = self.now + seconds
        while self.now < end:
            self.now += step
            self.deliveries.look()

    def delivery(self, endpoint: str, ident: str = "a" * 32) -> WebhookDelivery:
        """Return a message and what came of it."""
        return self.webhooks.delivery(endpoint, ident)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        def work() -> Answer:
            self.posts.append(Posted(url, body, headers, self.now))
            return self.answers.get(url.partition("://")[2].partition(".")[0], TAKEN)

        return self._call("post", work)


def message(topic: str, ident: str, event_key: str = "lvk:S1", version: int = 1, **fields: Any) -> Delivery:
    """Return a message of a topic as the broker delivers it."""
    content = {"event_key": event_key, "version": version, "answer": "nothing", "made": "2024-01-01T00:00:00.000Z"}
    headers = {"x-event": event_key, "x-record": version}
    return Delivery(json.dumps({**content, **fields}).encode(), ident, event_key, topic, headers)
