"""The endpoints that are registered: as they are now, without a reading of the store for each who asks."""

import threading
import time
from collections.abc import Callable

from mesh.contracts.webhook import WebhookEndpoint
from mesh.store.webhooks import Webhooks

_LATELY_SECONDS = 2.0


class Endpoints:
    """Reads the endpoints.

    Args:
        webhooks: the documents.
        clock: seconds since 1970.
        gone: called with the name of each that is no longer there.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        clock: Callable[[], float] = time.time,
        gone: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._gone = gone
        self._known: list[WebhookEndpoint] = []
        self._read = 0.0
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
                begun, read = self._begun, self._clock()
                found = self._webhooks.endpoints()
                for name in {one.name for one in self._known} - {one.name for one in found}:
                    self._gone(name)
                self._known, self._read, self._ended = found, read, begun
        return self._known

    def lately(self) -> list[WebhookEndpoint]:
        """Return the endpoints as they were a moment ago at most."""
        return self._known if self._clock() - self._read <= _LATELY_SECONDS else self.now()

    def forget(self) -> None:
        """Have them read at the next call."""
        self._read = 0.0
