"""How long a job still takes, from how fast its units ended while somebody looked."""

from odamesh.progress import Progress

_LEAST_UNITS = 3
"""Of fewer units no pace can be told."""
_MINUTE, _HOUR = 60.0, 3600.0


class Estimate:
    """Remaining time of one job; tell it of each progress.

    Units that were cached say nothing of the pace: the clock starts when the first one was computed.
    """

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self.remaining_s: float | None = None
        """Seconds; None while no pace can be told."""

    def update(self, progress: Progress, now: float) -> float | None:
        """Take a progress seen at *now* [s, any clock that does not jump]; return the remaining seconds."""
        settled, total = progress.settled, progress.view.total
        if self._began is None:
            if progress.running or progress.view.started:
                self._began = (now, settled)
        else:
            began, before = self._began
            if settled - before >= _LEAST_UNITS and now > began:
                self.remaining_s = (total - settled) * (now - began) / (settled - before)
        return self.remaining_s


def in_words(seconds: float) -> str:
    """Return a duration as people say it: ``about 40 s``, ``about 12 min``, ``about 3.5 h``."""
    if seconds < _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    return f"about {seconds / _HOUR:.1f} h"
