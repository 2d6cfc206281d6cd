"""What the gateway asks of store and broker beside intake: the seams at which tests put doubles."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from mesh.contracts import Document, JobView, ProductFile
from mesh.intake.links import LinkRecords
from mesh.intake.records import JobRecords, ProductManifests, RequestPublisher


class FollowedRecords(JobRecords, LinkRecords, Protocol):
    """Jobs, the events of their runs, and permanent links."""

    def views_of(self, job_ids: Sequence[str]) -> dict[str, JobView]:
        """Return those of several jobs that exist, read at once; one that has not changed is the same object."""

    def last_event(self, run_id: str) -> str:
        """Return the id of the newest event of a run, ``0`` if there is none."""

    def events(self, run_id: str, after_id: str = "0", limit: int = 1000) -> list[tuple[str, dict[str, Any]]]:
        """Return the events after one: ``{"type": "unit", "row": {...}}`` or ``{"type": "run", ...}``."""


class ProductStore(ProductManifests, Protocol):
    """Products by key, with their files."""

    def link(self, key: str, name: str, seconds: int, disposition: str = "") -> str:
        """Return a presigned address of one file; raises `NotFound`."""

    def file(self, key: str, name: str) -> ProductFile:
        """Return what is known of one file; raises `NotFound`."""

    def blocks(self, key: str, name: str, size: int, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Return one file, or a part of it, in blocks; raises `NotFound`."""

    def log(self, key: str) -> bytes:
        """Return the log of a unit, finished or failed; raises `NotFound`."""


class MeshPublisher(RequestPublisher, Protocol):
    """Sends to ``mesh.requests``, and broadcasts on ``mesh.control``."""

    @property
    def ready(self) -> bool:
        """Whether the broker answers."""

    def broadcast(self, routing_key: str, document: Document) -> None:
        """Send to ``mesh.control``; it may be lost."""
