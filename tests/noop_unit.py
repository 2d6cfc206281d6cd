"""A unit of the drill instrument, and a worker whose units end as a test says: what tests of settling share."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from mesh.broker.delivery import Delivery
from mesh.contracts import PackedUnit, Unit, UnitEvent
from mesh.contracts.request import Lane
from mesh.instrument import Instrument, read_instrument
from mesh.service.execution import Executor
from mesh.service.following import Following
from mesh.service.slots import Slots
from mesh.service.turn import Turn
from mesh.service.worker import Worker

NOOP = read_instrument(Path(__file__).resolve().parents[1] / "mesh" / "testing" / "noop" / "instrument.toml")
UNIT = Unit(
    key="ab" * 32,
    instrument="noop",
    stage="window",
    label="201600270010.001",
    parameters={},
    inputs=(),
    image="sha256:1",
    calibration="noop-1",
    lane=Lane.USER,
    user="ada",
    run_id="r1",
)


def as_it_is(unit: Unit | PackedUnit) -> Unit:
    """Return a whole unit."""
    assert isinstance(unit, Unit)
    return unit


NOBODY_WAITS = Turn(Path(tempfile.gettempdir()) / "odamesh-unit-tests" / "turn")


@dataclass
class LeasesDouble:
    """Remembers how many workers a unit has cost."""

    died: int = 0
    acquitted: int = 0

    def acquit(self, unit_key: str) -> None:
        """Take note."""
        assert unit_key == UNIT.key
        self.died, self.acquitted = 0, self.acquitted + 1


@dataclass
class RunnerDouble:
    """Notes what it is asked to kill."""

    killed: list[str] = field(default_factory=list)

    looks: int = 0
    """How often the container of the unit is not there yet."""

    def kill(self, unit_key: str) -> bool:
        """Take note; only one unit runs here."""
        self.killed.append(unit_key)
        return unit_key == UNIT.key and self.killed.count(unit_key) > self.looks


@dataclass
class ExecutorDouble:
    """Ends every unit as told."""

    error: Exception | None = None
    instrument: Instrument = NOOP
    worker: str = "worker-1"
    runner: RunnerDouble = field(default_factory=RunnerDouble)
    leases: LeasesDouble = field(default_factory=LeasesDouble)
    attempts: list[int] = field(default_factory=list)
    running: set[str] = field(default_factory=set)

    def deaths(self, key: str) -> int:
        """Return how many workers the unit has cost."""
        assert key == UNIT.key
        return self.leases.died

    def execute(self, unit: Unit, attempt: int) -> None:
        """End the unit."""
        assert unit == UNIT
        self.attempts.append(attempt)
        if self.error is not None:
            raise self.error


@dataclass
class Bench:
    """A worker and what it told."""

    executor: ExecutorDouble
    told: list[UnitEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slots = Slots(3)
        self.read: list[tuple[str, str, int]] = []
        following = Following("noop", self._read, print)
        self.worker = Worker(
            cast(Executor, self.executor), self.slots, self.told.append, following, NOBODY_WAITS, as_it_is
        )

    def _read(self, key: str, try_id: str, position: int) -> None:
        """Note what was asked of the log of a unit that does not run here."""
        self.read.append((key, try_id, position))

    def run(self, attempt: int = 1, body: bytes | None = None, *, redelivered: bool = False) -> None:
        """Deliver the unit."""
        content = UNIT.encode() if body is None else body
        self.worker.run(Delivery(body=content, message_id=UNIT.key, attempt=attempt, redelivered=redelivered))
