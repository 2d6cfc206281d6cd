"""The events that tell what happens to a unit."""

from typing import Any
from uuid import uuid4

from mesh.clock import utc_now
from mesh.contracts import Failure, UnitEvent
from mesh.contracts.unit import UnitHead
from mesh.errors import UnitCancelled, UnitFailure
from mesh.states import FailureKind, UnitState


def event(unit: UnitHead, state: UnitState, *, attempt: int, worker: str, **more: Any) -> UnitEvent:
    """Return an event of *unit* that happens now; *more* are further fields of `UnitEvent`."""
    return UnitEvent(
        event_id=uuid4().hex,
        unit_key=unit.key,
        instrument=unit.instrument,
        stage=unit.stage,
        label=unit.label,
        run_id=unit.run_id,
        asking=unit.asking,
        state=state,
        attempt=attempt,
        worker=worker,
        at=utc_now(),
        **more,
    )


def retry_event(unit: UnitHead, *, attempt: int, worker: str, error: BaseException) -> UnitEvent:
    """Return the event of a unit that waits for its next try, number *attempt*, because of *error*."""
    failure, _ = _failure(error)
    return event(unit, UnitState.QUEUED, attempt=attempt, worker=worker, failure=failure)


def final_event(unit: UnitHead, *, attempt: int, worker: str, error: BaseException) -> UnitEvent:
    """Return the event of a unit that ended for good with *error*: cancelled or failed, with reason and log."""
    if isinstance(error, UnitCancelled):
        return event(unit, UnitState.CANCELLED, attempt=attempt, worker=worker)
    failure, tail = _failure(error)
    return event(unit, UnitState.FAILED, attempt=attempt, worker=worker, failure=failure, log_tail=tail)


def _failure(error: BaseException) -> tuple[Failure, str]:
    """Return why a unit failed, and the end of its log."""
    if isinstance(error, UnitFailure):
        return Failure(kind=FailureKind(error.kind), reason=error.reason, text=error.text), error.log_tail
    text = f"{type(error).__name__}: {error}; this is a defect of the mesh"
    return Failure(kind=FailureKind.TRANSIENT, reason="Unexpected", text=text), ""
