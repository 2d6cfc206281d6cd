"""Why something is not taken or not done, in one tree; each door turns it into the words of its protocol.

mesh.errors.MeshError
├── Refused
│   ├── WishRefused       fields to change, all of them at once
│   ├── TooMuchWaiting    the caller has too much that has not ended; come again later
│   ├── TooManyUsers      too many names at once; come again later
│   ├── PlanningBehind    the mesh as a whole has too much that is not planned; come again later
│   ├── KeyReused         the idempotency key belongs to another request
│   ├── JobFinal          the job has ended
│   ├── JobStarted        the job is no draft any more
│   ├── TooFast           the caller asks more often than may be; come again in a moment
│   └── NotAllowed        the caller may not do this
│       └── RoleMissing   for want of a role
└── mesh.errors.NotFound  no such job, request or product
    └── mesh.errors.Deleted
"""

from typing import TYPE_CHECKING

from mesh.errors import InvalidRequest, MeshError

if TYPE_CHECKING:
    from mesh.intake.quota import Usage


class Refused(MeshError):
    """What the caller wants is not done, and nothing of it was begun."""


class WishRefused(Refused):
    """The wish cannot be planned.

    Args:
        errors: one for each field to change, never empty.
    """

    def __init__(self, errors: tuple[InvalidRequest, ...]) -> None:
        super().__init__("; ".join(error.text for error in errors))
        self.errors = errors


class _Later(Refused):
    """The same wish may be taken later.

    Args:
        text: for a person.
        seconds: when to come again.
        usage: what reached its limit.
    """

    def __init__(self, text: str, *, seconds: int, usage: "Usage | None" = None) -> None:
        super().__init__(text)
        self.seconds = seconds
        self.usage = usage


class TooMuchWaiting(_Later):
    """The caller has as much waiting as is allowed."""


class TooManyUsers(_Later):
    """As many names as the mesh shares itself among have asked for something today."""


class PlanningBehind(_Later):
    """Jobs wait for the dispatcher; further ones would only wait longer."""


class TooFast(_Later):
    """The caller has asked more often than may be.

    Args:
        text: for a person.
        seconds: when to come again.
        quota: how much may be asked for.
        window: in so many seconds.
    """

    def __init__(self, text: str, *, seconds: int, quota: int, window: int) -> None:
        super().__init__(text, seconds=seconds)
        self.quota = quota
        self.window = window


class KeyReused(Refused):
    """The idempotency key belongs to another request of the same caller."""


class JobFinal(Refused):
    """The job has ended, so that it can neither begin nor be cancelled."""


class JobStarted(Refused):
    """The job is no draft any more, so that what it asks for stays."""


class NotAllowed(Refused):
    """The caller may not do this."""


class RoleMissing(NotAllowed):
    """The caller lacks a role.

    Args:
        text: for a person; names what needs the role.
        role: its name.
    """

    def __init__(self, text: str, *, role: str) -> None:
        super().__init__(text)
        self.role = role
