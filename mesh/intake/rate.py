"""How often something may be asked for: so many at once, and as many again over a time (generic cell rate algorithm).

Counted in this process alone. With several gateways a caller has the rate of each: a limit against haste, not a quota.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

_KEPT = 20_000
_ROUNDING = 1e-6


class Rate(NamedTuple):
    """So many in a time."""

    quota: int
    seconds: int


class Verdict(NamedTuple):
    """Whether one more may be."""

    allowed: bool
    remaining: int
    """How many more may come at once."""
    reset: int
    """Seconds until the whole quota is there again; where one more may not be, until it may."""


class Meter:
    """Counts for each key against one rate; any thread may use it.

    Beyond 20 000 keys the one that was used longest ago is forgotten.

    Args:
        rate: how much may be.
        clock: monotonic seconds.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._step = rate.seconds / rate.quota
        self._lock = threading.Lock()
        # When all that was taken under a key is paid off.
        self._paid: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> Verdict:
        """Take one, if one more may be."""
        with self._lock:
            verdict = self._look(key)
            if verdict.allowed:
                self._paid[key] = max(self._paid.get(key, 0.0), self._clock()) + self._step
                self._paid.move_to_end(key)
                if len(self._paid) > _KEPT:
                    self._paid.popitem(last=False)
            return verdict

    def look(self, key: str) -> Verdict:
        """Say whether one more may be, and take nothing."""
        with self._lock:
            return self._look(key)

    def _look(self, key: str) -> Verdict:
        owed = max(self._paid.get(key, 0.0) - self._clock(), 0.0) + self._step
        over = owed - self.rate.seconds
        if over > _ROUNDING:
            return Verdict(allowed=False, remaining=0, reset=max(1, math.ceil(over)))
        remaining = int((self.rate.seconds - owed) / self._step + _ROUNDING)
        return Verdict(allowed=True, remaining=remaining, reset=math.ceil(owed - _ROUNDING))
