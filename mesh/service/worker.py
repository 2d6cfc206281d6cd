"""One instrument process, messages aside: runs units in its slots and tells how they ended."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_before_delay,
    wait_exponential_jitter,
)

from mesh import tracing
from mesh.broker.delivery import Delivery
from mesh.broker.settle import decide, outcome_of
from mesh.contracts import CancelUnits, FollowLog, PackedUnit, Unit, UnitEvent, read_unit
from mesh.contracts.request import Lane
from mesh.errors import HeldElsewhere, KilledItsWorker, StoreUnavailable
from mesh.service.execution import Executor
from mesh.service.following import Following
from mesh.service.metrics import UNIT_SECONDS, UNITS_RUNNING, UNITS_WAITING
from mesh.service.slots import Slots
from mesh.service.turn import Turn
from mesh.service.unit_events import final_event, retry_event

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0
_LOOK_S = 0.05
_SUSPECT_DEATHS = 2
"""So many workers died in a row while they ran a unit, among others perhaps: it runs alone from now on."""
_PROVEN_DEATHS = 4
"""Two more died that ran nothing else. Less than the deliveries after which the broker gives a message up."""


@dataclass(frozen=True)
class Worker:
    """What the handlers of one instrument process share.

    Args:
        executor: executes one unit.
        slots: how many at once.
        emit: publishes an event and returns when the broker has it.
        following: sends logs to those who follow them.
        turn: of the processes of this machine, to have places ready before they are needed.
        unpack: returns a unit with the parts that did not travel with it.
        on_close: what to do when the process has drained, in order.
        patience_s: how long a unit waits in its slot for Redis or the object store, which all units need, before it
            goes on the retry ladder.
        draining: whether the process ends and waits for nothing any more.
    """

    executor: Executor
    slots: Slots
    emit: Callable[[UnitEvent], None]
    following: Following
    turn: Turn
    unpack: Callable[[Unit | PackedUnit], Unit]
    on_close: tuple[Callable[[], None], ...] = field(default=())
    patience_s: float = 0.0
    draining: Callable[[], bool] = field(default=lambda: False)

    def __post_init__(self) -> None:
        """Let Prometheus read the slots."""
        for lane in Lane:
            names = (self.executor.instrument.name, lane.value)
            UNITS_RUNNING.labels(*names).set_function(partial(self.slots.running, lane))
            UNITS_WAITING.labels(*names).set_function(partial(self.slots.waiting, lane))

    def run(self, delivery: Delivery) -> None:
        """Run the unit of a message and tell how it ended.

        Raises:
            ContractViolation: the message holds no unit.
            UnitFailure: how the unit ended, if not well: what the settle table decides by.
        """
        unit = read_unit(delivery.body)
        structlog.contextvars.bind_contextvars(unit_key=unit.key, stage=unit.stage, label=unit.label)
        tracing.describe(**{"odamesh.unit": unit.key, "odamesh.stage": unit.stage, "odamesh.label": unit.label})
        deaths = self._deaths(unit) if delivery.came_before else 0
        came = tracing.now_ns()
        with self.slots.hold(unit.lane, alone=_SUSPECT_DEATHS <= deaths < _PROVEN_DEATHS):
            tracing.record("wait for a slot", came, tracing.now_ns())
            began = time.monotonic()
            try:
                _check_harmless(unit, deaths)
                self._execute(unit, delivery.attempt)
            except Exception as error:
                self._note(unit, error, began)
                self._tell(unit, delivery.attempt, error)
                if deaths and not isinstance(error, HeldElsewhere):
                    self._acquit(unit)
                raise
            self._note(unit, None, began)
            if deaths:
                self._acquit(unit)

    def obey(self, delivery: Delivery) -> None:
        """Do what a broadcast asks for: stop units, or send the log of one; it concerns only units that run here.

        Raises:
            ContractViolation: it asks for something else.
        """
        if delivery.schema == FollowLog.SCHEMA:
            self.following.follow(FollowLog.decode(delivery.body))
            return
        waiting = [key for key in CancelUnits.decode(delivery.body).unit_keys if not self._stop(key)]
        # One whose container is on its way is stopped as soon as it is there.
        while waiting := [key for key in waiting if key in self.executor.running and not self._stop(key)]:
            time.sleep(_LOOK_S)

    def reap(self) -> None:
        """Clear up what workers that died have left, and have a place ready for every slot."""
        leases = self.executor.leases
        self.executor.runner.reap(leases.owner_alive, leases.unit_wanted)
        # Not only when first needed: an alert does not wait for an analysis to load. One after the other on this
        # machine, so that a unit that is there already does not load its own beside a dozen that nobody needs yet.
        for places in range(1, self.slots.total + 1):
            with self.turn.hold(give_up=self.draining) as mine:
                if mine:
                    self.executor.runner.prepare(places)

    def close(self) -> None:
        """End what is kept between units."""
        for step in self.on_close:
            step()

    def _stop(self, key: str) -> bool:
        stopped = self.executor.runner.kill(key)
        if stopped:
            _log.info("unit stopped: nobody waits for it", unit_key=key)
        return stopped

    def _execute(self, unit: Unit | PackedUnit, attempt: int) -> None:
        """Execute the unit; while a store is away no other unit could use the slot, so it is kept for some time."""
        tried_again = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, StoreUnavailable) and not self.draining()),
            wait=wait_exponential_jitter(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S, jitter=_FIRST_PAUSE_S),
            stop=stop_before_delay(self.patience_s),
            sleep=self._rest,
            before_sleep=_note_wait,
            reraise=True,
        )
        tried_again(lambda: self.executor.execute(self.unpack(unit), attempt))

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.draining():
            time.sleep(_LOOK_S)

    def _deaths(self, unit: Unit | PackedUnit) -> int:
        """Return how many workers this unit has cost; a store that is away must not hold it up."""
        try:
            return self.executor.deaths(unit.key)
        except StoreUnavailable:
            return 0

    def _acquit(self, unit: Unit | PackedUnit) -> None:
        """Forget the deaths: a worker has survived the unit, or it was given up; next time it begins anew."""
        with suppress(StoreUnavailable):
            self.executor.leases.acquit(unit.key)

    def _tell(self, unit: Unit | PackedUnit, attempt: int, error: Exception) -> None:
        decision = decide(error, attempt)
        worker = self.executor.worker
        if not decision.told:
            return
        if decision.final:
            self.emit(final_event(unit, attempt=attempt, worker=worker, error=error))
        else:
            self.emit(retry_event(unit, attempt=decision.next_attempt, worker=worker, error=error))

    def _note(self, unit: Unit | PackedUnit, error: Exception | None, began: float) -> None:
        seconds = time.monotonic() - began
        outcome = outcome_of(error)
        UNIT_SECONDS.labels(unit.instrument, unit.stage, outcome.value).observe(seconds, tracing.exemplar())
        _log.info("unit ended", outcome=outcome.value, seconds=round(seconds, 3))


def _note_wait(state: RetryCallState) -> None:
    error = str(state.outcome and state.outcome.exception())
    _log.warning("waiting for a store", error=error)
    tracing.happened("wait for a store", error=error)


def _check_harmless(unit: Unit | PackedUnit, deaths: int) -> None:
    if deaths >= _PROVEN_DEATHS:
        text = (
            f"{deaths} workers died one after another while they ran this unit, the last ones while they ran nothing "
            f"else; the log of the {unit.instrument} service says how"
        )
        raise KilledItsWorker("KilledItsWorker", text)
