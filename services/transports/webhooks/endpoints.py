"""The endpoints that are registered: as they are now, without a listing of the store for each who asks.

Whoever changes them notes that in Redis, which is asked instead: a listing costs the store as much as some writings.
"""

import threading
import time
from collections.abc import Callable

from mesh.contracts.webhook import WebhookEndpoint
from mesh.errors import StoreUnavailable
from mesh.store.webhook_index import WebhookIndex
from mesh.store.webhooks import Webhooks

_LATELY_SECONDS = 2.0


class Endpoints:
    """Reads the endpoints.

    Args:
        webhooks: the documents.
        index: tells whether they have changed.
        clock: seconds since 1970.
        gone: called with the name of each that is no longer there.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        index: WebhookIndex,
        clock: Callable[[], float] = time.time,
        gone: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._webhooks = webhooks
        self._index = index
        self._clock = clock
        self._gone = gone
        self._known: list[WebhookEndpoint] = []
        self._listed = 0.0
        self._revision: str | None = None
        """That of what is known; None: to be listed."""
        self._begun = self._ended = 0
        self._reading = threading.Lock()

    def now(self) -> list[WebhookEndpoint]:
        """Return the endpoints as a reading finds them that begins after the call.

        All who ask while another reading goes on share the next one: a burst of messages costs a few of them.

        Raises:
            StoreUnavailable: they cannot be read.
        """
        mine = self._begun + 1
        with self._reading:
            if self._ended < mine:
                self._begun += 1
                begun, revision = self._begun, self._read_revision()
                if revision is None or revision != self._revision:
                    self._list(revision)
                self._ended = begun
        return self._known

    def lately(self) -> list[WebhookEndpoint]:
        """Return the endpoints as a listing found them a moment ago at most, whatever was noted."""
        if self._clock() - self._listed > _LATELY_SECONDS:
            self.forget()
            return self.now()
        return self._known

    def forget(self) -> None:
        """Have them listed at the next call."""
        self._listed, self._revision = 0.0, None

    def _list(self, revision: str | None) -> None:
        # What changes from here on has another revision.
        listed, found = self._clock(), self._webhooks.endpoints()
        for name in {one.name for one in self._known} - {one.name for one in found}:
            self._gone(name)
        self._known, self._listed, self._revision = found, listed, revision

    def _read_revision(self) -> str | None:
        try:
            return self._index.endpoints_revision()
        except StoreUnavailable:
            return None  # the store tells without Redis too
