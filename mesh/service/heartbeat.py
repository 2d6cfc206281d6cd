"""Says every few seconds that a worker lives and what it runs, until the very end of its drain."""

from collections.abc import Callable
from typing import Any

import eventlet
import structlog

from mesh.errors import TransientFailure

_log = structlog.get_logger(__name__)

SECONDS = 5.0


class Heartbeat:
    """Calls *beat* at once and then every few seconds in a greenlet of its own.

    It is not a nameko timer: those stop at the begin of a drain, while the units that still run need their owner alive.

    Args:
        beat: may raise; the next beat comes all the same.
        seconds: between beats.
    """

    def __init__(self, beat: Callable[[], None], seconds: float = SECONDS) -> None:
        self._beat = beat
        self._seconds = seconds
        self._greenlet: Any = eventlet.spawn(self._run)

    def stop(self) -> None:
        """Beat no more."""
        self._greenlet.kill()

    def _run(self) -> None:
        while True:
            try:
                self._beat()
            except TransientFailure as error:
                _log.warning("heartbeat missed", error=str(error))
            except Exception:
                _log.error("heartbeat failed", exc_info=True)
            eventlet.sleep(self._seconds)
