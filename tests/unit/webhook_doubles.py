"""The index of webhooks in memory, for tests of the register and of the transports."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from mesh.store.webhook_index import WebhookIndex


class MemoryWebhookIndex(WebhookIndex):
    """When to post what, in dictionaries."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Lose everything, as a server that is flushed."""
        self.times: dict[str, dict[str, float]] = {}
        self.successes: dict[str, float] = {}
        self.indexed = False
        self.revision = ""

    def enter(self, endpoint: str, when: Mapping[str, float]) -> None:
        """Enter what is not entered."""
        self.times[endpoint] = {**when, **self.times.get(endpoint, {})}

    def missing(self, endpoint: str, delivery_ids: Sequence[str]) -> list[str]:
        """Return what is not entered."""
        return [one for one in delivery_ids if one not in self.times.get(endpoint, {})]

    def post_at(self, endpoint: str, delivery_id: str, when: float) -> None:
        """Have one posted at a time."""
        self.times.setdefault(endpoint, {})[delivery_id] = when

    def ended(self, endpoint: str, delivery_id: str) -> None:
        """Take one out."""
        self.times.get(endpoint, {}).pop(delivery_id, None)

    def due(self, endpoint: str, now: float, limit: int) -> list[str]:
        """Return what is due, and put it off."""
        known = self.times.get(endpoint, {})
        found = [one for one, when in sorted(known.items(), key=lambda entry: entry[1]) if when <= now][:limit]
        known |= dict.fromkeys(found, now + 60)
        return found

    def waiting(self, endpoint: str) -> int:
        """Return how many wait."""
        return len(self.times.get(endpoint, {}))

    def succeeded(self, endpoint: str, when: float | None = None) -> None:
        """Note a success."""
        self.successes[endpoint] = when or 0.0

    def last_success(self, endpoint: str) -> float | None:
        """Return the last one."""
        return self.successes.get(endpoint)

    def drop(self, endpoints: Iterable[str]) -> None:
        """Forget endpoints."""
        for one in endpoints:
            self.times.pop(one, None)

    def endpoints_changed(self) -> None:
        """Note a change."""
        self.revision = uuid.uuid4().hex

    def endpoints_revision(self) -> str:
        """Return the last change."""
        return self.revision

    def complete(self) -> bool:
        """Say whether all is entered."""
        return self.indexed

    def mark_complete(self) -> None:
        """Note that all is entered."""
        self.indexed = True
