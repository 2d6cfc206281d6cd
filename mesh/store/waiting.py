"""Why nothing of a job runs just now, told from the records: its dispatcher, its service, its budget, or other jobs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mesh.contracts import JobView
from mesh.states import JobState, UnitState, job_is_final
from mesh.store import names
from mesh.store.announcements import Announcements
from mesh.store.loads import DAY_SECONDS

_PATIENCE_SECONDS = 5.0
"""A job that was submitted just now is planned before anybody could read why it is not."""


def reasons_to_wait(index: Any, views: Iterable[JobView], seconds: int) -> dict[str, str]:
    """Return job id -> reason, of those jobs of which nothing runs and whose run does not say why itself.

    Args:
        index: Redis.
        views: of jobs.
        seconds: the time that Redis tells, Unix.
    """
    still = [view for view in views if _stands_still(view)]
    if not still:
        return {}
    workers: dict[str, int] = {}
    for name in {view.instrument for view in still if view.run_id}:
        announced = Announcements(index).announced(name)
        workers[name] = len(announced.workers) if announced else 0
    found: dict[str, str] = {}
    for view in still:
        if view.draft:
            found[view.job_id] = "it is a draft: it begins when its owner starts it"
        elif view.state is JobState.PENDING:
            age = seconds - datetime.fromisoformat(view.submitted).timestamp()
            if age >= _PATIENCE_SECONDS:
                found[view.job_id] = _unplanned(index, view)
        elif not workers[view.instrument]:
            found[view.job_id] = f"no {view.instrument} service is running; its units wait for one"
        elif view.counts.get(UnitState.QUEUED, 0):
            found[view.job_id] = _behind(index, view, seconds)
    return found


def _stands_still(view: JobView) -> bool:
    return not (job_is_final(view.state) or view.waits or view.counts.get(UnitState.RUNNING, 0))


def _unplanned(index: Any, view: JobView) -> str:
    if view.run_id is not None:
        return "it is being planned"
    before = index.zrank(names.NEW_JOBS, view.job_id)
    if before:
        return f"not planned yet: {before} jobs that came earlier are not planned either"
    return "not planned yet: no dispatcher has taken it up; is one running?"


def _behind(index: Any, view: JobView, seconds: int) -> str:
    """Say why units of a planned job wait, though their service runs."""
    window = names.window(view.instrument, view.lane.value)
    pipeline = index.pipeline(transaction=False)
    pipeline.scard(window)
    pipeline.scard(f"{window}:{view.user}")
    pipeline.scard(names.retrying(view.instrument, view.lane.value, view.user))
    pipeline.hmget(names.BUDGETS, view.user, names.EVERYBODY)
    pipeline.hget(names.spent(seconds // DAY_SECONDS), view.user)
    at_work, own, retrying, budgets, spent = pipeline.execute()
    if retrying and not own:
        return f"{retrying} units of {view.user} wait for their next try; the table says what went wrong"
    if _is_spent(budgets, spent):
        return f"{view.user} has spent the budget of the day: units of others go first"
    whose = f" ({own} of {view.user})" if own else ""
    return f"its units wait for a free slot; at work or next in lane {view.lane.value}: {at_work} units{whose}"


def _is_spent(budgets: Iterable[str | None], spent: str | None) -> bool:
    budget = next((float(text) for text in budgets if text is not None), None)
    return budget is not None and float(spent or 0) >= budget
