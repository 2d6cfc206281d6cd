"""How fast the mesh made a product lately: what a request may take is estimated from it."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from mesh.contracts import JobView
from mesh.intake.records import JobRecords
from mesh.states import JobState, UnitState

_LOOKED_AT = 200
"""Newest jobs of all products, for the pace of one."""
_KEPT_S = 30.0


class Pace:
    """Seconds that a computed unit took of the time of its job, units side by side; safe to share between threads.

    Args:
        records: of jobs.
        clock: seconds that never jump.
    """

    def __init__(self, records: JobRecords, clock: Callable[[], float] = time.monotonic) -> None:
        self._records = records
        self._clock = clock
        self._lock = threading.Lock()
        self._read = -_KEPT_S
        self._lately: dict[tuple[str, str], float] = {}

    def seconds_per_unit(self, instrument: str, product: str) -> float | None:
        """Return the mean of the newest jobs; None: none of them computed this product.

        Raises:
            mesh.errors.StoreUnavailable: Redis does not answer.
        """
        with self._lock:
            if self._clock() - self._read >= _KEPT_S:
                self._lately = _of(self._records.recent(None, _LOOKED_AT, None))
                self._read = self._clock()
            return self._lately.get((instrument, product))


def _of(views: list[JobView]) -> dict[tuple[str, str], float]:
    spent: dict[tuple[str, str], tuple[float, int]] = {}
    for view in views:
        computed = view.counts.get(UnitState.DONE, 0)
        if view.state is JobState.COMPLETED and computed and view.started and view.finished:
            took = (datetime.fromisoformat(view.finished) - datetime.fromisoformat(view.started)).total_seconds()
            seconds, units = spent.get((view.instrument, view.product), (0.0, 0))
            spent[view.instrument, view.product] = (seconds + took, units + computed)
    return {name: seconds / units for name, (seconds, units) in spent.items()}
