"""Which of the entries that wait is worked on next: the most urgent one, of equal ones the one that came first.

Mocks and tests, which are most of what is sent, also wait while a burst of messages comes in: to work on them takes as
much of the machine as to answer their senders, who wait, and nobody waits for what is said of a test.
"""

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from mesh.contracts.notice import Messenger, Notice, NoticeKind

_BY_MESSENGER = {Messenger.GW: 2, Messenger.NEUTRINO: 3, Messenger.GRB: 4, Messenger.FRB: 5, Messenger.OTHER: 5}
_OPERATOR, _FIRST, _TEST = 0, 1, 9
_LIKELY = 0.5
_BURST = 8
"""So many entries at hand are a burst,"""
_QUIET_SECONDS = 0.3
"""until none has come for so long;"""
_LONGEST_SECONDS = 5.0
"""nothing waits longer for its end."""


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
        clock: seconds.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        at_once: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._free = at_once
        self._clock = clock
        self._sleep = sleep
        self._at_hand = 0
        self._newest = float("-inf")
        self._waiting: list[tuple[int, int, threading.Event]] = []
        self._came = count()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, urgency: int) -> Iterator[None]:
        """Wait for a turn, and keep it for the block.

        Args:
            urgency: who has a smaller number goes first.
        """
        came = self._clock()
        with self._lock:
            self._at_hand += 1
            self._newest = came
        try:
            if urgency >= _TEST:
                self._await_quiet(came)
            with self._one_of_few(urgency):
                yield
        finally:
            with self._lock:
                self._at_hand -= 1

    def _await_quiet(self, came: float) -> None:
        while self._at_hand >= _BURST:
            left = min(self._newest + _QUIET_SECONDS, came + _LONGEST_SECONDS) - self._clock()
            if left <= 0:
                return
            self._sleep(left)

    @contextmanager
    def _one_of_few(self, urgency: int) -> Iterator[None]:
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
