"""The units that one runner runs now, so that they can be found and cancelled by their key."""

from collections.abc import Iterator
from contextlib import contextmanager

from mesh.runner.livelog import LogPart
from mesh.runner.watch import Watch


class Running:
    """Watches by unit key."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}

    @contextmanager
    def entry(self, key: str, watch: Watch) -> Iterator[Watch]:
        """Hold the unit *key* while it runs."""
        self._watches[key] = watch
        try:
            yield watch
        finally:
            self._watches.pop(key, None)

    def cancel(self, key: str) -> bool:
        """Have the next look at the unit end it; false when it does not run here."""
        watch = self._watches.get(key)
        if watch is None:
            return False
        watch.cancel()
        return True

    def log(self, key: str, try_id: str, position: int) -> LogPart | None:
        """Return what is new in the log of a unit; None when it does not run here."""
        watch = self._watches.get(key)
        return None if watch is None else watch.log.read(try_id, position)

    def __contains__(self, key: str) -> bool:
        """Say whether the unit runs."""
        return key in self._watches
