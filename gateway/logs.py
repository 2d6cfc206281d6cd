"""Which streams follow the log of which unit; belongs to one event loop."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from mesh.contracts import LogText

_WAITING_PIECES = 64


class LogPieces:
    """Hands the pieces of logs, as they come from the broker, to the streams that wait for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Queue[LogText]]] = defaultdict(set)

    @contextmanager
    def listen(self, unit_key: str) -> "Iterator[asyncio.Queue[LogText]]":
        """Give a queue that gets every piece of a unit's log, from now on."""
        queue: asyncio.Queue[LogText] = asyncio.Queue(_WAITING_PIECES)
        self._waiting[unit_key].add(queue)
        try:
            yield queue
        finally:
            self._waiting[unit_key].discard(queue)
            if not self._waiting[unit_key]:
                del self._waiting[unit_key]

    def hand_out(self, piece: LogText) -> None:
        """Give a piece to its followers; one that does not keep up misses it and asks again from where it is."""
        for queue in self._waiting.get(piece.unit_key, ()):
            if not queue.full():
                queue.put_nowait(piece)
