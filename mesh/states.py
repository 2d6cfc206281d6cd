"""States of units and jobs, one transition table each; everything that moves a state asks these tables."""

from enum import StrEnum
from types import MappingProxyType


class UnitState(StrEnum):
    """Where one unit of a run stands."""

    WAITING = "waiting"
    """Its inputs are not there yet."""
    QUEUED = "queued"
    """In the backlog of its user, in a lane or on the retry ladder."""
    RUNNING = "running"
    CACHED = "cached"
    """Its product was there before this run asked."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNIT_TRANSITIONS = MappingProxyType(
    {
        UnitState.WAITING: frozenset({UnitState.QUEUED, UnitState.CACHED, UnitState.FAILED, UnitState.CANCELLED}),
        UnitState.QUEUED: frozenset(
            {UnitState.RUNNING, UnitState.CACHED, UnitState.DONE, UnitState.FAILED, UnitState.CANCELLED}
        ),
        # Back to queued: the retry ladder. Cached: another worker made the product meanwhile.
        UnitState.RUNNING: frozenset(
            {UnitState.QUEUED, UnitState.CACHED, UnitState.DONE, UnitState.FAILED, UnitState.CANCELLED}
        ),
        UnitState.CACHED: frozenset(),
        UnitState.DONE: frozenset(),
        UnitState.FAILED: frozenset(),
        UnitState.CANCELLED: frozenset(),
    }
)


class JobState(StrEnum):
    """Where a job stands, in the words of UWS 1.1."""

    PENDING = "PENDING"
    """Stored, not yet planned."""
    QUEUED = "QUEUED"
    """Planned, no unit has started."""
    EXECUTING = "EXECUTING"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    """What was asked for was not made, or the request could not be planned."""
    ABORTED = "ABORTED"


JOB_TRANSITIONS = MappingProxyType(
    {
        JobState.PENDING: frozenset(set(JobState) - {JobState.PENDING}),
        JobState.QUEUED: frozenset({JobState.EXECUTING, JobState.COMPLETED, JobState.ERROR, JobState.ABORTED}),
        JobState.EXECUTING: frozenset({JobState.COMPLETED, JobState.ERROR, JobState.ABORTED}),
        JobState.COMPLETED: frozenset(),
        JobState.ERROR: frozenset(),
        JobState.ABORTED: frozenset(),
    }
)


class FailureKind(StrEnum):
    """Why a unit failed; what the settle table and callers look at."""

    USAGE = "usage"
    SCIENCE = "science"
    TRANSIENT = "transient"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"


def unit_is_final(state: UnitState) -> bool:
    """Say whether *state* is the end of a unit."""
    return not UNIT_TRANSITIONS[state]


def job_is_final(state: JobState) -> bool:
    """Say whether *state* is the end of a job."""
    return not JOB_TRANSITIONS[state]
