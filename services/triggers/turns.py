"""Which of the entries that wait is worked on next: the most urgent one, of equal ones the one that came first."""

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from mesh.contracts.notice import Messenger, Notice, NoticeKind

_BY_MESSENGER = {Messenger.GW: 2, Messenger.NEUTRINO: 3, Messenger.GRB: 4, Messenger.FRB: 5, Messenger.OTHER: 5}
_OPERATOR, _FIRST, _TEST = 0, 1, 9
_LIKELY = 0.5


def urgency_of(notice: Notice | None) -> int:
    """Return how urgent a notice is; a smaller number goes first.

    What an operator wants (None), then retractions and significant gravitational waves with a neutron star, others,
    neutrinos, gamma rays, radio bursts; mocks and tests, which are most of what is sent, give way to all of them.
    """
    if notice is None:
        return _OPERATOR
    if notice.test:
        return _TEST
    neutron_star = notice.significant and notice.properties.get("HasNS", 0.0) > _LIKELY
    if notice.kind is NoticeKind.RETRACTION or (notice.messenger is Messenger.GW and neutron_star):
        return _FIRST
    return _BY_MESSENGER[notice.messenger]


class Turns:
    """Lets a few of those who want to work do so at once.

    Args:
        at_once: how many.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._came = count()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, urgency: int) -> Iterator[None]:
        """Wait for a turn, and keep it for the block.

        Args:
            urgency: who has a smaller number goes first.
        """
        with self._lock:
            mine = None if self._free else threading.Event()
            if mine is None:
                self._free -= 1
            else:
                heapq.heappush(self._waiting, (urgency, next(self._came), mine))
        if mine is not None:
            mine.wait()
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[-1].set()
            else:
                self._free += 1
