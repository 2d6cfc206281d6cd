"""What causes an alarm: something that is really broken for the duration of a block, and mended at its end."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.chaos.ground import Ground


@dataclass(frozen=True)
class Cause:
    """One way to raise an alarm.

    Args:
        alarm: its name.
        what: the cause in a few words, for the table.
        broken: breaks it, and mends it at the end of the block; raises LookupError where this machine cannot.
        within_s: by when the receiver must know: the time of the rule, a look at the rules (15 s) and the wait for
            others of its group (5 s, of a ticket 30 s), and as much again as the slowest look at figures takes.
        clear_s: by when it must know that it is over.
    """

    alarm: str
    what: str
    broken: Callable[[Ground], AbstractContextManager[None]]
    within_s: float
    clear_s: float = 150.0
