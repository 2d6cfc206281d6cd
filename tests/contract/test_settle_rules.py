"""Every settle rule: what becomes of the message of a unit, and what callers are told, by how the unit ended.

One row a rule. The rows are checked against the table in the code: neither can have a rule that the other lacks.
"""

from typing import NamedTuple

import pytest

from mesh.broker.settle import SETTLE, Action, Outcome, decide, outcome_of
from mesh.broker.topology import LADDER
from mesh.contracts import UnitEvent
from mesh.errors import (
    ArchiveUnavailable,
    BadInput,
    BrokerUnavailable,
    ContractViolation,
    EngineUnavailable,
    HeldElsewhere,
    KilledItsWorker,
    OtherImage,
    OutOfMemory,
    ScienceFailure,
    StoreUnavailable,
    TransientFailure,
    UnitCancelled,
    UnitTimeout,
)
from mesh.states import FailureKind, UnitState
from tests.noop_unit import Bench, ExecutorDouble

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
    "out of memory, first": Rule(
        OutOfMemory("OutOfMemory", "x"), 1, Action.RETRY, "5s", QUEUED, FailureKind.OUT_OF_MEMORY
    ),
    "out of memory, again": Rule(OutOfMemory("OutOfMemory", "x"), 2, Action.ACK, "", FAILED, FailureKind.OUT_OF_MEMORY),
    "exit 75, first": Rule(TransientFailure("Transient", "x"), 1, Action.RETRY, "5s", QUEUED, FailureKind.TRANSIENT),
    "store away, second": Rule(
        StoreUnavailable("StoreUnavailable", "x"), 2, Action.RETRY, "30s", QUEUED, FailureKind.TRANSIENT
    ),
    "engine away, third": Rule(
        EngineUnavailable("EngineUnavailable", "x"), 3, Action.RETRY, "2m", QUEUED, FailureKind.TRANSIENT
    ),
    "archive away, fourth": Rule(
        ArchiveUnavailable("ArchiveUnavailable", "x"), 4, Action.RETRY, "10m", QUEUED, FailureKind.TRANSIENT
    ),
    "transient, ladder at its end": Rule(
        BrokerUnavailable("BrokerUnavailable", "x"), LAST, Action.DEAD, "", FAILED, FailureKind.TRANSIENT
    ),
    "held elsewhere": Rule(HeldElsewhere("HeldElsewhere", "x"), 1, Action.RETRY, "5s"),
    "held elsewhere, often": Rule(HeldElsewhere("HeldElsewhere", "x"), LAST, Action.RETRY, "5s"),
    "other image, first": Rule(OtherImage("OtherImage", "x"), 1, Action.RETRY, "5s", QUEUED, FailureKind.TRANSIENT),
    "other image, ladder at its end": Rule(OtherImage("OtherImage", "x"), LAST, Action.ACK),
    "killed its workers": Rule(
        KilledItsWorker("KilledItsWorker", "x"), 1, Action.DEAD, "", FAILED, FailureKind.TRANSIENT
    ),
    "defect, first": Rule(ZeroDivisionError("x"), 1, Action.RETRY, "5s", QUEUED, FailureKind.TRANSIENT),
    "defect, ladder at its end": Rule(ZeroDivisionError("x"), LAST, Action.DEAD, "", FAILED, FailureKind.TRANSIENT),
    "undecodable": Rule(ContractViolation("x"), 1, Action.DEAD),
}


def _run(rule: Rule) -> list[UnitEvent]:
    """Deliver the unit to a worker; return what it told."""
    bench = Bench(ExecutorDouble(rule.when))
    try:
        bench.run(rule.attempt, b"not a unit" if isinstance(rule.when, ContractViolation) else None)
    except Exception as error:
        assert type(error) is type(rule.when)
    else:
        assert rule.when is None
    return bench.told


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
