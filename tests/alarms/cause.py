"""What causes alarms: something that is really broken for the duration of a block, and mended at its end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.ground import Ground


class Part(StrEnum):
    """What of the mesh a cause may take for itself, so that another that needs it must wait."""

    MESH = "the mesh as a whole, which is started anew or lacks a server"
    SUPERVISOR = "the supervisor, which is held so that it starts nothing again"
    SLOTS = "the slots of the drill instrument"
    DISPATCHER = "the dispatcher"
    TRIGGERS = "the triggers service"
    STORE = "the object store, which is slow or started anew"
    CACHE = "the account of the cache service in the store"
    DISKS = "disks: a full one holds back what is said of the store"
    MACHINE = "the figures of the machine"


@dataclass(frozen=True)
class Raised:
    """What the receiver must be told.

    Args:
        alarm: its name.
        within_s: by when after the cause: the time of the rule, a look at the rules (15 s) and the wait for others of
            its group (5 s, of a ticket 30 s), and as much again as the slowest look at figures takes.
        clear_s: by when it must know that it is over, after the mending began.
    """

    alarm: str
    within_s: float
    clear_s: float = 240.0


@dataclass(frozen=True)
class Cause:
    """One way to raise one alarm or several.

    Args:
        what: the cause in a few words, for the table.
        broken: breaks it, and mends it at the end of the block; raises LookupError where this machine cannot.
        raises: what it must raise; it stays broken until all of them are.
        takes: what no other cause may take or need meanwhile.
        needs: what no other may take meanwhile, beside the mesh as a whole.
        also: alarms that may be raised as well; their end is not awaited for another cause meanwhile.
    """

    what: str
    broken: Callable[[Ground], AbstractContextManager[None]]
    raises: tuple[Raised, ...]
    takes: frozenset[Part] = frozenset()
    needs: frozenset[Part] = frozenset()
    also: tuple[str, ...] = ()

    def disturbs(self, other: "Cause") -> bool:
        """Whether this one and another must not be broken at the same time."""
        ours, theirs = self.needs | {Part.MESH}, other.needs | {Part.MESH}
        return bool(self.takes & (other.takes | theirs) or other.takes & ours)
