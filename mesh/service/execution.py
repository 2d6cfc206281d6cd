"""Executes one unit: lease, inputs, runner, commit; and tells what happens in events.

The broker side calls `Executor.execute` and settles by what it raises. When that is the end of the unit it publishes
`unit_events.final_event`, when the unit comes again `unit_events.retry_event`.
"""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from mesh import tracing
from mesh.clock import utc_now
from mesh.contracts import Manifest, Resources, Unit, UnitEvent
from mesh.errors import (
    BrokerUnavailable,
    EngineUnavailable,
    HeldElsewhere,
    OtherImage,
    StoreUnavailable,
    TransientFailure,
    UnitCancelled,
    UnitFailure,
)
from mesh.instrument import Instrument
from mesh.kit.failures import DISK_FULL
from mesh.runner.directory import UnitDirectory
from mesh.runner.product import verify_files
from mesh.runner.protocol import Runner, UnitResult, Work
from mesh.runner.watch import check_size
from mesh.service.code_version import code_version
from mesh.service.metrics import LEASES_LOST
from mesh.service.unit_events import event
from mesh.service.unit_inputs import Archive, ProductSource, prepare
from mesh.states import UnitState

LOG_TAIL_BYTES = 64 << 10
# On top of the unit's own limit: fetching its inputs and storing its products.
_LEASE_MARGIN_S = 300.0
_SHOWN_STEPS, _SHOWN_LETTERS = 5, 40
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)

_log = structlog.get_logger(__name__)


class Products(ProductSource, Protocol):
    """What execution needs of the store of products."""

    def absent(self, key: str) -> bool:
        """Say whether there is no such product, as far as the index knows for certain."""

    def find(self, key: str) -> Manifest | None:
        """Return the manifest of a product, or None."""

    def commit(self, manifest: Manifest, directory: Path, log: bytes) -> None:
        """Store a product, its manifest last."""

    def put_failure_log(self, key: str, log: bytes) -> None:
        """Store the log of a failed unit."""


