"""Writes now and then what callers did and which tokens they used; in a thread of its own, as the store may be slow."""

import threading
from collections.abc import Callable, Sequence

import structlog

from mesh.errors import MeshError

_log = structlog.get_logger("gateway.auth")

_PAUSE_SECONDS = 5.0


class Upkeep:
    """Does some things every few seconds, and once more at the end.

    Args:
        deeds: what to do; each may fail and is done again later.
    """

    def __init__(self, deeds: Sequence[Callable[[], None]]) -> None:
        self._deeds = deeds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Do everything once more, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_PAUSE_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(_PAUSE_SECONDS):
            self._do()
        self._do()

    def _do(self) -> None:
        for deed in self._deeds:
            try:
                deed()
            except MeshError as error:
                _log.warning("upkeep failed", error=str(error))
