"""How runs and jobs ended, as kept for ever: enough to show a job after every index was lost."""

from typing import ClassVar

from mesh.contracts.document import Document
from mesh.contracts.event import Failure
from mesh.contracts.view import StageProduct, UnitRow
from mesh.states import JobState


class RunResult(Document):
    """``runs/<run_id>.json``: everything that a caller sees of a finished run."""

    SCHEMA: ClassVar[str] = "odamesh.run-result/1"

    run_id: str
    request_key: str
    state: JobState
    started: str | None
    finished: str
    steps: dict[str, tuple[str, ...]]
    """Steps of each stage, in the order of the plan."""
    rows: tuple[UnitRow, ...]
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    products: tuple[StageProduct, ...] = ()


class JobEnd(Document):
    """``ends/<job_id>.json``: the job is over; a job without one is still wanted."""

    SCHEMA: ClassVar[str] = "odamesh.job-end/1"

    job_id: str
    run_id: str | None
    """The run that served it; None when it ended before it was planned."""
    state: JobState
    finished: str
