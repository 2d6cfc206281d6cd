"""How runs and jobs ended, as kept for ever: enough to show a job after every index was lost."""

from typing import ClassVar

from pydantic import Field

from mesh.contracts.document import Document
from mesh.contracts.event import Failure
from mesh.contracts.view import StageProduct, UnitRow
from mesh.states import JobState, UnitState

ROWS_A_PAGE = 500
"""Rows that one document holds: memory for the end of a run does not grow with its number of windows."""
SHOWN_WARNINGS = 100
SHOWN_PRODUCTS = 100
"""How many of them the outcome itself tells; the rows tell all."""


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
    order: tuple[str, ...] = ()
    """The stages in the order of the plan."""
    rows: tuple[UnitRow, ...]
    """In the order of the table; of a large run the first ones, the others follow in `RowPage` documents."""
    total: int = 0
    """Rows of the run."""
    rows_a_page: int = 500
    """Rows that each page holds, the first one included."""
    counts: dict[str, dict[UnitState, int]] = Field(default_factory=dict)
    """Rows per stage and state."""
    warnings: tuple[str, ...] = ()
    """The first ones of a large run."""
    warnings_total: int = 0
    failure: Failure | None = None
    partial: bool = False
    """What was asked for was made, but not of all windows: the warnings name those that gave nothing."""
    result_stages: tuple[str, ...] = ()
    """Stages whose good rows are the products below; in state ERROR what came out on the way."""
    products: tuple[StageProduct, ...] = ()
    """The first ones of a large run."""
    products_total: int = 0


class RowPage(Document):
    """``rows/<run_id>/<number>.json``: further rows of a large run; page 0 is in its `RunResult`."""

    SCHEMA: ClassVar[str] = "odamesh.row-page/1"

    run_id: str
    number: int
    rows: tuple[UnitRow, ...]


class JobEnd(Document):
    """``ends/<job_id>.json``: the job is over; a job without one is still wanted."""

    SCHEMA: ClassVar[str] = "odamesh.job-end/1"

    job_id: str
    run_id: str | None
    """The run that served it; None when it ended before it was planned."""
    state: JobState
    finished: str
    reason: str = ""
    """Why it was cancelled, where it was not its caller who did; a sentence."""
    deleted: str | None = None
    """When the job was deleted or expired: from then on this is all that is left of it."""
    request_key: str = ""
    """Of a deleted job: what it asked for can be asked for again."""