class Leases(Protocol):
    """What execution needs of the leases of units."""

    def take(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a unit; false when it is another's."""

    def renew(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Keep the lease, also one that was lost with the data of Redis; false when it is another's."""

    def release(self, unit_key: str, owner: str) -> None:
        """Give the lease back."""

    def holder(self, unit_key: str) -> str | None:
        """Return the owner that executes a unit, or None."""

    def bury(self, unit_key: str, owner: str) -> None:
        """Free a unit whose owner died with it, and count the death."""

    def deaths(self, unit_key: str) -> int:
        """Return how many owners died one after another while they executed a unit."""

    def acquit(self, unit_key: str) -> None:
        """Forget the deaths."""

    def owner_alive(self, owner: str) -> bool:
        """Say whether an owner was heard of lately."""

    def unit_wanted(self, unit_key: str, asking: int = 0) -> bool:
        """Say whether any job still waits for what an asking for a unit is to make."""


@dataclass(frozen=True)
class Executor:
    """What one instrument process executes units with.

    Args:
        instrument: whose units it executes.
        runner: runs them.
        products: where products are.
        archive: opens the archive of science windows; asked only by units that read it.
        leases: keeps two workers from executing the same unit.
        worker: name of this process.
        emit: publishes an event and returns when the broker has it.
        later: calls a function after a moment, unless what it returns is called before.
    """

    instrument: Instrument
    runner: Runner
    products: Products
    archive: Callable[[], Archive]
    leases: Leases
    worker: str
    emit: Callable[[UnitEvent], None]
    later: Callable[[Callable[[], None]], Callable[[], object]]
    running: set[str] = field(default_factory=set)
    """Keys of the units that this process executes now."""
    held: set[str] = field(default_factory=set)
    """Those of them whose lease it has."""
    owed: set[str] = field(default_factory=set)
    """Keys of units that ended while Redis was away: their leases are to be given back."""

    def keep_leases(self) -> None:
        """Keep the leases of what runs, however long it takes and whatever Redis lost meanwhile.

        A unit whose lease another worker took in between goes on: both make the same bytes under the same key.

        Raises:
            StoreUnavailable: Redis is out of reach.
        """
        for key in sorted(self.owed - self.running):
            self._give_back(key)
        for key in sorted(self.held):
            mine = key in self.held and self.leases.renew(key, self.worker, self._lease_seconds)
            if mine and key not in self.held:  # it ended meanwhile, and its lease was given back too early
                self.leases.release(key, self.worker)
            elif not mine and key in self.held:
                self.held.discard(key)
                LEASES_LOST.labels(self.instrument.name).inc()
                _log.warning("another worker executes this unit as well: its lease was lost", unit_key=key)

    def _give_back(self, key: str) -> None:
        try:
            self.leases.release(key, self.worker)
            self.owed.discard(key)
        except StoreUnavailable:
            self.owed.add(key)

    @property
    def _lease_seconds(self) -> float:
        return self.instrument.limits.seconds + _LEASE_MARGIN_S

    def execute(self, unit: Unit, attempt: int) -> None:
        """Execute *unit*: on return its product is stored and the event ``done`` or ``cached`` is with the broker.

        Args:
            unit: the message.
            attempt: number of this try, from 1.

        Raises:
            HeldElsewhere: somebody executes the same unit now; look again in a few seconds.
            UnitFailure: the branch that tells how the unit ended; no event has been published for that.
        """
        with self._lease(unit):
            # Only now: a cancel either left its mark before this look, or finds the unit among those that run.
            self._check_wanted(unit)
            # A first try of a product that the index does not have spares the look into the store.
            first = attempt == 1 and self.products.absent(unit.key)
            manifest = None if first else self.products.find(unit.key)
            if manifest is None:
                manifest = self._make(unit, attempt)
            # Made for this very run before its worker died: not something that was there before the run asked.
            state = UnitState.DONE if manifest.run_id == unit.run_id else UnitState.CACHED
            self.emit(
                event(
                    unit,
                    state,
                    attempt=attempt,
                    worker=self.worker,
                    seconds=manifest.resources.seconds,
                    warnings=manifest.warnings,
                    summary=manifest.summary,
                )
            )

    def deaths(self, key: str) -> int:
        """Return how many workers died one after another with a unit, the last one included.

        Raises:
            StoreUnavailable: Redis is out of reach.
        """
        holder = self.leases.holder(key)
        if holder is not None and not self.leases.owner_alive(holder):
            self.leases.bury(key, holder)
        return self.leases.deaths(key)

    def _make(self, unit: Unit, attempt: int) -> Manifest:
        """Run the unit and store its product; leases may be lost with Redis, the lock on the directory is not."""
        self._check_image(unit)
        directory = self.runner.directory(unit.key)
        with directory.hold():
            return self._make_in(directory, unit, attempt)

    def _make_in(self, directory: UnitDirectory, unit: Unit, attempt: int) -> Manifest:
        work = Work(key=unit.key, directory=directory, limits=self.instrument.limits)
        # A unit that ends before this is told needs no telling.
        recall = self.later(lambda: self._tell(event(unit, UnitState.RUNNING, attempt=attempt, worker=self.worker)))
        begun: list[tuple[str, int]] = []

        def on_step(step: str) -> None:
            begun.append((step, tracing.now_ns()))
            recall()
            self._tell(event(unit, UnitState.RUNNING, attempt=attempt, worker=self.worker, step=step))

        started = utc_now()
        try:
            outcome = self._run(unit, work, on_step, begun)
            verify_files(directory.out, outcome.product)
            self._check_wanted(unit)
            manifest = self._manifest(unit, outcome, started)
            with tracing.step("commit"):
                self.products.commit(manifest, directory.out, directory.read_log())
        except EngineUnavailable:
            # The container may run on, and the next try take it over: it needs its directory.
            raise
        except UnitFailure as failure:
            self._keep_log(unit, directory, failure)
            directory.remove()
            raise
        finally:
            recall()
        directory.remove()
        return manifest

    def _run(self, unit: Unit, work: Work, on_step: Callable[[str], None], begun: list[tuple[str, int]]) -> UnitResult:
        try:
            # A complete directory was left by an owner that died, and its container may run on.
            if work.directory.unit_file.exists():
                with _container(self.runner.name, begun, adopted=True):
                    adopted = self.runner.adopt(work, on_step)
                if adopted is not None:
                    return adopted
            with tracing.step("inputs"):
                prepare(unit, work.directory, self.products, self.archive)
            with _container(self.runner.name, begun):
                return self.runner.run(work, on_step)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            if work.directory.out.exists():
                check_size(work.directory.out, work.limits)
            text = f"the disk on which {self.worker} runs units is full: {error.strerror}; make room below its work/"
            raise TransientFailure(DISK_FULL, text) from error

    def _manifest(self, unit: Unit, outcome: UnitResult, started: str) -> Manifest:
        return Manifest(
            key=unit.key,
            instrument=unit.instrument,
            stage=unit.stage,
            label=unit.label,
            parameters=unit.parameters,
            inputs=unit.inputs,
            files=outcome.product.files,
            image=unit.image,
            calibration=unit.calibration,
            code_version=code_version(),
            started=started,
            finished=utc_now(),
            run_id=unit.run_id,
            resources=Resources(
                seconds=round(outcome.seconds, 3),
                peak_rss_mb=outcome.peak_rss_mb,
                runner=outcome.runner,
                worker=self.worker,
            ),
            warnings=(*outcome.product.warnings, *self._undeclared(unit, outcome)),
            summary=outcome.product.summary,
        )

    def _undeclared(self, unit: Unit, outcome: UnitResult) -> list[str]:
        """Name the steps that the analysis told and that its instrument does not declare: no table shows them."""
        declared = self.instrument.stages[unit.stage].steps
        told = dict.fromkeys(one.step[:_SHOWN_LETTERS] for one in outcome.product.steps if one.step not in declared)
        if not told:
            return []
        return [f"not declared in instrument.toml as steps of {unit.stage}: {', '.join(list(told)[:_SHOWN_STEPS])}"]

    def _check_wanted(self, unit: Unit) -> None:
        if not self.leases.unit_wanted(unit.key, unit.asking):
            raise UnitCancelled("Cancelled", "no job waits for this unit any more")

    def _check_image(self, unit: Unit) -> None:
        """Refuse to make, under a key that names one image, a product with another."""
        image, calibration = self.runner.image(), self.instrument.calibration
        if (unit.image, unit.calibration) != (image, calibration):
            text = (
                f"the unit was planned for image {unit.image} with calibration {unit.calibration}; "
                f"{self.worker} runs {image} with {calibration}"
            )
            raise OtherImage("OtherImage", text)

    @contextmanager
    def _lease(self, unit: Unit) -> Iterator[None]:
        """Hold the unit; two messages for one unit in this process count as two owners."""
        held = HeldElsewhere("HeldElsewhere", "another worker executes this unit now")
        if unit.key in self.running:
            raise held
        self.running.add(unit.key)
        try:
            if not self._take(unit.key):
                raise held
            self.held.add(unit.key)
            try:
                yield
            finally:
                self.held.discard(unit.key)
                self._give_back(unit.key)
        finally:
            self.running.discard(unit.key)

    def _take(self, key: str) -> bool:
        if self.leases.take(key, self.worker, self._lease_seconds):
            return True
        holder = self.leases.holder(key)
        if holder is not None and self.leases.owner_alive(holder):
            return False
        if holder is not None:
            self.leases.bury(key, holder)
        return self.leases.take(key, self.worker, self._lease_seconds)

    def _tell(self, news: UnitEvent) -> None:
        # Progress may be lost, the unit must not be: its end is told again until the broker has it.
        try:
            self.emit(news)
        except BrokerUnavailable as error:
            _log.warning("progress of a unit not published", unit_key=news.unit_key, error=str(error))

    def _keep_log(self, unit: Unit, directory: UnitDirectory, failure: UnitFailure) -> None:
        log = directory.read_log()
        failure.log_tail = log[-LOG_TAIL_BYTES:].decode("utf-8", errors="replace")
        with suppress(StoreUnavailable):
            self.products.put_failure_log(unit.key, log or f"{failure}\n".encode())


@contextmanager
def _container(runner: str, begun: Sequence[tuple[str, int]], *, adopted: bool = False) -> Iterator[None]:
    """Make a span of a run of the analysis, and one of each of its steps: the container itself reaches nobody.

    Args:
        runner: what runs it.
        begun: its steps, as they are told, with the time at which each began [ns since 1970].
        adopted: whether a worker that died had started it.
    """
    with tracing.step("container"):
        tracing.describe(**{"odamesh.runner": runner})
        tracing.describe(**{"odamesh.adopted": adopted})
        try:
            yield
        finally:
            for number, (name, when) in enumerate(begun, 1):
                end = begun[number][1] if number < len(begun) else tracing.now_ns()
                tracing.record(f"step {name}", when, end)
