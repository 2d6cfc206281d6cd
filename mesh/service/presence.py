"""Tells the mesh that a worker lives, what it runs, and that it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from mesh.errors import TransientFailure
from mesh.instrument import Instrument
from mesh.runner.protocol import Runner
from mesh.service.metrics import RUNNER
from mesh.store.announcements import Announcement, Announcements
from mesh.store.leases import Leases

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Presence:
    """One worker, as the dispatcher and the other workers see it.

    Args:
        instrument: what it serves.
        worker: its name.
        slots: units at once.
        runner: what runs them.
        announcements: where workers are announced.
        leases: where owners of units are known to live.
        draining: says whether it takes no more work.
        keep_leases: keeps the leases of the units that it runs.
    """

    instrument: Instrument
    worker: str
    slots: int
    runner: Runner
    announcements: Announcements
    leases: Leases
    draining: Callable[[], bool]
    keep_leases: Callable[[], None]

    def beat(self) -> None:
        """Say that the worker lives, and keep its units; while it drains it still owns them, but takes no more.

        Raises:
            TransientFailure: Redis or the container engine is out of reach.
        """
        self.leases.beat(self.worker)
        self.keep_leases()
        RUNNER.labels(self.instrument.name, self.runner.name).set(1)
        if self.draining():
            self.leases.leave_soon(self.worker)
            self.announcements.withdraw(self.instrument.name, self.worker)
            return
        announcement = Announcement(
            image=self.runner.image(),
            calibration=self.instrument.calibration,
            runner=self.runner.name,
            worker=self.worker,
            slots=self.slots,
        )
        self.announcements.announce(self.instrument.name, announcement)

    def leave(self) -> None:
        """Say that the worker is gone; never raises, because silence says the same after a while."""
        try:
            self.announcements.withdraw(self.instrument.name, self.worker)
            self.leases.retire(self.worker)
        except TransientFailure as error:
            _log.warning("left without a word", error=str(error))
