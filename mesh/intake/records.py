"""What intake asks of store and broker: the seams at which tests put doubles."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from mesh.contracts import Analysis, Document, EvictedProduct, Job, JobView, Manifest, StageProduct, UnitRow
from mesh.states import UnitState


class JobRecords(Protocol):
    """Jobs as their callers see them; every call is synchronous and cheap.

    All methods raise `mesh.errors.StoreUnavailable` when a server does not answer.
    """

    def store(self, analysis: Analysis, job: Job) -> Job:
        """Store both documents and return the job that is stored under its id; raises `mesh.errors.IdTaken`."""

    def enter(self, analysis: Analysis, job: Job) -> None:
        """Enter a stored job into the index, as one that waits to be planned."""

    def start(self, job_id: str) -> Job:
        """Make a draft a job that waits to be planned; raises `NotFound`."""

    def revise(self, job_id: str, analysis: Analysis, asked: Any, labels: tuple[str, ...]) -> bool:
        """Let a draft ask for something else; false where it is no draft any more; raises `NotFound`."""

    def keep_until(self, job_id: str, destroy_after: str) -> None:
        """Change when a job is deleted, whatever its state; raises `NotFound`."""

    def limit_execution(self, job_id: str, seconds: int) -> None:
        """Change how long a job may execute; 0: as long as it takes; raises `NotFound`."""

    def share(self, job_id: str, *, shared: bool) -> None:
        """Let whoever has its id look at a job, or no longer; raises `NotFound`."""

    def job(self, job_id: str) -> Job:
        """Return the document of a job; raises `NotFound`."""

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

    def beginning(self, digits: str, limit: int) -> list[JobView]:
        """Return jobs whose id begins with *digits*, newest first, without warnings and products."""

    def recent(self, user: str | None = None, limit: int = 50, before: str | None = None) -> list[JobView]:
        """Return the newest jobs, newest first, older than job *before*."""


class UploadStore(Protocol):
    """Files that callers sent; all methods raise `mesh.errors.StoreUnavailable` when the store does not answer."""

    def keep(self, content: bytes) -> str:
        """Store a file and return its SHA-256."""

    def there(self, digest: str) -> bool:
        """Say whether a file was uploaded."""


class ProductManifests(Protocol):
    """What is known of products by their keys."""

    @property
    def uploads(self) -> UploadStore:
        """Files that callers sent."""

    def read(self, key: str) -> Manifest | None:
        """Return the manifest of a product, or None when there is no such product."""

    def removed(self, key: str) -> EvictedProduct | None:
        """Return the record of a product that was removed, or None."""

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return those of the products that are not in the store."""


class RequestPublisher(Protocol):
    """Sends to ``mesh.requests``; returns once the broker has confirmed."""

    def publish(self, routing_key: str, document: Document, *, message_id: str, headers: Mapping[str, Any]) -> None:
        """Publish one document; raises `mesh.errors.BrokerUnavailable` if it is not confirmed in time."""
