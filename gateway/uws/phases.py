"""Phases of UWS and what moves a job between them."""

from vo_models.uws.types import ExecutionPhase

from mesh.contracts import JobView
from mesh.states import JobState

ACTIVE = frozenset({ExecutionPhase.PENDING, ExecutionPhase.QUEUED, ExecutionPhase.EXECUTING})
"""Phases that a job leaves again: WAIT waits in them."""


def phase_of(view: JobView) -> ExecutionPhase:
    """Return the phase of a job.

    PENDING is a draft alone: a job that was started and waits to be planned is QUEUED, as clients give up on a started
    job that is PENDING.
    """
    if view.state is JobState.PENDING and not view.draft:
        return ExecutionPhase.QUEUED
    return ExecutionPhase(view.state.value)
