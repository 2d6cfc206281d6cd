"""Counts the event streams that are open, all of them and those of each caller, so that neither has no end."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sse_starlette import ServerSentEvent

from gateway import metrics
from gateway.problem import Refusal
from mesh.intake import Limits

_RETRY_SECONDS = 10
_COME_BACK_MS = (1000, 5000)


def come_back() -> ServerSentEvent:
    """Return what a stream says first: after a break, come back after a while of your own, not all at once."""
    first, last = _COME_BACK_MS
    return ServerSentEvent(comment="odamesh", retry=random.randint(first, last))  # noqa: S311  # spreads, hides nothing


class OpenStreams:
    """The streams of this gateway; belongs to one event loop.

    Args:
        limits: how many there may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()

    def check(self, whose: str) -> None:
        """Return if one more stream may be opened to a caller, known by name or address.

        Raises:
            Refusal: there are as many as may be.
        """
        if self._open.total() >= self._limits.streams:
            self._refuse(f"this gateway has {self._limits.streams} streams open, which is as many as it serves")
        if self._open[whose] >= self._limits.streams_a_caller:
            self._refuse(f"{whose} has {self._limits.streams_a_caller} streams open, which is as many as may be")

    @contextmanager
    def counted(self, whose: str) -> Iterator[None]:
        """Count a stream while it is open."""
        self._open[whose] += 1
        try:
            with metrics.STREAMS.track_inprogress():
                yield
        finally:
            self._open[whose] -= 1
            if not self._open[whose]:
                del self._open[whose]

    def _refuse(self, text: str) -> None:
        detail = f"{text[0].upper()}{text[1:]}; close one, or look at the job now and then instead."
        raise Refusal("too-many-streams", detail, retry_after=_RETRY_SECONDS)
