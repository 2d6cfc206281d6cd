"""The settle table: every way to end has its row, and the rows do what they promise."""

import pytest

from mesh.broker.settle import SETTLE, Action, Decision, Outcome, decide, outcome_of
from mesh.broker.topology import LADDER
from mesh.errors import (
    ArchiveUnavailable,
    BadInput,
    BrokerUnavailable,
    ContractViolation,
    EngineUnavailable,
    HeldElsewhere,
    InvalidSelection,
    KilledItsWorker,
    NotFound,
    OtherImage,
    OutOfMemory,
    QueueFull,
    ScienceFailure,
    StoreUnavailable,
    UnitCancelled,
    UnitTimeout,
)

ENDS = [
    (None, Outcome.DONE),
    (BadInput("NoScWData", "x"), Outcome.REFUSED),
    (InvalidSelection("x", field="selection"), Outcome.REFUSED),
    (NotFound("x"), Outcome.REFUSED),
    (ScienceFailure("EmptyImageList", "x"), Outcome.SCIENCE),
    (UnitTimeout("TimeLimit", "x"), Outcome.TIMEOUT),
    (UnitCancelled("Cancelled", "x"), Outcome.CANCELLED),
    (OutOfMemory("OutOfMemory", "x"), Outcome.OUT_OF_MEMORY),
    (StoreUnavailable("x", "x"), Outcome.TRANSIENT),
    (BrokerUnavailable("x", "x"), Outcome.TRANSIENT),
    (QueueFull("x", "x"), Outcome.TRANSIENT),
    (EngineUnavailable("x", "x"), Outcome.TRANSIENT),
    (ArchiveUnavailable("x", "x"), Outcome.TRANSIENT),
    (HeldElsewhere("x", "x"), Outcome.HELD),
    (OtherImage("x", "x"), Outcome.OTHER_IMAGE),
    (KilledItsWorker("x", "x"), Outcome.DEADLY),
    (ContractViolation("x"), Outcome.UNDECODABLE),
    (ZeroDivisionError(), Outcome.UNEXPECTED),
    (OSError("x"), Outcome.UNEXPECTED),
]


@pytest.mark.parametrize(("error", "outcome"), ENDS)
def test_every_end_has_its_outcome(error: BaseException | None, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_every_outcome_has_its_row() -> None:
    assert set(SETTLE) == set(Outcome)
    assert {outcome for _, outcome in ENDS} == set(Outcome)


@pytest.mark.parametrize(
    "error", [None, BadInput("x", "x"), ScienceFailure("x", "x"), UnitTimeout("x", "x"), UnitCancelled("x", "x")]
)
def test_what_another_try_cannot_help_is_acknowledged(error: BaseException | None) -> None:
    decision = decide(error, 1)

    assert decision.action is Action.ACK
    assert decision.final


@pytest.mark.parametrize("error", [StoreUnavailable("x", "x"), ZeroDivisionError()])
def test_transient_failures_climb_the_whole_ladder_and_die(error: BaseException) -> None:
    outcome = outcome_of(error)

    decisions = [decide(error, attempt) for attempt in range(1, len(LADDER) + 2)]

    climbing = [Decision(outcome, Action.RETRY, delay, attempt) for attempt, delay in enumerate(LADDER, start=2)]
    assert decisions == [*climbing, Decision(outcome, Action.DEAD)]
    assert [decision.final for decision in decisions] == [False, False, False, False, True]


def test_out_of_memory_is_tried_once_more() -> None:
    error = OutOfMemory("x", "x")

    assert decide(error, 1) == Decision(Outcome.OUT_OF_MEMORY, Action.RETRY, "5s", 2)
    assert decide(error, 2) == Decision(Outcome.OUT_OF_MEMORY, Action.ACK)


@pytest.mark.parametrize("attempt", [1, 3, 5])
def test_a_held_unit_comes_back_as_the_same_attempt(attempt: int) -> None:
    assert decide(HeldElsewhere("x", "x"), attempt) == Decision(Outcome.HELD, Action.RETRY, "5s", attempt)


def test_a_unit_for_another_image_climbs_the_ladder_and_is_left_to_the_dispatcher() -> None:
    decisions = [decide(OtherImage("x", "x"), attempt) for attempt in range(1, len(LADDER) + 2)]

    assert [decision.delay for decision in decisions] == [*LADDER, ""]
    assert [decision.told for decision in decisions] == [True] * len(LADDER) + [False]
    assert decisions[-1].action is Action.ACK


def test_a_unit_that_kills_its_workers_is_dead_and_told() -> None:
    decision = decide(KilledItsWorker("x", "x"), 1)
    assert (decision.action, decision.final, decision.told) == (Action.DEAD, True, True)


def test_what_cannot_be_read_is_dead_at_once() -> None:
    assert decide(ContractViolation("x"), 1) == Decision(Outcome.UNDECODABLE, Action.DEAD)
