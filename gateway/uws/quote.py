"""When a job is likely to end (UWS 1.1, section 2.1.6), from the pace at which its units end."""

from datetime import UTC, datetime, timedelta

from mesh.contracts import JobView
from mesh.states import JobState, UnitState

_LEAST_UNITS = 3
"""Of fewer units no pace can be told."""
_MADE = (UnitState.DONE, UnitState.FAILED)
_LEFT = (UnitState.WAITING, UnitState.QUEUED, UnitState.RUNNING)


def quote_of(view: JobView, now: datetime) -> datetime | None:
    """Return when a job is likely to end; None where that is not known, or it has ended.

    Units that were there already tell nothing of the pace.
    """
    if view.state is not JobState.EXECUTING or view.started is None:
        return None
    made = sum(view.counts.get(state, 0) for state in _MADE)
    left = sum(view.counts.get(state, 0) for state in _LEFT)
    spent = (now - datetime.fromisoformat(view.started).astimezone(UTC)).total_seconds()
    if made < _LEAST_UNITS or spent <= 0:
        return None
    return now + timedelta(seconds=left * spent / made)
