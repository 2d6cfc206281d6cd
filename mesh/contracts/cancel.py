"""A caller's wish to end or to delete a job, and the broadcast that stops its containers."""

from typing import ClassVar

from mesh.contracts.document import Document


class CancelJob(Document):
    """Message on ``mesh.requests``, routing key ``cancel.<instrument>``."""

    SCHEMA: ClassVar[str] = "odamesh.cancel-job/1"

    job_id: str


class DeleteJob(Document):
    """Message on ``mesh.requests``, routing key ``delete.<instrument>``: end a job if need be, and forget it."""

    SCHEMA: ClassVar[str] = "odamesh.delete-job/1"

    job_id: str


class CancelUnits(Document):
    """Broadcast on ``mesh.control``, routing key ``cancel.<instrument>``: nobody waits for these units."""

    SCHEMA: ClassVar[str] = "odamesh.cancel-units/1"

    unit_keys: tuple[str, ...]
