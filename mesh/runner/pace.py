"""How long to sleep between two looks at a running unit: often at first, so that short units end promptly."""

import time

_FIRST_S = 0.005
_LONGEST_S = 0.1
_GROWTH = 1.5


class Pace:
    """Sleeps that grow from 5 ms to 100 ms."""

    def __init__(self) -> None:
        self._next = _FIRST_S

    def sleep(self) -> None:
        """Sleep; green threads take their turn meanwhile."""
        time.sleep(self._next)
        self._next = min(self._next * _GROWTH, _LONGEST_S)
