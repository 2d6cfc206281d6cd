"""What a permanent link of a request leads to."""

from typing import ClassVar

from mesh.contracts.document import Document


class Link(Document):
    """``links/<request_key>/<owner>.json``: the job that shows what a request gives."""

    SCHEMA: ClassVar[str] = "odamesh.link/1"

    request_key: str
    owner: str
    """Whose job it is, who so pays for having it made again; for links without a signature one name of nobody."""
    job_id: str
    """Empty: there is none yet."""
    roles: tuple[str, ...] = ()
    """Of the owner when the link was signed: what may be asked for through it."""
    signed: bool = False
    """Whether the owner lets whoever has a signed link see the request, and what it gives."""
