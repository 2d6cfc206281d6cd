"""What happened to a unit or a job, as told while it happens."""

from typing import Any, ClassVar

from pydantic import Field

from mesh.contracts.document import Document, Part
from mesh.states import FailureKind, JobState, UnitState


class Failure(Part):
    """Why a unit failed, in a word to match on and a sentence to read."""

    kind: FailureKind
    reason: str
    """One CamelCase word, e.g. ``NoISGRIEvents``."""
    text: str


class UnitEvent(Document):
    """Message on ``mesh.events``, routing key ``unit.<instrument>.<state>`` (``.step`` for a step)."""

    SCHEMA: ClassVar[str] = "odamesh.unit-event/1"

    event_id: str
    """Unique; the fan-in drops what it has seen."""
    unit_key: str
    instrument: str
    stage: str
    label: str
    run_id: str
    state: UnitState
    step: str | None = None
    """The step that began, while ``state`` is running."""
    failure: Failure | None = None
    attempt: int = 1
    asking: int = 0
    """The one of its message; 0: it did not say."""
    worker: str = ""
    at: str = ""
    """UTC, ISO 8601 with ``Z`` and milliseconds."""
    seconds: float | None = None
    """Time in the container, for a final state."""
    warnings: tuple[str, ...] = ()
    summary: dict[str, Any] = Field(default_factory=dict)
    log_tail: str = ""
    """Last 64 KiB of the log, for a failure."""

    @property
    def routing_key(self) -> str:
        """Where the event goes on ``mesh.events``."""
        word = "step" if self.step is not None else self.state.value
        return f"unit.{self.instrument}.{word}"


class RunEvent(Document):
    """Message on ``mesh.events``, routing key ``job.<state>``: the record of a run changed, look again."""

    SCHEMA: ClassVar[str] = "odamesh.run-event/1"

    run_id: str
    state: JobState

    @property
    def routing_key(self) -> str:
        """Where the event goes on ``mesh.events``."""
        return f"job.{self.state.value.lower()}"
