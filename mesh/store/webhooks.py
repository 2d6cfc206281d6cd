"""Webhooks in MinIO: addresses that operators have registered, and messages on their way to them."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.objects import Objects

_JSON = "application/json"


class Webhooks:
    """Reads and writes the documents; every method raises StoreUnavailable when MinIO is out of reach."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def endpoints(self) -> list[WebhookEndpoint]:
        """Return the endpoints that were not removed, by name."""
        found = [self._read(entry.name) for entry in self._objects.list(names.WEBHOOK_ENDPOINTS)]
        return [one for one in found if not one.removed]

    def endpoint(self, name: str) -> WebhookEndpoint:
        """Return an endpoint; NotFound where there is none, or it was removed."""
        found = self._read(names.webhook_endpoint_object(name))
        if found.removed:
            raise NotFound(f"the endpoint {name} was removed")
        return found

    def add(self, endpoint: WebhookEndpoint) -> bool:
        """Register an endpoint; false where one of that name is there."""
        place = names.webhook_endpoint_object(endpoint.name)
        if self._objects.put_new(place, endpoint.encode(), _JSON):
            return True
        text, tag = self._objects.get_tagged(place)
        if not WebhookEndpoint.decode(text).removed:
            return False
        return self._objects.replace(place, endpoint.encode(), tag, _JSON)

    def change(self, name: str, change: Callable[[WebhookEndpoint], WebhookEndpoint]) -> WebhookEndpoint:
        """Change an endpoint; of two who do at once, one changes what the other has written.

        Raises:
            NotFound: there is none, or it was removed.
        """
        place = names.webhook_endpoint_object(name)
        while True:
            text, tag = self._objects.get_tagged(place)
            before = WebhookEndpoint.decode(text)
            if before.removed:
                raise NotFound(f"the endpoint {name} was removed")
            after = change(before)
            if after == before or self._objects.replace(place, after.encode(), tag, _JSON):
                return after

    def enqueue(self, delivery: WebhookDelivery) -> bool:
        """Keep a message for an endpoint; false where it is waiting already, or has ended."""
        if self._has_ended(delivery.endpoint, delivery.delivery_id):
            return False
        place = names.webhook_waiting_object(delivery.endpoint, delivery.delivery_id)
        return self._objects.put_new(place, delivery.encode(), _JSON)

    def waiting(self, endpoint: str, delivery_id: str) -> WebhookDelivery | None:
        """Return a message that waits; None where it has ended, of which whatever was left is removed."""
        try:
            found = self._delivery(names.webhook_waiting_object(endpoint, delivery_id))
        except NotFound:
            return None
        if self._has_ended(endpoint, delivery_id):
            self._objects.delete(names.webhook_waiting_object(endpoint, delivery_id))
            return None
        return found

    def delivery(self, endpoint: str, delivery_id: str) -> WebhookDelivery:
        """Return a message, whether it waits or has ended; NotFound where there is none."""
        with suppress(NotFound):
            return self._delivery(names.webhook_done_object(endpoint, delivery_id))
        return self._delivery(names.webhook_waiting_object(endpoint, delivery_id))

    def all_waiting(self, endpoint: str) -> Iterator[str]:
        """Return the ids of what waits for an endpoint."""
        prefix = f"{names.WEBHOOKS_WAITING}{endpoint}/"
        for entry in self._objects.list(prefix):
            yield entry.name.removeprefix(prefix).removesuffix(".json")

    def keep_waiting(self, delivery: WebhookDelivery) -> None:
        """Note what a try of a message came to."""
        place = names.webhook_waiting_object(delivery.endpoint, delivery.delivery_id)
        self._objects.put(place, delivery.encode(), _JSON)

    def end(self, delivery: WebhookDelivery) -> None:
        """Note how a message ended, without its body; from then on it does not wait."""
        ended = delivery.model_copy(update={"body": ""})
        place = names.webhook_done_object(delivery.endpoint, delivery.delivery_id)
        self._objects.put(place, ended.encode(), _JSON)
        self._objects.delete(names.webhook_waiting_object(delivery.endpoint, delivery.delivery_id))

    def expire(self, before: Callable[[float], bool]) -> int:
        """Forget how messages ended whose end [s since 1970] is long ago; returns how many."""
        old = [
            one.name
            for one in self._objects.list(names.WEBHOOKS_DONE)
            if one.modified and before(one.modified.timestamp())
        ]
        for name in old:
            self._objects.delete(name)
        return len(old)

    def forget_removed(self) -> None:
        """Drop what waits for endpoints that were removed."""
        for entry in self._objects.list(names.WEBHOOK_ENDPOINTS):
            endpoint = self._read(entry.name)
            if endpoint.removed:
                for one in list(self._objects.list(f"{names.WEBHOOKS_WAITING}{endpoint.name}/")):
                    self._objects.delete(one.name)

    def _has_ended(self, endpoint: str, delivery_id: str) -> bool:
        with suppress(NotFound):
            self._objects.get(names.webhook_done_object(endpoint, delivery_id))
            return True
        return False

    def _read(self, place: str) -> WebhookEndpoint:
        return WebhookEndpoint.decode(self._objects.get(place))

    def _delivery(self, place: str) -> WebhookDelivery:
        return WebhookDelivery.decode(self._objects.get(place))
