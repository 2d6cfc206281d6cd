"""What can go wrong for a caller, each with the mesh's own sentence.

OdameshError
├── RequestRefused      fields to change; `errors` has one entry each
├── TooMuchWaiting      the user's limit of unfinished work is reached; `retry_after` says when to come again
├── WrongValue          a value that cannot be sent: no time, no angle, not finite, of an unknown type
├── IncompleteSelection coordinates or times that only make sense together are not all there
├── NoSuchThing         unknown job, window, product or address
│   ├── JobDeleted      a job that was there; `request_key` has the same made again
│   ├── NoSuchSource    no product of the job belongs to that source, or more than one source has nearly that name
│   └── AmbiguousId     several jobs have an id that begins so
├── NotSignedIn         the mesh asks who calls: no token was sent, or one that does not count
├── NotAllowed          the caller may not use a lane, change the job of somebody else, or lacks a role
├── JobEnded            an ended job cannot be cancelled
├── MeshUnavailable     nobody answers, or not ready; trying again later helps
├── UnexpectedAnswer    the address answers, but not as a gateway of the mesh does
├── JobFailed           the job ended in state ERROR; `job` has the details (stands with `Job`)
├── JobAborted          the job was cancelled (likewise)
├── WouldOverwrite      a file of another job, or one that was changed, is where a product would go
└── DamagedDownload     a file does not have the checksum that the mesh announced

The message of each names every field and reason; attributes hold them apart.
"""

from collections.abc import Sequence
from typing import NamedTuple


class FieldError(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    detail: str
    allowed: str | None
    type: str
    """Kind of problem, e.g. ``invalid-parameter``."""


class OdameshError(Exception):
    """Root of the client's errors."""


class RequestRefused(OdameshError):
    """The mesh does not take the request as it is.

    Args:
        text: the mesh's sentence.
        errors: one entry for each field to change.
    """

    def __init__(self, text: str, errors: Sequence[FieldError] = ()) -> None:
        reasons = [error.detail for error in errors if error.detail]
        super().__init__("\n".join(reasons) if reasons else text)
        self.errors = tuple(errors)


class TooMuchWaiting(OdameshError):
    """The user has as much waiting on the mesh as is allowed; nothing of it is lost.

    Args:
        text: the mesh's sentence, with the numbers.
        retry_after: seconds after which the same request may be taken.
    """

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NoSuchThing(OdameshError):
    """What was asked for does not exist."""


class WrongValue(OdameshError, ValueError):
    """A value cannot be sent; the message names the field and what is allowed."""


class IncompleteSelection(OdameshError, ValueError):
    """Coordinates or times that only make sense together are not all there."""


class NoSuchSource(NoSuchThing):
    """No product of the job belongs to that source, or the name fits several that differ in blanks or capitals."""


class AmbiguousId(NoSuchThing):
    """Several jobs have an id that begins so; the message lists them."""


class JobDeleted(NoSuchThing):
    """The job was deleted or has expired; what it asked for can be asked for again.

    Args:
        text: the mesh's sentence.
        request_key: for `Mesh.again`.
    """

    def __init__(self, text: str, request_key: str) -> None:
        super().__init__(text)
        self.request_key = request_key


class NotSignedIn(OdameshError):
    """No token was sent, or one that has expired, was revoked or is unknown."""


class NotAllowed(OdameshError):
    """The caller may not do this: use a lane, change the job of somebody else, or what needs a role."""


class JobEnded(OdameshError):
    """The job has ended already."""


class MeshUnavailable(OdameshError):
    """The mesh cannot be reached or is not ready."""


class UnexpectedAnswer(OdameshError):
    """The answer is not one of the mesh's."""


class WouldOverwrite(OdameshError, FileExistsError):
    """A file that is not this one is where a product would go; nothing was fetched."""


class DamagedDownload(OdameshError):
    """A downloaded file differs from what the mesh announced."""
