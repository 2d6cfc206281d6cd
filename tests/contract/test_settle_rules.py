"""Every settle rule: what becomes of the message of a unit, and what callers are told, by how the unit ended.

One row a rule. The rows are checked against the table in the code: neither can have a rule that the other lacks.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mesh.broker.delivery import Delivery
from mesh.broker.settle import SETTLE, Action, Outcome, decide, outcome_of
from mesh.broker.topology import LADDER
from mesh.contracts import Unit, UnitEvent
from mesh.contracts.request import Lane
from mesh.errors import (
    ArchiveUnavailable,
    BadInput,
    BrokerUnavailable,
    ContractViolation,
    EngineUnavailable,
    HeldElsewhere,
    OutOfMemory,
    ScienceFailure,
    StoreUnavailable,
    TransientFailure,
    UnitCancelled,
    UnitTimeout,
)
from mesh.instrument import read_instrument
from mesh.service.following import Following
from mesh.service.slots import Slots
from mesh.service.worker import Worker
from mesh.states import FailureKind, UnitState

NOOP = read_instrument(Path(__file__).resolve().parents[2] / "mesh" / "testing" / "noop" / "instrument.toml")
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
LAST = len(LADDER) + 1
"""Number of the try after which the ladder ends."""


class Rule(NamedTuple):
    """One rule.

    Args:
        when: how the unit ends.
        attempt: number of the try.
        action: what is done to the message.
        delay: for a retry, the wait.
        told: state of the unit that is told, or None for nothing.
        kind: kind of the failure that is told.
    """

    when: Exception | None
    attempt: int
    action: Action
    delay: str = ""
    told: UnitState | None = None
    kind: FailureKind | None = None


FAILED, QUEUED = UnitState.FAILED, UnitState.QUEUED
RULES = {
    # The executor itself tells of a good end, before the message is settled.
    "success or product there": Rule(None, 1, Action.ACK),
    "bad input": Rule(BadInput("NoScWData", "x"), 1, Action.ACK, "", FAILED, FailureKind.USAGE),
    "science failure": Rule(ScienceFailure("EmptyImageList", "x"), 1, Action.ACK, "", FAILED, FailureKind.SCIENCE),
    "time-out": Rule(UnitTimeout("Timeout", "x"), 1, Action.ACK, "", FAILED, FailureKind.TIMEOUT),
    "cancelled": Rule(UnitCancelled("Cancelled", "x"), 1, Action.ACK, "", UnitState.CANCELLED),
    "out of memory, first": Rule(OutOfMemory("OutOfMemory", "x"), 1, Action.RETRY, "5s", QUEUED),
    "out of memory, again": Rule(OutOfMemory("OutOfMemory", "x"), 2, Action.ACK, "", FAILED, FailureKind.OUT_OF_MEMORY),
    "exit 75, first": Rule(TransientFailure("Transient", "x"), 1, Action.RETRY, "5s", QUEUED),
    "store away, second": Rule(StoreUnavailable("StoreUnavailable", "x"), 2, Action.RETRY, "30s", QUEUED),
    "engine away, third": Rule(EngineUnavailable("EngineUnavailable", "x"), 3, Action.RETRY, "2m", QUEUED),
    "archive away, fourth": Rule(ArchiveUnavailable("ArchiveUnavailable", "x"), 4, Action.RETRY, "10m", QUEUED),
    "transient, ladder at its end": Rule(
        BrokerUnavailable("BrokerUnavailable", "x"), LAST, Action.DEAD, "", FAILED, FailureKind.TRANSIENT
    ),
    "held elsewhere": Rule(HeldElsewhere("HeldElsewhere", "x"), 1, Action.RETRY, "5s"),
    "held elsewhere, often": Rule(HeldElsewhere("HeldElsewhere", "x"), LAST, Action.RETRY, "5s"),
    "defect, first": Rule(ZeroDivisionError("x"), 1, Action.RETRY, "5s", QUEUED),
    "defect, ladder at its end": Rule(ZeroDivisionError("x"), LAST, Action.DEAD, "", FAILED, FailureKind.TRANSIENT),
    "undecodable": Rule(ContractViolation("x"), 1, Action.DEAD),
}


@dataclass
class _Ends:
    """Stands for the executor: ends the unit as the rule says."""

    error: Exception | None
    instrument: Any = NOOP
    worker: str = "worker-1"

    def execute(self, _unit: Unit, _attempt: int) -> None:
        if self.error is not None:
            raise self.error


def _run(rule: Rule) -> list[UnitEvent]:
    """Deliver the unit to a worker; return what it told."""
    told: list[UnitEvent] = []
    executor: Any = _Ends(rule.when)
    body = b"not a unit" if isinstance(rule.when, ContractViolation) else UNIT.encode()
    worker = Worker(executor, Slots(2), told.append, Following("noop", lambda *_: None, print))
    try:
        worker.run(Delivery(body=body, message_id=UNIT.key, attempt=rule.attempt))
    except Exception as error:
        assert type(error) is type(rule.when)
    else:
        assert rule.when is None
    return told


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_rule(rule: Rule) -> None:
    decision = decide(rule.when, rule.attempt)
    assert (decision.action, decision.delay) == (rule.action, rule.delay)
    told = _run(rule)
    assert [event.state for event in told] == ([] if rule.told is None else [rule.told])
    for event in told:
        assert (event.failure.kind if event.failure else None) == rule.kind
        counts = rule.action is Action.RETRY
        assert event.attempt == rule.attempt + counts


def test_every_outcome_has_a_rule() -> None:
    assert {outcome_of(rule.when) for rule in RULES.values()} == set(Outcome) == set(SETTLE)


@pytest.mark.parametrize("outcome", [outcome for outcome, row in SETTLE.items() if row.delays and row.counts])
def test_every_step_of_a_ladder_has_an_end(outcome: Outcome) -> None:
    error = next(rule.when for rule in RULES.values() if outcome_of(rule.when) is outcome)
    steps = [decide(error, attempt) for attempt in range(1, len(SETTLE[outcome].delays) + 2)]
    assert [step.delay for step in steps if not step.final] == list(SETTLE[outcome].delays)
    assert steps[-1].final
