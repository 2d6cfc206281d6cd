"""What a caller sees of a job: the record that the gateway serves and the client draws."""

from mesh.contracts.document import Part
from mesh.contracts.event import Failure
from mesh.contracts.manifest import ProductFile
from mesh.contracts.request import Lane
from mesh.states import JobState, UnitState


class UnitRow(Part):
    """One row of the table science window x step."""

    key: str
    stage: str
    label: str
    state: UnitState
    step: str | None = None
    """The step that runs, or the last one that did."""
    attempt: int = 1
    seconds: float | None = None
    worker: str = ""
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    cached_from: str | None = None
    """The run that made the product, where it was another one: before this run asked, or while both waited for it."""
    at: str = ""
    """When the row changed last, UTC, ISO 8601 with ``Z``."""


class StageProduct(Part):
    """The files of one finished unit that are a result of the job."""

    stage: str
    label: str
    key: str
    files: tuple[ProductFile, ...]


class JobView(Part):
    """One job as its caller sees it."""

    job_id: str
    run_id: str | None
    """The run that serves it (shared by equal requests); None until planned."""
    request_key: str
    instrument: str
    product: str
    about: str = ""
    """What was asked for, in a short line: bands, sources, place, windows or time."""
    user: str
    lane: Lane
    owner: str = ""
    """Who may start, cancel and delete it; empty: the user."""
    face: str = ""
    """The door through which it came."""
    labels: tuple[str, ...] = ()
    draft: bool = False
    """It waits, PENDING, for its owner to start it."""
    destroy_after: str | None = None
    """When it is deleted, whatever its state, UTC, ISO 8601 with ``Z``."""
    shared: bool = False
    """Whoever has its id may look at it."""
    execution_s: int = 0
    """How long it may execute before it is cancelled [s]; 0: as long as it takes."""
    state: JobState
    partial: bool = False
    """The job completed, but not of all windows: the warnings name those that gave nothing."""
    waits: str = ""
    """Why nothing of the job runs, in a sentence; empty while something does, and once it has ended."""
    submitted: str
    started: str | None = None
    finished: str | None = None
    total: int = 0
    counts: dict[UnitState, int]
    stages: dict[str, dict[UnitState, int]]
    """Counts per stage, in the order of the plan."""
    steps: dict[str, tuple[str, ...]]
    """Steps of each stage: the columns of the table."""
    warnings: tuple[str, ...] = ()
    """A sentence per rejected or failed window and per warning of the merge; of many the first ones."""
    warnings_total: int = 0
    failure: Failure | None = None
    """Why the job is in state ERROR."""
    end_reason: str = ""
    """Why the job is in state ABORTED, where it was not its caller who cancelled it; a sentence."""
    products: tuple[StageProduct, ...] = ()
    """The results, of many the first ones; in state ERROR what came out on the way."""
    products_total: int = 0
    trace_id: str = ""
    """Of the request that opened the run: in logs and traces of every part of the mesh. Not kept with the documents."""
