"""Notices that were taken from their queue and have no record yet: their age tells that something is in the way."""

import time
from collections.abc import Callable

from services.triggers import metrics

_FORGOTTEN_SECONDS = 60.0
"""A notice that was not tried again for so long was given to another process; the longest pause is 15 s."""


class AtHand:
    """Notices that are being worked on, or tried again.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._tried: dict[str, tuple[float, float]] = {}
        self._in_work: set[str] = set()
        metrics.UNPROCESSED.set_function(self.oldest)

    def begin(self, receipt_id: str, received: float | None = None) -> None:
        """Note that a notice is being worked on; when it was received [s since 1970] may not be known yet."""
        now = self._clock()
        came, _ = self._tried.get(receipt_id, (now, now))
        self._tried[receipt_id] = (came if received is None else received, now)
        self._in_work.add(receipt_id)

    def put_off(self, receipt_id: str) -> None:
        """Note that nobody works on a notice here for now; one without a record is tried again, here or elsewhere."""
        self._in_work.discard(receipt_id)
        if receipt_id in self._tried:
            self._tried[receipt_id] = (self._tried[receipt_id][0], self._clock())

    def end(self, receipt_id: str) -> None:
        """Note that a notice has its record; one that is not known changes nothing."""
        self._in_work.discard(receipt_id)
        self._tried.pop(receipt_id, None)

    def oldest(self) -> float:
        """Return the age of the oldest one [s]; 0: there is none."""
        now = self._clock()
        ages = [
            now - came
            for receipt_id, (came, tried) in list(self._tried.items())
            # What hangs in here is as much in the way as what fails again and again.
            if receipt_id in self._in_work or now - tried < _FORGOTTEN_SECONDS
        ]
        return max(ages, default=0.0)
