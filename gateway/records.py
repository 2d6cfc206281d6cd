"""What the gateway asks of the store and the broker: the seams at which tests put doubles."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from mesh.contracts import Analysis, Document, EvictedProduct, Job, JobView, Manifest, StageProduct, UnitRow
from mesh.states import UnitState


class JobRecords(Protocol):
    """Jobs as their callers see them; every call is synchronous and cheap.

    All methods raise `mesh.errors.StoreUnavailable` when a server does not answer.
    """

    def submit(self, analysis: Analysis, job: Job) -> None:
        """Store both documents and the record; when it returns, nothing of the request can be lost."""

    def view(self, job_id: str) -> JobView:
        """Return the job; raises `NotFound`, or `Deleted` where it was once."""

    def analysis(self, request_key: str) -> Analysis:
        """Return what was asked for; raises `NotFound`."""

    def rows(
        self, job_id: str, offset: int = 0, limit: int = 100, states: Iterable[UnitState] | None = None
    ) -> list[UnitRow]:
        """Return part of the table science window x step, in the order of the plan."""

    def row(self, job_id: str, stage: str, label: str) -> UnitRow:
        """Return one row; raises `NotFound`."""

    def result(self, job_id: str, offset: int = 0, limit: int = 100) -> list[StageProduct]:
        """Return a page of the products that are the result of a job; raises `NotFound`."""

    def recent(self, user: str | None = None, limit: int = 50, before: str | None = None) -> list[JobView]:
        """Return the newest jobs, newest first, older than job *before*."""

    def last_event(self, run_id: str) -> str:
        """Return the id of the newest event of a run, ``0`` if there is none."""

    def events(self, run_id: str, after_id: str = "0", limit: int = 1000) -> list[tuple[str, dict[str, Any]]]:
        """Return the events after one: ``{"type": "unit", "row": {...}}`` or ``{"type": "run", ...}``.

        Raises `EventsLost` where some of them are not kept any more.
        """


class ProductStore(Protocol):
    """Products by key."""

    def read(self, key: str) -> Manifest | None:
        """Return the manifest of a product, or None when there is no such product."""

    def removed(self, key: str) -> EvictedProduct | None:
        """Return the record of a product that was removed, or None."""

    def link(self, key: str, name: str, seconds: int) -> str:
        """Return a presigned address of one file; raises `NotFound`."""

    def log(self, key: str) -> bytes:
        """Return the log of a unit, finished or failed; raises `NotFound`."""


class RequestPublisher(Protocol):
    """Sends to ``mesh.requests``; returns once the broker has confirmed."""

    @property
    def ready(self) -> bool:
        """Whether the connection stands."""

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Publish one document; raises `mesh.errors.BrokerUnavailable` if it is not confirmed in time."""

    def broadcast(self, routing_key: str, document: Document) -> None:
        """Send to ``mesh.control`` without waiting; it may be lost."""
