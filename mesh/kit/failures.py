"""How an analysis says that it gave no product, and the exit status that each way ends with."""

from enum import IntEnum
from typing import ClassVar

DISK_FULL = "DiskFull"
"""Reason of a unit that found no room on the disk of its worker."""


class ExitStatus(IntEnum):
    """Exit status of an analysis process."""

    DONE = 0
    SCIENCE = 10
    BAD_INPUT = 64
    OUT_OF_MEMORY = 71
    TRANSIENT = 75


class Failure(Exception):
    """An analysis ends without a product.

    Args:
        reason: one CamelCase word that callers can match on, e.g. ``NoISGRIEvents``.
        text: what happened and what to do, for a person.
    """

    kind: ClassVar[str] = "science"
    status: ClassVar[ExitStatus] = ExitStatus.SCIENCE

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text


class BadInput(Failure):
    """The data or the parameters are unusable (exit 64); the unit is not tried again."""

    kind = "usage"
    status = ExitStatus.BAD_INPUT


class ScienceFailure(Failure):
    """The analysis ran and found nothing usable (exit 10); the unit is not tried again."""


class OutOfMemory(Failure):
    """An allocation was refused (exit 71); the unit is tried once more."""

    kind = "out-of-memory"
    status = ExitStatus.OUT_OF_MEMORY


class Transient(Failure):
    """Something around the analysis failed (exit 75); the unit is tried again later.

    Args:
        text: what failed, for a person.
        reason: the word to match on.
    """

    kind = "transient"
    status = ExitStatus.TRANSIENT

    def __init__(self, text: str, reason: str = "Transient") -> None:
        super().__init__(reason, text)
