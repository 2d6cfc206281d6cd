"""What a caller asks for (an analysis) and one caller's asking of it (a job)."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import FailFast

from mesh.contracts.document import Document, Part
from mesh.keys import content_key


class Lane(StrEnum):
    """Priority lanes; each is a queue of its own with reserved slots."""

    ALERT = "alert"
    USER = "user"
    BATCH = "batch"


class TimeRange(Part):
    """UTC, ISO 8601 without zone, e.g. ``2018-10-29T00:00:00``."""

    t1: str
    t2: str


class Cone(Part):
    """Sky region, ICRS degrees; selects pointings whose axis lies inside."""

    ra: float
    dec: float
    radius: float


class Selection(Part):
    """Which science windows: a list, or a time range with an optional cone.

    ``max_pointings`` applies only when the caller sets it; there is no limit otherwise.
    """

    ALWAYS_IN_KEYS = frozenset({"scws", "time", "cone", "max_pointings"})

    scws: Annotated[tuple[str, ...] | None, FailFast()] = None
    """The first that is no text is told: a list may have hundreds of thousands."""
    time: TimeRange | None = None
    cone: Cone | None = None
    max_pointings: int | None = None


class Analysis(Document):
    """The content of a request: equal analyses share one run and one set of products."""

    SCHEMA: ClassVar[str] = "odamesh.analysis/1"

    instrument: str
    product: str
    selection: Selection
    parameters: dict[str, Any]
    """Every parameter of the product, defaults filled in, canonical units (see ``instrument.toml``)."""

    @property
    def key(self) -> str:
        """The request key: what the permanent link of the request carries."""
        return content_key(self.key_content())


class Job(Document):
    """One caller's submission; stored before the caller is answered, then published without what was asked."""

    SCHEMA: ClassVar[str] = "odamesh.job/2"
    EARLIER = frozenset({"odamesh.job/1"})

    job_id: str
    request_key: str
    user: str
    lane: Lane
    submitted: str
    """UTC, ISO 8601 with ``Z``."""
    owner: str = ""
    """Who may start, cancel and delete it; empty: the user, whose share of the mesh it takes."""
    face: str = ""
    """The door through which it came, e.g. ``api``; empty: not known."""
    asked: Any = None
    """What the caller sent through that door, as it was sent; None: it was not kept."""
    labels: tuple[str, ...] = ()
    """Words of the caller, shown with it."""
    draft: bool = False
    """Whether it waits for its owner to start it."""
    destroy_after: str | None = None
    """When it is deleted, whatever its state, UTC, ISO 8601 with ``Z``; None: as the mesh keeps jobs."""
    shared: bool = False
    """Whether whoever has its id may look at it."""
    execution_s: int = 0
    """How long it may execute before it is cancelled [s]; 0: as long as it takes."""
