"""Sends the logs of running units to those who follow them, and nothing to nobody."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eventlet
import structlog

from mesh.contracts import FollowLog, LogText
from mesh.errors import BrokerUnavailable
from mesh.runner.livelog import LogPart

_log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.4
FOLLOWED_SECONDS = 10.0
"""How long a wish to follow holds; those who still read repeat it."""

ReadLog = Callable[[str, str, int], LogPart | None]
"""``Runner.log``."""


@dataclass
class _Reader:
    try_id: str
    position: int
    until: float


class Following:
    """The units of this process whose logs somebody follows.

    One greenlet serves them all, apart from those that run the units: a slow broker delays logs, never units.

    Args:
        instrument: whose units they are.
        read: gives the new piece of a running unit's log.
        emit: publishes a piece.
    """

    def __init__(self, instrument: str, read: ReadLog, emit: Callable[[LogText], None]) -> None:
        self._instrument = instrument
        self._read = read
        self._emit = emit
        self._readers: dict[str, _Reader] = {}
        self._serving: Any = None

    def follow(self, wish: FollowLog) -> None:
        """Send the log of a unit, if it runs here, from where the reader is; a wish that is repeated goes on."""
        if self._read(wish.unit_key, wish.try_id, wish.position) is None:
            return
        until = time.monotonic() + FOLLOWED_SECONDS
        reader = self._readers.get(wish.unit_key)
        if reader is None:
            self._readers[wish.unit_key] = _Reader(wish.try_id, wish.position, until)
        else:
            reader.until = until
            # Back to the one who has least: a new reader, or one that missed a piece; the others drop what they know.
            behind = wish.position if wish.try_id == reader.try_id else 0
            reader.position = min(reader.position, behind)
        if self._serving is None:
            self._serving = eventlet.spawn(self._serve)

    def look(self) -> None:
        """Send what is new of every log that is followed."""
        for key, reader in list(self._readers.items()):
            part = self._read(key, reader.try_id, reader.position)
            if part is None or time.monotonic() > reader.until:
                del self._readers[key]
                continue
            if part.data:
                self._send(key, part)
            reader.try_id, reader.position = part.try_id, part.end

    def _serve(self) -> None:
        try:
            while self._readers:
                self.look()
                eventlet.sleep(LOOK_SECONDS)
        finally:
            self._serving = None

    def _send(self, key: str, part: LogPart) -> None:
        text = part.data.decode("utf-8", errors="replace")
        try:
            self._emit(
                LogText(
                    instrument=self._instrument,
                    unit_key=key,
                    try_id=part.try_id,
                    start=part.start,
                    end=part.end,
                    text=text,
                )
            )
        except BrokerUnavailable as error:
            # The reader says again where it is, and gets it then.
            _log.info("piece of a log not published", unit_key=key, error=str(error))
