"""The log of a unit that runs, for those who follow it: fetched only while somebody asks, kept in bounded memory."""

import time
import uuid
from dataclasses import dataclass

KEPT_BYTES = 256 << 10
PART_BYTES = 64 << 10
_ASKED_FOR_S = 5.0
_FETCH_EVERY_S = 0.3


@dataclass(frozen=True)
class LogPart:
    """A piece of the log of a unit that runs."""

    try_id: str
    """Which run of the unit it belongs to: another try has another log."""
    start: int
    """Bytes of the log before this piece."""
    data: bytes

    @property
    def end(self) -> int:
        """Bytes of the log up to the end of this piece."""
        return self.start + len(self.data)


class LiveLog:
    """The newest part of a growing log. The runner looks at `wanted` and adds; followers read."""

    def __init__(self) -> None:
        self.try_id = uuid.uuid4().hex[:8]
        self._data = bytearray()
        self._start = 0
        self._wanted_until = 0.0
        self._fetched = 0.0

    @property
    def end(self) -> int:
        """Bytes of the log known so far: where to go on fetching."""
        return self._start + len(self._data)

    def wanted(self) -> bool:
        """Say whether somebody follows, and the last fetch is a while ago; true counts as a fetch."""
        now = time.monotonic()
        if now > self._wanted_until or now - self._fetched < _FETCH_EVERY_S:
            return False
        self._fetched = now
        return True

    def add(self, start: int, data: bytes) -> None:
        """Append what was fetched; what is known already is passed over."""
        if start > self.end:
            self._data.clear()
            self._start = start
        self._data += data[self.end - start :]
        surplus = len(self._data) - KEPT_BYTES
        if surplus > 0:
            del self._data[:surplus]
            self._start += surplus

    def read(self, try_id: str, position: int) -> LogPart:
        """Return a piece after *position*, whole lines if it can, and have the runner fetch more.

        Args:
            try_id: which run of the unit the position belongs to; of another run the log is read from its beginning.
            position: bytes known to the reader.
        """
        self._wanted_until = time.monotonic() + _ASKED_FOR_S
        start = max(position if try_id == self.try_id else 0, self._start)
        data = bytes(self._data[start - self._start :][:PART_BYTES])
        if len(data) == PART_BYTES and (end := data.rfind(b"\n") + 1):
            data = data[:end]
        return LogPart(self.try_id, start, data)
