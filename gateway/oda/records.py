"""The caller's jobs in the form of ``inspect-state``."""

from datetime import datetime
from typing import Any

from gateway.oda.standing import FACE
from mesh.contracts import JobView
from mesh.intake import Caller, Intake
from mesh.states import JobState

_MOST = 100


def records(intake: Intake, caller: Caller, job_id: str | None, *, grouped: bool) -> list[dict[str, Any]]:
    """Return what ``oda-api inspect`` shows: the newest jobs of the caller that came through this protocol.

    Args:
        intake: knows the jobs.
        caller: whose.
        job_id: only jobs whose id begins so; None: all.
        grouped: in the form that has one entry for each job.
    """
    views = [view for view in intake.jobs(caller, user=caller.name, limit=_MOST) if view.face == FACE]
    if job_id is not None:
        views = [view for view in views if view.job_id.startswith(job_id)]
    return [_grouped(view) if grouped else _record(view) for view in views]


def _record(view: JobView) -> dict[str, Any]:
    return {
        "session_id": view.job_id[:16].upper(),
        "job_id": view.job_id,
        "ctime": _seconds(view.submitted),
        "mtime": _seconds(view.finished or view.started or view.submitted),
        "request_completed": view.state is JobState.COMPLETED,
        "token_expired": False,
        "analysis_parameters": {"email_history": [], "matrix_message_history": []},
    }


def _grouped(view: JobView) -> dict[str, Any]:
    session = view.job_id[:16].upper()
    return {
        "job_id": view.job_id,
        "job_status_data": [
            {
                "request_completed": view.state is JobState.COMPLETED,
                "scratch_dir_fn": f"scratch_sid_{session}_jid_{view.job_id}",
                "scratch_dir_content": [],
                "token_expired": False,
            }
        ],
    }


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
