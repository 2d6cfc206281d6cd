"""The settle table: what becomes of a message, by how its handler ended.

This is the only place that decides between acknowledging, retrying and giving up. Handlers raise; they never settle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mesh.broker.topology import LADDER
from mesh.errors import (
    ContractViolation,
    HeldElsewhere,
    KilledItsWorker,
    MeshError,
    OtherImage,
    OutOfMemory,
    ScienceFailure,
    TransientFailure,
    UnitCancelled,
    UnitFailure,
    UnitTimeout,
)


class Outcome(StrEnum):
    """How a handler ended."""

    DONE = "done"
    """Returned: the work is done, or its product was there before."""
    REFUSED = "refused"
    """Bad input or a request that cannot be planned; another try cannot help."""
    SCIENCE = "science"
    """The analysis gave nothing usable; another try cannot help."""
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    OUT_OF_MEMORY = "out-of-memory"
    TRANSIENT = "transient"
    """Something around the work failed."""
    HELD = "held"
    """Somebody else does the same work."""
    OTHER_IMAGE = "other-image"
    """Planned for an image that does not run here: it waits for a worker that has it, or to be planned anew."""
    DEADLY = "deadly"
    """It kills whoever runs it."""
    UNEXPECTED = "unexpected"
    """An error that nobody foresaw: a defect, or a machine in trouble."""
    UNDECODABLE = "undecodable"
    """Not a message of ours, or of another version."""


class Action(StrEnum):
    """What is done to the message."""

    ACK = "ack"
    RETRY = "retry"
    """Come back after ``delay``: a copy goes to the retry exchange, then the original is acknowledged."""
    DEAD = "dead"
    """Rejected without requeue: the broker hands it to ``mesh.dead``."""


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Args:
        delays: the waits before each further try; empty for none.
        exhausted: what is done when no try is left.
        counts: whether a try uses up an attempt.
        told: whether callers are told of the end.
    """

    delays: tuple[str, ...] = ()
    exhausted: Action = Action.ACK
    counts: bool = True
    told: bool = True


SETTLE: Mapping[Outcome, Rule] = MappingProxyType(
    {
        Outcome.DONE: Rule(),
        Outcome.REFUSED: Rule(),
        Outcome.SCIENCE: Rule(),
        Outcome.TIMEOUT: Rule(),
        Outcome.CANCELLED: Rule(),
        Outcome.OUT_OF_MEMORY: Rule(delays=LADDER[:1]),
        Outcome.TRANSIENT: Rule(delays=LADDER, exhausted=Action.DEAD),
        Outcome.UNEXPECTED: Rule(delays=LADDER, exhausted=Action.DEAD),
        Outcome.HELD: Rule(delays=LADDER[:1], counts=False),
        # Not the end of the unit: whoever still waits for it has it published again.
        Outcome.OTHER_IMAGE: Rule(delays=LADDER, told=False),
        Outcome.DEADLY: Rule(exhausted=Action.DEAD),
        Outcome.UNDECODABLE: Rule(exhausted=Action.DEAD),
    }
)


@dataclass(frozen=True)
class Decision:
    """What becomes of one message.

    Args:
        outcome: how its handler ended.
        action: what is done to it.
        delay: the wait, for a retry.
        next_attempt: number of the next try, for a retry.
    """

    outcome: Outcome
    action: Action
    delay: str = ""
    next_attempt: int = 0

    @property
    def final(self) -> bool:
        """Whether the message does not come back."""
        return self.action is not Action.RETRY

    @property
    def told(self) -> bool:
        """Whether callers are told what became of the unit."""
        rule = SETTLE[self.outcome]
        return rule.told if self.final else rule.counts


def outcome_of(error: BaseException | None) -> Outcome:
    """Say how a handler ended from what it raised (None: it returned)."""
    match error:
        case None:
            return Outcome.DONE
        case HeldElsewhere():
            return Outcome.HELD
        case OtherImage():
            return Outcome.OTHER_IMAGE
        case TransientFailure():
            return Outcome.TRANSIENT
        case KilledItsWorker():
            return Outcome.DEADLY
        case OutOfMemory():
            return Outcome.OUT_OF_MEMORY
        case UnitTimeout():
            return Outcome.TIMEOUT
        case UnitCancelled():
            return Outcome.CANCELLED
        case ScienceFailure():
            return Outcome.SCIENCE
        case ContractViolation():
            return Outcome.UNDECODABLE
        case UnitFailure() | MeshError():
            return Outcome.REFUSED
        case _:
            return Outcome.UNEXPECTED


def deadly_outcomes() -> list[Outcome]:
    """Return the outcomes that make a dead letter of a message, at once or after its last try."""
    return [outcome for outcome, rule in SETTLE.items() if rule.exhausted is Action.DEAD]


def decide(error: BaseException | None, attempt: int) -> Decision:
    """Look up what becomes of a message whose *attempt*-th try (from 1) ended with *error*."""
    outcome = outcome_of(error)
    rule = SETTLE[outcome]
    if rule.delays and not rule.counts:
        return Decision(outcome, Action.RETRY, rule.delays[0], attempt)
    if attempt <= len(rule.delays):
        return Decision(outcome, Action.RETRY, rule.delays[attempt - 1], attempt + 1)
    return Decision(outcome, rule.exhausted)
