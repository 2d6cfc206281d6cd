"""What the record of a job says, for the clients of both kinds, and how events of its stream change it."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from mesh.contracts import JobView, UnitRow
from mesh.states import JobState, UnitState
from odamesh.errors import OdameshError
from odamesh.event_stream import Event
from odamesh.progress import Progress
from odamesh.transport import API
from odamesh.unit_table import html_table

SHORT_ID = 8
"""Digits of an id that lists show; any number of them that tells jobs apart will do."""
LINK_DIGITS = 20
"""Of the key of a request that its permanent link has."""


class JobRecord:
    """A job as its record tells of it.

    Args:
        absolute: makes a full address of a path below the interface.
        document: the record.
    """

    view: JobView
    """The record when it was last read."""

    def __init__(self, absolute: Callable[[str], str], document: Mapping[str, Any]) -> None:
        self._absolute = absolute
        self.view = view_of(document)

    def __repr__(self) -> str:
        """Say which job and where it stands."""
        counts = ", ".join(f"{number} {state.value}" for state, number in self.counts.items() if number)
        return f"<{type(self).__name__} {self.id} {self.state.value}{': ' + counts if counts else ''}>"

    def _repr_html_(self) -> str:
        rows = [("state", self.state.value + (", partial" if self.partial else "")), ("asked for", self.view.product)]
        rows += [("units", ", ".join(f"{number} {state.value}" for state, number in self.counts.items() if number))]
        rows += [("submitted", self.view.submitted), ("waits", self.waits), ("failed", self.reason)]
        rows += [("products", ", ".join(f"{one.stage} {one.label}" for one in self.view.products))]
        table = html_table(("job", self.id), [(name, text) for name, text in rows if text])
        return table + "".join(f"<p>{escape(warning)}</p>" for warning in self.warnings[:5])

    @property
    def id(self) -> str:
        """The job's id: ``mesh.job(id)`` finds it again, today or next year."""
        return self.view.job_id

    @property
    def link(self) -> str:
        """Permanent link of what the job asked for: it outlives the job and its products, and needs no account."""
        return f"{self._absolute(API).removesuffix(API)}/r/{self.view.request_key[:LINK_DIGITS]}"

    @property
    def address(self) -> str:
        """Address of the job's record."""
        return self._absolute(f"{API}/jobs/{self.id}")

    @property
    def state(self) -> JobState:
        """State when the record was last read; see `refresh`."""
        return self.view.state

    @property
    def partial(self) -> bool:
        """Whether the job completed, but some windows gave nothing; `warnings` names them."""
        return self.view.partial

    @property
    def waits(self) -> str:
        """Why nothing of the job ran when the record was last read; empty while something does."""
        return self.view.waits

    @property
    def reason(self) -> str:
        """Why the job is in state ERROR, in a sentence; else empty."""
        failure = self.view.failure
        if failure is not None:
            return f"{failure.reason}: {failure.text}"
        return "what was asked for was not made" if self.state is JobState.ERROR else ""

    @property
    def counts(self) -> dict[UnitState, int]:
        """Units per state when the record was last read."""
        return self.view.counts

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for every science window that gave nothing, with its reason; of many the first hundred."""
        return self.view.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it, with its address and the permanent link of what was asked for."""
        return {**self.view.model_dump(mode="json"), "address": self.address, "link": self.link}

    def raise_for_state(self) -> None:
        """Raise JobFailed or JobAborted if the job ended so when its record was last read."""
        if self.state is JobState.ERROR:
            raise JobFailed(self, f"job {self.id} failed: {self.reason}")
        if self.state is JobState.ABORTED:
            reason = f": {self.view.end_reason}" if self.view.end_reason else ""
            raise JobAborted(self, f"job {self.id} was cancelled{reason}")


class JobFailed(OdameshError):
    """What was asked for was not made; ``job.download()`` brings what came out on the way, if anything did."""

    def __init__(self, job: Any, text: str) -> None:
        super().__init__(text)
        self.job = job


class JobAborted(OdameshError):
    """The job was cancelled."""

    def __init__(self, job: Any, text: str) -> None:
        super().__init__(text)
        self.job = job


def apply(event: Event, progress: Progress) -> bool:
    """Take an event of a job's stream into its progress; False for a kind that is not known here."""
    match event.name:
        case "units":
            progress.apply([UnitRow.read(row) for row in event.data["rows"]])
        case "reset":
            progress.rows.clear()  # the whole table follows
        case "job":
            progress.view = view_of({"products": (), **event.data})
        case _:
            return False
    return True


def view_of(document: Mapping[str, Any]) -> JobView:
    """Return the view in a job document, without the links."""
    return JobView.read(document)
